# SPDX-License-Identifier: Apache-2.0
"""The nova-lite processes of the lab: started as plain daemons, found again, ended by identity.

They are the real services, one process each, run by the interpreter that runs the lab;
only the API's socket is special, since it listens in the machine's network and works in
the controller's.
"""
import errno
import hashlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nova_lite.lab import daemons
from nova_lite.lab.command import LabError, last_line
from nova_lite.lab.host import Host
from nova_lite.lab.state import write

USUAL_PORT = 8774
STOP_SECONDS = 30       # a little more than graceful_shutdown_timeout


@dataclass(frozen=True)
class Service:
    """
    :param kind: api, conductor, scheduler or compute
    :param files: its configuration, as the host sees it
    :param listener: the API's listening socket, to be handed over at start
    """

    host: Host
    kind: str
    files: tuple[Path, ...]
    listener: socket.socket | None = None

    @property
    def module(self) -> str:
        return f'nova_lite.cmd.{self.kind}'

    @property
    def log(self) -> Path:
        return self.host.log_directory / f'{self.kind}.log'

    @property
    def pid(self) -> int | None:
        process = self._process()
        return process.pid if process else None

    def running(self) -> bool:
        return self.pid is not None

    def current(self) -> bool:
        """Does it run, and with the configuration of now?"""
        return self.running() and self._record().get('digest') == self._digest()

    def start(self) -> None:
        """Start it, unless it runs with the present configuration; see :meth:`await_ready`."""
        if self.current():
            return
        self.stop()
        written = self.log.stat().st_size if self.log.exists() else 0
        environment = environment_of_package()
        descriptors = {}
        if self.listener:
            environment['LISTEN_FDS'] = '1'
            descriptors[3] = self.listener.fileno()
        process = daemons.daemonise([*self.host.cmd_prefix, *self._command()], environment,
                                    self.log, descriptors)
        write(self._file, json.dumps({'pid': process.pid, 'started': process.started,
                                      'digest': self._digest(), 'log_from': written}))

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """SIGTERM, SIGKILL after ``timeout`` seconds; also to one that was never recorded."""
        strays = self.host.processes(self.module) if self.host.up() else []
        for process in strays:
            process.signal(signal.SIGTERM)
        deadline = time.monotonic() + timeout
        for process in strays:
            if not process.wait(max(0.0, deadline - time.monotonic())):
                process.signal(signal.SIGKILL)
                process.wait(5)

    def await_ready(self, timeout: float = 60) -> None:
        """Wait for its own word in the log, in what it wrote since its last start.

        :raises LabError: it died, or said nothing within ``timeout`` seconds
        """
        deadline = time.monotonic() + timeout
        word = f'nova-lite-{self.kind} ready'
        while True:
            alive = self.running()
            with self.log.open(errors='replace') as log:
                log.seek(self._record().get('log_from', 0))
                text = log.read()
            if word in text:
                return
            if not alive:
                raise LabError(f'{self.kind} of {self.host.name} died: {last_line(text)} '
                               f'(see {self.log})')
            if time.monotonic() > deadline:
                raise LabError(f'{self.kind} of {self.host.name} is not ready after '
                               f'{timeout:g} s: see {self.log}')
            time.sleep(0.05)    # a file is all it has to tell us by

    def file_arguments(self) -> list[str]:
        return [word for file in self.files for word in ('--config-file', str(file))]

    def _command(self) -> list[str]:
        return [sys.executable, '-m', self.module, *self.file_arguments()]

    @property
    def _file(self) -> Path:
        return self.host.directory('run') / f'{self.kind}.json'

    def _record(self) -> dict:
        try:
            return json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def _process(self) -> daemons.Process | None:
        record = self._record()
        if not record:
            return None
        process = daemons.Process(record['pid'], record['started'])
        return process if process.alive() else None

    def _digest(self) -> str:
        """Of everything that makes a difference to a process that is started now."""
        model = os.environ.get('NOVA_LITE_CONCURRENCY', '')
        parts = [repr(self._command()), model]
        for file in self.files:
            inside = file.relative_to(self.host.common) if file.is_relative_to(
                self.host.common) else None
            parts.append((self.host.root / inside if inside else file).read_text())
        return hashlib.sha256('\0'.join(parts).encode()).hexdigest()


def environment_of_package() -> dict[str, str]:
    """The environment in which ``python -m nova_lite...`` finds the code that runs now,
    also from a checkout that is not installed: the daemons' working directory is /."""
    environment = dict(os.environ)
    root = Path(__file__).parents[2]
    if root.name not in ('site-packages', 'dist-packages'):
        known = environment.get('PYTHONPATH', '').split(os.pathsep)
        environment['PYTHONPATH'] = os.pathsep.join(
            filter(None, dict.fromkeys([str(root), *known])))
    return environment


def listen(remembered: int) -> socket.socket:
    """A listening socket on the machine's loopback: the port of before, the usual one, or any.

    The socket is bound in the network namespace of the caller and stays there, whoever
    accepts from it: the API answers on the machine without an interface between the two.
    """
    for port in dict.fromkeys((remembered or USUAL_PORT, USUAL_PORT, 0)):
        try:
            return socket.create_server(('127.0.0.1', port), backlog=128)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LabError(f'cannot listen on 127.0.0.1:{port}: {error.strerror}') from None
    raise LabError('no free port on 127.0.0.1')
