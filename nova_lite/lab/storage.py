# SPDX-License-Identifier: Apache-2.0
"""One directory on all hosts, which libvirt takes for the cluster file system it stands for.

Without that a migration of a guest whose disk lies there is "unsafe" to libvirt: the hosts
of the lab share a kernel and a file system, and nothing tells it that the file is the same.
"""
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from nova_lite.lab import daemons
from nova_lite.lab.command import LabError, last_line, run
from nova_lite.lab.host import Host

# libvirt's list of cluster file systems is by the type in /proc/mounts
SUBTYPE = 'glusterfs'


@dataclass(frozen=True)
class SharedDirectory:
    """
    :param source: the directory as the machine sees it
    """

    host: Host
    source: Path
    kind: str = 'storage'

    @property
    def target(self) -> Path:
        """Where every host finds it."""
        return self.host.common / 'shared'

    @property
    def log(self) -> Path:
        return self.host.log_directory / 'storage.log'

    @property
    def pid(self) -> int | None:
        found = self._processes()
        return found[0].pid if found and self._mounted() else None

    def running(self) -> bool:
        return self.pid is not None

    def start(self, timeout: float = 20) -> None:
        """:raises LabError: not mounted within ``timeout`` seconds, with the reason"""
        if self.running():
            return
        self.stop()
        self.source.mkdir(parents=True, exist_ok=True)
        server = daemons.daemonise(
            [*self.host.cmd_prefix, 'bindfs', '-f', '-o',
             f'subtype={SUBTYPE},allow_other,dev,suid', str(self.source), str(self.target)],
            dict(os.environ), self.log)
        deadline = time.monotonic() + timeout
        while not self._mounted():
            if time.monotonic() > deadline or not server.alive():
                server.signal(signal.SIGKILL)
                why = last_line(self.log.read_text(errors='replace'))
                raise LabError(f'bindfs of {self.host.name}: {why}')
            time.sleep(0.02)    # a mount in another namespace tells nobody

    def stop(self) -> None:
        for process in self._processes():
            process.signal(signal.SIGKILL)
            process.wait(5)
        while self.host.up() and self._mounted():      # what a dead server leaves
            run(*self.host.cmd_prefix, 'umount', '--lazy', self.target)

    def _processes(self) -> list[daemons.Process]:
        return self.host.processes('bindfs') if self.host.up() else []

    def _mounted(self) -> bool:
        mounts = Path(f'/proc/{self.host.pid}/mountinfo').read_text()
        return any(line.split()[4] == str(self.target) and f'fuse.{SUBTYPE}' in line
                   for line in mounts.splitlines())
