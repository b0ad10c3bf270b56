# SPDX-License-Identifier: Apache-2.0
"""Processes that outlive the command that started them, and are ended by identity.

A pid alone may belong to somebody else by the time it is used: a process is
known by its pid together with the moment it started.
"""

import contextlib
import os
import random
import selectors
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# the lowest port that a connection gets by itself, and the highest
LOCAL_PORTS = Path('/proc/sys/net/ipv4/ip_local_port_range')
FIRST_PORT, TRIES = 10000, 50


@dataclass(frozen=True)
class Process:
    """One process of this machine's pid namespace, told apart from its pid's next owner.

    :param started: boot id and start time in clock ticks since that boot
    """

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether it runs; a dead child of the caller is reaped on the way."""
        status = self._status()
        if status is None or status.state != 'Z':
            return status is not None
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            pass        # a zombie of somebody else's
        return False

    def signal(self, number: int) -> None:
        """Send a signal, to this process or to none."""
        fd = self._open()
        if fd is None:
            return
        try:
            signal.pidfd_send_signal(fd, number)
        except ProcessLookupError:
            pass        # it went of itself
        finally:
            os.close(fd)

    def wait(self, timeout: float) -> bool:
        """Wait at most timeout seconds for its end; True when it has ended."""
        fd = self._open()
        if fd is not None:
            try:
                with selectors.DefaultSelector() as selector:
                    selector.register(fd, selectors.EVENT_READ)
                    selector.select(timeout)
            finally:
                os.close(fd)
        return not self.alive()

    def children(self) -> list['Process']:
        """Its children of this moment."""
        if not self.alive():
            return []
        pids = (int(entry) for entry in os.listdir('/proc') if entry.isdigit())
        found = ((pid, _status(pid)) for pid in pids)
        return [Process(pid, status.started) for pid, status in found
                if status and status.parent == self.pid]

    def _open(self) -> int | None:
        """A pidfd, or None when it is gone: what it refers to cannot change any more."""
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        if self._status():
            return fd
        os.close(fd)
        return None

    def _status(self) -> '_Status | None':
        status = _status(self.pid)
        return status if status and status.started == self.started else None


@dataclass(frozen=True)
class _Status:
    state: str
    parent: int
    started: str


def _status(pid: int) -> _Status | None:
    """Fields 3, 4 and 22 of /proc/PID/stat (proc(5)), or None when there is no such process."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        boot = Path('/proc/sys/kernel/random/boot_id').read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return _Status(state=fields[0], parent=int(fields[1]), started=f'{boot} {fields[19]}')


def process(pid: int) -> Process:
    """The process that has this pid now.

    :raises ProcessLookupError: nobody has it
    """
    status = _status(pid)
    if status is None:
        raise ProcessLookupError(f'no process {pid}')
    return Process(pid, status.started)


def daemonise(command: Sequence[str], environment: dict[str, str], log: Path,
              descriptors: Mapping[int, int] | None = None) -> Process:
    """Start a command in a session of its own, with its output appended to a file.

    No subprocess.Popen: its object would have to live as long as the daemon.

    :param descriptors: further open files, by the number they shall have in the process
    """
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o640),
               (os.POSIX_SPAWN_DUP2, 1, 2)]
    for number, ours in (descriptors or {}).items():
        actions.append((os.POSIX_SPAWN_DUP2, ours, number))
    pid = os.posix_spawnp(command[0], list(command), environment,
                          file_actions=actions, setsid=True)
    return process(pid)


def free_port(address: str) -> int:
    """A TCP port that nobody listens on at this address, at this moment; where there is one, not
    of those that the kernel gives to connections, which would take it before it is listened on."""
    lowest = int(LOCAL_PORTS.read_text().split()[0])
    ports = range(FIRST_PORT, lowest)
    for port in random.sample(ports, min(len(ports), TRIES)):
        with contextlib.suppress(OSError), socket.create_server((address, port)):
            return port
    with socket.create_server((address, 0)) as listener:
        return listener.getsockname()[1]
