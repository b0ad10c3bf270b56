# SPDX-License-Identifier: Apache-2.0
"""What the private broker and the private databases have in common.

Each lives in one directory: what it is (state.json), which processes it has
(processes.json), its configuration, its log and its data. The directory is
enough to find a running server again from another process, which is how the
lab's commands follow one another.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from nova_lite.lab import daemons

SEARCH = ('/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin')


MAIN = 'main'
SETTINGS = ('address', 'port', 'user', 'password', 'durable')


class ServerError(RuntimeError):
    """A server cannot be made, or did not answer in time; the message says why."""


class Server:
    """One daemon in one directory. Subclasses say how it is made, started and asked.

    :param directory: kept between runs; as root it must be reachable by the
        unprivileged account the daemon runs under
    :param address: the only address it listens on
    :param port: None takes a free one of this network namespace, once; with a
        prefix, which means another namespace, the protocol's usual one
    :param prefix: command put before every process, such as nsenter with its
        options; it has to exec the rest, so that the pid stays
    :param user: name of the account for clients; the password is made up
    :param durable: False gives up what only a crash of the whole machine
        would lose; a killed server loses nothing that it has confirmed
    """

    name: str
    account: str            # the unprivileged user of Debian's package
    package: str
    usual_port: int
    programs: tuple[str, ...]
    stop_signal = signal.SIGTERM
    extra_ports: tuple[str, ...] = ()

    def __init__(self, directory: Path, address: str = '127.0.0.1', port: int | None = None,
                 prefix: tuple[str, ...] = (), user: str = 'nova-lite',
                 password: str | None = None, durable: bool = False) -> None:
        self.directory = Path(directory).absolute()
        self.data = self.directory / 'data'
        # Not the machine's: a MariaDB that starts deletes the temporary tables that it finds
        # there, those of another one that is just being made included.
        self.temporary = self.directory / 'tmp'
        self.log = self.directory / f'{self.name}.log'
        self.prefix = tuple(prefix)
        self.state = self._read('state.json')
        known = self.state.setdefault('settings', {})
        self.address, self.user, self.durable = address, user, durable
        self.password = password or known.get('password') or secrets.token_hex(16)
        for word in (self.user, self.password):
            if not re.fullmatch('[A-Za-z0-9._~-]+', word):      # it goes into URLs and into SQL
                raise ServerError(f'{self.name}: a user or a password may have letters, digits '
                                  f'and . _ ~ - only')
        self.port = port or known.get('port') or (
            self.usual_port if prefix else daemons.free_port(address))
        known |= {key: getattr(self, key) for key in SETTINGS}
        for extra in self.extra_ports:
            known.setdefault(extra, daemons.free_port('127.0.0.1'))

    @classmethod
    def find(cls, directory: Path) -> Self:
        """The server that was made in this directory, without its prefix."""
        try:
            settings = json.loads((Path(directory) / 'state.json').read_text())['settings']
        except FileNotFoundError:
            raise ServerError(f'no {cls.name} was made in {directory}') from None
        return cls(directory, **{key: settings[key] for key in SETTINGS})

    def start(self, timeout: float = 60) -> None:
        """Start it, unless it runs, and return when it answers a client.

        :raises ServerError: not installed, or no answer within timeout seconds
        """
        if self.running():
            return
        self.kill()         # what a crash left: its helpers
        self._check_installed()
        self.directory.mkdir(parents=True, exist_ok=True)
        self._own_directory(self.temporary)
        if not self.state.get('made'):
            self._make_anew()
            self.state['made'] = True
        self._write('state.json', json.dumps(self.state), mode=0o600)
        try:
            self._launch()
            self._await_answer(timeout)
        except ServerError:
            self.kill()
            raise

    def stop(self, timeout: float = 30) -> None:
        """End it in order; after timeout seconds by force."""
        main = self._processes().get(MAIN)
        if main:
            main.signal(self.stop_signal)
            main.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to it and its children, as a crash would end them, and see them gone.

        :raises ServerError: one of them is still there after 30 seconds
        """
        ours = [each for one in self._processes().values() for each in (one, *one.children())]
        for process in ours:
            process.signal(signal.SIGKILL)
        for process in ours:
            if not process.wait(30):
                raise ServerError(f'{self.name}: process {process.pid} cannot be killed')
        (self.directory / 'processes.json').unlink(missing_ok=True)

    def forget(self) -> None:
        """Be empty at the next start, as on a machine that was set up anew."""
        self.state['made'] = False

    def running(self) -> bool:
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The daemon's pid as this machine's pid namespace has it, if it runs."""
        main = self._processes().get(MAIN)
        return main.pid if main and main.alive() else None

    def ask(self) -> None:
        """Be a client: connect, log in, have one answer; any exception is a no."""
        raise NotImplementedError

    def _make(self) -> None:
        """Fill the empty data directory."""
        raise NotImplementedError

    def _launch(self) -> None:
        """Start the processes, the daemon itself as MAIN."""
        raise NotImplementedError

    # What follows is the same for all of them.

    def _login(self) -> str:
        return f'{self.user}:{self.password}'

    def _read(self, file: str) -> dict:
        try:
            return json.loads((self.directory / file).read_text())
        except FileNotFoundError:
            return {}

    def _write(self, file: str, text: str, mode: int = 0o640) -> Path:
        """Write a file of ours that the daemon's account may read but not change."""
        path, new = self.directory / file, self.directory / f'.{file}.new'
        with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), 'w') as out:
            out.write(text)
        if os.geteuid() == 0:
            shutil.chown(new, 'root', self.account)
        new.replace(path)
        return path

    def _check_installed(self) -> None:
        for program in self.programs:
            if not self._program(program):
                raise ServerError(f'{program} is missing: apt-get install {self.package}')

    def _program(self, name: str) -> str | None:
        return shutil.which(name, path=self._environment()['PATH'])

    def _make_anew(self) -> None:
        """Make it in a directory of this attempt's own, which gets its name at the end: a step of
        an attempt whose caller was killed may still write into its own."""
        final = self.data
        for half in self.directory.glob(f'{final.name}*'):
            shutil.rmtree(half, ignore_errors=True)
        self.data = final.with_name(f'{final.name}-{os.getpid()}')
        try:
            self._make_directories()
            self._make()
            self.data.rename(final)
        finally:
            self.data = final

    def _make_directories(self) -> None:
        """An empty data directory of the daemon's account, which must get there."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._own_directory(self.data)
        if os.geteuid() == 0:
            for parent in self.data.parents:
                if not parent.stat().st_mode & 0o001:
                    raise ServerError(f'{self.account} may not enter {parent}: '
                                      f'chmod o+x {parent}')

    def _own_directory(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(path, self.account, self.account)

    def _command(self, *command: str) -> list[str]:
        """In the namespace, in the data directory, and never as root."""
        drop = ['setpriv', f'--reuid={self.account}', f'--regid={self.account}',
                '--init-groups', '--inh-caps=-all'] if os.geteuid() == 0 else []
        return [*self.prefix, 'env', f'--chdir={self.data}', *drop, *command]

    def _environment(self) -> dict[str, str]:
        return {'PATH': os.pathsep.join(SEARCH), 'HOME': str(self.data), 'LANG': 'C.UTF-8',
                'TMPDIR': str(self.temporary)}

    def _run(self, *command: str, text: str = '') -> None:
        """One step of making it, to its end; what it prints goes to the log."""
        with self.log.open('ab') as log:
            done = subprocess.run(self._command(*command), input=text.encode(), stdout=log,
                                  stderr=log, env=self._environment(), timeout=120)
        if done.returncode:
            raise ServerError(f'{command[0]} failed ({done.returncode}): '
                              f'{self._log_end(lines=25)}')

    def _start_process(self, role: str, *command: str) -> None:
        """Start one of its processes and write it down; MAIN is the daemon itself."""
        process = daemons.daemonise(self._command(*command), self._environment(), self.log)
        known = self._read('processes.json') | {role: [process.pid, process.started]}
        self._write('processes.json', json.dumps(known), mode=0o600)

    def _processes(self) -> dict[str, daemons.Process]:
        """As they are written down now, perhaps by another command."""
        return {role: daemons.Process(*known)
                for role, known in self._read('processes.json').items()}

    def _await_answer(self, timeout: float) -> None:
        """Ask from inside the namespace until it answers, dies, or time is up."""
        package = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (package, os.environ.get('PYTHONPATH'))))
        deadline = time.monotonic() + timeout
        with subprocess.Popen(
                [*self.prefix, sys.executable, '-m', 'nova_lite.lab.servers', type(self).__name__,
                 str(self.directory), str(timeout)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                env=os.environ | {'PYTHONPATH': path}) as client:
            while client.poll() is None and self.running() and time.monotonic() < deadline:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    client.wait(0.2)
            client.kill()
            why = client.stderr.read().strip() if client.stderr else ''
        if client.returncode:
            raise ServerError(f'{self.name} on {self.address}:{self.port} does not answer: '
                              f'{why or self._log_end()}')

    def _log_end(self, lines: int = 5) -> str:
        text = self.log.read_text(errors='replace').splitlines() if self.log.exists() else []
        return ' | '.join(text[-lines:]) or f'{self.log} is empty'
