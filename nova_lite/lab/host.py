# SPDX-License-Identifier: Apache-2.0
"""One host of the lab: a network, a file system view and a name of its own.

Every host sees its own directory at the same path (``common``), since a guest's
definition names its files by path and takes those names along when it migrates.
"""
import contextlib
import os
import selectors
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nova_lite.lab import daemons
from nova_lite.lab.command import LabError, last_line
from nova_lite.lab.hold import READY, Plan
from nova_lite.lab.netns import NETNS_DIRECTORY, NetNs, Veth, pids_in

HOLD = Path(__file__).with_name('hold.py')
# What libvirt and QEMU keep for themselves: (name below the host's directory, path it covers)
LIBVIRT_DIRECTORIES = (('etc-libvirt', '/etc/libvirt'), ('lib-libvirt', '/var/lib/libvirt'),
                       ('log-libvirt', '/var/log/libvirt'),
                       ('cache-libvirt', '/var/cache/libvirt'))


@dataclass(frozen=True)
class Host:
    """
    :param root: the host's directory as the machine sees it
    :param common: the same directory as the host itself sees it, equal on all hosts
    :param runs_guests: False for the controller, which has no libvirt
    :param hide_kvm: /dev/kvm does not work here and must not be tried
    """

    name: str
    address: str
    netns: NetNs
    veth: Veth
    root: Path
    common: Path
    runs_guests: bool
    hide_kvm: bool = False

    @property
    def log_directory(self) -> Path:
        return self.root / 'log'

    @property
    def libvirt_socket(self) -> Path:
        """As the machine can reach it, while the host is up."""
        return Path(f'/proc/{self.pid}/root/run/libvirt/libvirt-sock')

    @property
    def libvirt_uri(self) -> str:
        return f'qemu:///system?socket={self.libvirt_socket}'

    @property
    def pid(self) -> int:
        """The process whose namespaces are the host.

        :raises LabError: the host is down
        """
        holder = self._holder()
        if holder is None:
            raise LabError(f'host {self.name} is down: nova-lite-lab up')
        return holder.pid

    @property
    def cmd_prefix(self) -> tuple[str, ...]:
        """Put before a command to run it on this host; its working directory becomes /."""
        return ('nsenter', '-t', str(self.pid), '-n', '-m', '-u', '--')

    def up(self) -> bool:
        return self._holder() is not None

    def setup(self, names: dict[str, str]) -> None:
        """Make the host, or what is missing of it. Guests on it survive.

        :param names: address by host name, for everybody's /etc/hosts
        """
        self._make_files(names)
        if self.netns.exists() and self._holder() is None and not self._adopt():
            end_all([self.netns])
        self.netns.setup()
        self.veth.setup()
        if self._holder() is None:
            self._hold()

    def processes(self, program: str) -> list[daemons.Process]:
        """Those in the host's network of which this is the name, or one of the arguments."""
        found = []
        for pid in self.netns.pids():
            try:
                one = daemons.process(pid)
                words = Path(f'/proc/{pid}/cmdline').read_bytes().split(b'\0')
            except OSError:
                continue
            if program.encode() in (words[0].rpartition(b'/')[2], *words):
                found.append(one)
        return found

    def directory(self, *names: str) -> Path:
        """A directory of the host, made if it is not there."""
        path = self.root.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _make_files(self, names: dict[str, str]) -> None:
        self.directory('log')
        if self.runs_guests:
            for name in ('instances', 'shared', *(name for name, _ in LIBVIRT_DIRECTORIES)):
                self.directory(name)
        self.common.mkdir(parents=True, exist_ok=True)
        lines = ['127.0.0.1 localhost', *(f'{ip} {name}' for name, ip in names.items())]
        # written in place: a running host has these very files mounted
        (self.root / 'hosts').write_text('\n'.join(lines) + '\n')
        (self.root / 'hostname').write_text(f'{self.name}\n')

    def _plan(self) -> Plan:
        plan = Plan(hostname=self.name, tmpfs=['/run'], hidden=[str(NETNS_DIRECTORY)])
        plan.binds = [(str(self.root), str(self.common)),
                      (str(self.root / 'hosts'), '/etc/hosts'),
                      (str(self.root / 'hostname'), '/etc/hostname')]
        if self.runs_guests:
            plan.binds += [(str(self.root / name), path) for name, path in LIBVIRT_DIRECTORIES]
            images = str(self.root.parents[1] / 'images')
            plan.read_only = [(images, images)]
        if self.hide_kvm and os.path.exists('/dev/kvm'):
            # a file that not even root may write: libvirt would probe QEMU anew, for seconds,
            # at every start and migration as long as /dev/kvm looks usable and is not
            no_kvm = self.root / 'no-kvm'
            no_kvm.touch()
            plan.read_only.append((str(no_kvm), '/dev/kvm'))
        return plan

    def _hold(self) -> None:
        """Start the holder and wait, at most 30 s, until it has furnished the host."""
        reader, writer = os.pipe()
        log = self.log_directory / 'host.log'
        command = ['ip', 'netns', 'exec', self.netns.name,
                   'unshare', '--mount', '--uts', '--propagation', 'private',
                   sys.executable, '-I', '-S', str(HOLD), self._plan().to_json()]
        with open(reader, 'rb', buffering=0) as ready:
            try:
                holder = daemons.daemonise(command, dict(os.environ), log, {1: writer})
            finally:
                os.close(writer)
            with selectors.DefaultSelector() as selector:
                selector.register(ready, selectors.EVENT_READ)
                said = ready.read(len(READY)) if selector.select(30) else b''
        if said != READY:
            holder.signal(signal.SIGKILL)
            why = last_line(log.read_text(errors='replace'))
            raise LabError(f'host {self.name} cannot be made: {why}')
        self._remember(holder)

    def _holder(self) -> daemons.Process | None:
        return holder_of(self.root)

    def _remember(self, holder: daemons.Process) -> None:
        (self.root / 'holder').write_text(f'{holder.pid} {holder.started}')

    def _adopt(self) -> bool:
        """The holder alone died: put a new one beside the processes that are left."""
        own = os.stat('/proc/self/ns/mnt').st_ino
        for pid in self.netns.pids():
            try:
                if os.stat(f'/proc/{pid}/ns/mnt').st_ino == own:
                    continue
            except OSError:
                continue
            command = ['nsenter', '-t', str(pid), '-n', '-m', '-u', '--', 'sleep', 'infinity']
            self._remember(daemons.daemonise(command, dict(os.environ),
                                             self.log_directory / 'host.log'))
            return True
        return False


def holder_of(root: Path) -> daemons.Process | None:
    """The live process that keeps the namespaces of the host in this directory."""
    try:
        pid, _, started = (root / 'holder').read_text().partition(' ')
        holder = daemons.Process(int(pid), started)
    except (FileNotFoundError, ValueError):
        return None
    return holder if holder.alive() else None


def end_all(spaces: Iterable[NetNs], holders: Iterable[daemons.Process] = (),
            timeout: float = 20) -> None:
    """SIGKILL every process in these networks or with a holder's mounts, until there is none.

    :raises LabError: something is still there after ``timeout`` seconds
    """
    spaces = [space for space in spaces if space.exists()]
    with contextlib.ExitStack() as stack:
        # Held open, a namespace's number cannot become that of somebody else's meanwhile.
        mounts = []
        for holder in holders:
            with contextlib.suppress(OSError):
                mounts.append(stack.enter_context(open(f'/proc/{holder.pid}/ns/mnt', 'rb')))
        deadline = time.monotonic() + timeout
        while left := {pid for space in spaces for pid in space.pids()} | {
                pid for mount in mounts for pid in pids_in('mnt', mount.fileno())}:
            if time.monotonic() > deadline:
                raise LabError(f'processes {sorted(left)} of the lab do not end')
            ours = []
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    ours.append(daemons.process(pid))
                    ours[-1].signal(signal.SIGKILL)
            for process in ours:
                process.wait(1)
