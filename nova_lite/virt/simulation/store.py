# SPDX-License-Identifier: Apache-2.0
"""Where the simulated world is kept: a directory that many processes share and that outlives them.

    hosts/NAME.json, NAME.lock      a host's part after a line with time and number, and its lock
    world.json, world.lock          what is of no host
    commits/HOST+HOST.json          what is just being written to several of these files
    running/UUID/HOST               a guest that runs: who starts it elsewhere sees that
    storages/NAME/                  an instances directory, of one host or of several
    images/HOST/                    images that are others on that host
    violations                      what must never happen and did, a line each

Each file is replaced as a whole under its lock. What several hosts have in common is first written
to a file of its own, so whoever comes after a process that was killed in the middle finishes its
work: at any instruction all of it has happened, or nothing. Who needs several hosts locks them in
order of their names, and the world after them; hosts that have nothing to do with each other never
wait.
"""
import contextlib
import fcntl
import json
import os
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from nova_lite import utils
from nova_lite.virt.simulation import state as states
from nova_lite.virt.simulation.state import Part, Shared

T = TypeVar('T')
LOCK_RETRY = 0.002        # seconds between two tries for the lock of another
LOCK_TIMEOUT = 60         # a process that was stopped in the middle may hold it for a while
POLL = 0.01               # seconds between two looks at what others did
WORLD = ''                # the name of what is of no host
EVERYBODY = 'all'         # of a commit of more hosts than a file's name can hold
LONGEST_NAME = 200
FIRST_LINE = 80           # bytes, at most, and what comes after it


class Store:
    """A world's directory.

    A file begins with the number of changes so far, by which a process knows whether what it has
    read is still true; a file's times are too coarse for that. The number comes with what it
    stands for, so who looks without the lock, or waits for a change, never has one of the two.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        for name in ('hosts', 'commits', 'running', 'storages', 'images'):
            os.makedirs(os.path.join(path, name), mode=0o700, exist_ok=True)
        self._violations = os.path.join(path, 'violations')
        self._cached: dict[str, tuple[int, str, Any]] = {}      # number, text, data

    def _file(self, name: str, kind: str) -> str:
        if name == WORLD:
            return os.path.join(self.path, f'world.{kind}')
        return os.path.join(self.path, 'hosts', f'{urllib.parse.quote(name, safe="")}.{kind}')

    def hosts(self) -> list[str]:
        return sorted(urllib.parse.unquote(name[:-len('.json')])
                      for name in os.listdir(os.path.join(self.path, 'hosts'))
                      if name.endswith('.json'))

    # -- locks and versions ----------------------------------------------------------------------
    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a host's lock, or the world's. Not a blocking lock: it would stop all green threads
        of this process while another one holds it."""
        end = time.monotonic() + LOCK_TIMEOUT
        path = self._file(name, 'lock')
        with open(path, 'ab', buffering=0) as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise TimeoutError(f'{path} was held for {LOCK_TIMEOUT} s: look for a '
                                           'stopped process') from None
                    utils.sleep(LOCK_RETRY)
            try:
                yield
            except BaseException:
                self._cached.pop(name, None)    # it may be half changed
                raise

    def version(self, name: str) -> int:
        """How many changes there were."""
        try:
            with open(self._file(name, 'json'), 'rb', buffering=0) as file:
                return int(file.read(FIRST_LINE).split(maxsplit=2)[1])
        except FileNotFoundError:
            return 0

    def versions(self, names: Iterable[str]) -> list[int]:
        return [self.version(name) for name in names]

    def wait(self, versions: list[int], names: list[str], timeout: float) -> None:
        """Wait until something changed since ``versions``, at most ``timeout`` seconds."""
        end = time.monotonic() + timeout
        while self.versions(names) == versions and (left := end - time.monotonic()) > 0:
            utils.sleep(min(POLL, left))

    # -- reading and writing ---------------------------------------------------------------------
    def part(self, name: str) -> Part | None:
        """A host's data, to be changed under its lock only; None when there is no such host."""
        return self._read(name, Part)

    def shared(self) -> Shared:
        found = self._read(WORLD, Shared)
        return Shared() if found is None else found

    def peek(self, name: str) -> Part | None:
        """A host's data as it was saved last, of one's own."""
        try:
            return states.load(Part, self.text(name)[2])
        except FileNotFoundError:
            return None

    def text(self, name: str) -> tuple[float, int, str]:
        """When it was saved last, by the guests' time, how often, and what. FileNotFoundError."""
        with open(self._file(name, 'json'), encoding='utf-8') as file:
            now, number = file.readline().split()
            return float(now), int(number), file.read()

    def _read(self, name: str, kind: type[T]) -> T | None:
        version = self.version(name)
        cached = self._cached.get(name)
        if cached is None or cached[0] != version:
            try:
                now, number, text = self.text(name)
            except FileNotFoundError:
                return None
            data = states.load(kind, text)
            if isinstance(data, Part):
                data.now = now
            cached = self._cached[name] = number, text, data
        found: T = cached[2]
        return found

    def save(self, changed: dict[str, Part | Shared], now: float) -> None:
        """Replace the files that do not say the same already. To be called under their locks."""
        texts = {}
        for name, data in changed.items():
            cached, text = self._cached.get(name), states.dump(data)
            if cached is None or cached[1] != text:
                texts[name] = text
                if isinstance(data, Part):
                    data.now = now
        commit = self._commit_file(texts) if len(texts) > 1 else None
        if commit is not None:
            lengths = json.dumps({name: len(text) for name, text in texts.items()})
            self._replace(commit, '\n'.join([lengths, repr(now), ''.join(texts.values())]))
        for name, text in texts.items():
            self._cached[name] = self._write(name, now, text), text, changed[name]
        if commit is not None:
            os.unlink(commit)

    def _write(self, name: str, now: float, text: str) -> int:
        version = self.version(name) + 1
        self._replace(self._file(name, 'json'), f'{now!r} {version}\n{text}')
        return version

    @staticmethod
    def _replace(path: str, text: str) -> None:
        with open(f'{path}.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.replace(f'{path}.new', path)

    def _commit_file(self, names: Iterable[str]) -> str:
        name = '+'.join(urllib.parse.quote(name, safe='') for name in sorted(names))
        return os.path.join(self.path, 'commits',
                            f'{name if len(name) < LONGEST_NAME else EVERYBODY}.json')

    def pending(self, held: set[str]) -> set[str]:
        """Those whose files a process was about to write when it died, if one of them is among
        those whose locks are ``held``. With all the locks, its work is finished."""
        for file in os.listdir(os.path.join(self.path, 'commits')):
            if not file.endswith('.json'):
                continue
            path, name = os.path.join(self.path, 'commits', file), file[:-len('.json')]
            if name != EVERYBODY and not held & {*map(urllib.parse.unquote, name.split('+'))}:
                continue
            try:
                with open(path, encoding='utf-8') as stream:
                    lengths, now = json.loads(stream.readline()), float(stream.readline())
                    if held >= lengths.keys():
                        for host, length in lengths.items():
                            self._write(host, now, stream.read(length))
                        os.unlink(path)
                    elif held & lengths.keys():
                        return set(lengths)
            except FileNotFoundError:
                continue    # done by another meanwhile
        return set()

    # -- who runs --------------------------------------------------------------------------------
    def mark_running(self, uuid: str, host: str) -> None:
        directory = os.path.join(self.path, 'running', uuid)
        os.makedirs(directory, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):    # one who stops it has just removed it
            open(os.path.join(directory, host), 'w', encoding='ascii').close()

    def unmark_running(self, uuid: str, host: str) -> None:
        directory = os.path.join(self.path, 'running', uuid)
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(directory, host))
            os.rmdir(directory)     # unless it runs elsewhere

    def running(self, uuid: str) -> list[str]:
        """Hosts that may run the guest: one of them may just have stopped it."""
        try:
            return sorted(os.listdir(os.path.join(self.path, 'running', uuid)))
        except FileNotFoundError:
            return []

    # -- violations ------------------------------------------------------------------------------
    def violations(self) -> list[str]:
        try:
            with open(self._violations, encoding='utf-8') as file:
                return list(dict.fromkeys(file.read().splitlines()))
        except FileNotFoundError:
            return []

    def violate(self, what: str) -> None:
        with open(self._violations, 'a', encoding='utf-8') as file:
            file.write(f'{what}\n')

    def forgive(self) -> None:
        """Forget the violations."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._violations)
