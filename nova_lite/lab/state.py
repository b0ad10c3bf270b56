# SPDX-License-Identifier: Apache-2.0
"""The lab's directory: what it is, its secrets, and who may change it at this moment.

All that a lab keeps is below this one directory, so that taking it down is removing it.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import bcrypt
import yaml

from nova_lite.lab.command import LabError, run

DEFAULT_DIRECTORY = Path('/var/lib/nova-lite-lab')
# user: project and role; each has a password of its own
USERS = {'admin': ('admin', 'admin'), 'manager': ('demo', 'manager'),
         'demo': ('demo', 'member'), 'reader': ('demo', 'reader')}
ACCOUNTS = ('rabbitmq', 'mariadb')
MAX_PATH = 60       # sockets lie below, and their paths have room for 107 characters
BCRYPT_ROUNDS = 5   # enough for 128 random bits, and the API checks one for every request


@dataclass
class Settings:
    """What `up` was told or found out, for every later command."""

    hosts: int = 3
    storage: str = 'private'
    port: int = 0                   # of the API on the machine's loopback; 0: none yet
    virt_type: str = ''             # '': not yet probed
    services: bool = True


@dataclass(frozen=True)
class State:
    path: Path
    _cache: dict = field(default_factory=dict, compare=False, repr=False)

    @property
    def prefix(self) -> str:
        """Of the lab's network namespaces; known even when the directory is gone."""
        return 'nlab' + hashlib.sha256(str(self.path).encode()).hexdigest()[:6]

    @property
    def images(self) -> Path:
        return self.path / 'images'

    @property
    def shared(self) -> Path:
        return self.path / 'shared'

    @property
    def etc(self) -> Path:
        return self.path / 'etc'

    @property
    def extra(self) -> Path:
        """Options for all services that a user may add; read after the lab's own."""
        return self.path / 'extra.conf'

    def exists(self) -> bool:
        return (self.path / 'lab.json').exists()

    def create(self) -> None:
        """:raises LabError: the path cannot hold a lab, or is somebody else's directory"""
        if len(str(self.path)) > MAX_PATH:
            raise LabError(f'{self.path} is too long a path: use --dir with at most '
                           f'{MAX_PATH} characters')
        if self.path.exists() and not self.exists() and not self._only_ours():
            raise LabError(f'{self.path} is not empty and not a lab: use another --dir')
        self.path.mkdir(parents=True, exist_ok=True)
        # the broker's and the database's own users must get through, but not look around
        self.path.chmod(0o711)
        if not self.exists():
            self.save(Settings())
        for directory in (self.etc, self.images, self.shared):
            directory.mkdir(exist_ok=True)
        self.etc.chmod(0o700)
        self.extra.touch()

    def settings(self) -> Settings:
        """:raises LabError: there is no lab here"""
        try:
            return Settings(**json.loads((self.path / 'lab.json').read_text()))
        except FileNotFoundError:
            raise LabError(f'no lab in {self.path}: nova-lite-lab up') from None
        except (ValueError, TypeError):
            raise LabError(f'{self.path}/lab.json is damaged: nova-lite-lab down') from None

    def save(self, settings: Settings) -> None:
        write(self.path / 'lab.json', json.dumps(asdict(settings)) + '\n')

    def passwords(self) -> dict[str, str]:
        """Of every user and account, made once for each lab."""
        file = self.etc / 'secrets.json'
        known = json.loads(file.read_text()) if file.exists() else {}
        missing = [name for name in (*USERS, *ACCOUNTS) if name not in known]
        if missing:
            known |= {name: secrets.token_hex(16) for name in missing}
            write(file, json.dumps(known))
        return known

    def write_users(self) -> tuple[Path, Path]:
        """The API's password and user files; written once, since hashes are salted anew."""
        htpasswd, users = self.etc / 'htpasswd', self.etc / 'users.yaml'
        if not htpasswd.exists():
            passwords = self.passwords()
            lines = [f'{name}:{_hash(passwords[name])}\n' for name in USERS]
            write(htpasswd, ''.join(lines))
        write(users, yaml.safe_dump({
            name: {'user_id': name, 'project_id': project, 'roles': [role]}
            for name, (project, role) in USERS.items()}))
        return htpasswd, users

    @contextlib.contextmanager
    def locked(self, timeout: float = 300) -> Iterator[None]:
        """One `up`, `restart` or `down` at a time; the lock goes with the process.

        It is the directory that is locked. One that a `down` has removed meanwhile is made anew,
        empty.

        :raises LabError: another one did not end within ``timeout`` seconds
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                self.path.mkdir(parents=True, exist_ok=True)
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is(descriptor):
                    break       # else: a `down` removed this directory, another is there
            except BlockingIOError:
                pass
            os.close(descriptor)
            if time.monotonic() > deadline:
                raise LabError(f'another nova-lite-lab is at work in {self.path}')
            time.sleep(0.1)     # flock has no time limit of its own
        try:
            yield
        finally:
            os.close(descriptor)

    def check_removable(self) -> None:
        """:raises LabError: it is a directory of somebody else's"""
        if not self.exists() and not self._only_ours():
            raise LabError(f'{self.path} is not a lab: not deleted')

    def remove(self) -> None:
        """Delete the directory; first unmount what is mounted below it."""
        self.check_removable()
        for mount in sorted(_mounts_below(self.path), reverse=True):
            run('umount', mount)
        (self.path / 'lab.json').touch()
        for entry in self.path.iterdir():
            if entry.name != 'lab.json':    # goes last: half removed, it is still a lab
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        shutil.rmtree(self.path)

    def _only_ours(self) -> bool:
        return all(entry.name == '.lab.json.new' for entry in self.path.iterdir())

    def _is(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file as a whole; its owner alone may read it."""
    new = path.with_name(f'.{path.name}.new')
    with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), 'w') as out:
        out.write(text)
    new.replace(path)


def _hash(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_ROUNDS)).decode()


def _mounts_below(path: Path) -> list[str]:
    below = f'{path}/'
    targets = (line.split()[4] for line in Path('/proc/self/mountinfo').read_text().splitlines())
    return [target for target in targets if target.startswith(below)]
