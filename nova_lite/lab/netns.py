# SPDX-License-Identifier: Apache-2.0
"""The lab's network: one namespace a host, and one namespace that holds the switch.

Nothing of it appears in the machine's own network namespace, so several labs, and
whatever else the machine does, cannot meet. Everything here may be set up twice.
"""
import json
import os
from dataclasses import dataclass
from pathlib import Path

from nova_lite.lab.command import run

NETNS_DIRECTORY = Path('/run/netns')


@dataclass(frozen=True)
class NetNs:
    """A named network namespace; its name keeps it alive without a process in it."""

    name: str

    @property
    def path(self) -> Path:
        return NETNS_DIRECTORY / self.name

    @property
    def cmd_prefix(self) -> tuple[str, ...]:
        """Put before a command to run it in this network (only)."""
        return ('nsenter', f'--net={self.path}', '--')

    def exists(self) -> bool:
        """Is it a namespace, not merely the empty file that a killed set-up leaves?"""
        return os.path.ismount(self.path)

    def setup(self) -> None:
        if not self.exists():
            self.path.unlink(missing_ok=True)
            run('ip', 'netns', 'add', self.name)
        run('ip', '-n', self.name, 'link', 'set', 'lo', 'up')

    def cleanup(self) -> None:
        """Delete the name; the namespace itself goes with its last process."""
        if self.exists():
            run('ip', 'netns', 'del', self.name)
        self.path.unlink(missing_ok=True)

    def links(self) -> dict[str, dict]:
        """Interfaces by name, each with its ``flags`` and ``addr_info`` as ip(8) gives them."""
        found = json.loads(run('ip', '-n', self.name, '-json', 'address').stdout or '[]')
        return {link['ifname']: link for link in found if link}

    def pids(self) -> list[int]:
        """Every process in this network; zombies have left it already."""
        return pids_in('net', self.path) if self.exists() else []


@dataclass(frozen=True)
class Switch:
    """A namespace with one bridge, into which every host's veth is plugged."""

    netns: NetNs
    bridge: str = 'br0'

    def setup(self) -> None:
        self.netns.setup()
        if self.bridge not in self.netns.links():
            run('ip', '-n', self.netns.name, 'link', 'add', self.bridge, 'type', 'bridge')
        run('ip', '-n', self.netns.name, 'link', 'set', self.bridge, 'up')

    def cleanup(self) -> None:
        self.netns.cleanup()


@dataclass(frozen=True)
class Veth:
    """The cable between a host and the switch; ``port`` is its end at the switch."""

    host: NetNs
    switch: Switch
    port: str
    address: str                # with prefix length
    interface: str = 'eth0'

    def setup(self) -> None:
        here, there = self.host.name, self.switch.netns.name
        link = self.host.links().get(self.interface)
        if link is None or self.port not in self.switch.netns.links():
            self.cleanup()
            run('ip', 'link', 'add', 'name', self.interface, 'netns', here,
                'type', 'veth', 'peer', 'name', self.port, 'netns', there)
            link = {}
        if not link.get('addr_info'):
            run('ip', '-n', here, 'address', 'replace', self.address, 'dev', self.interface)
        run('ip', '-n', here, 'link', 'set', self.interface, 'up')
        run('ip', '-n', there, 'link', 'set', self.port, 'master', self.switch.bridge, 'up')

    def cleanup(self) -> None:
        """Deleting either end deletes both; the host's may hide in a namespace without a name."""
        for netns, link in ((self.switch.netns, self.port), (self.host, self.interface)):
            if netns.exists() and link in netns.links():
                run('ip', '-n', netns.name, 'link', 'del', link)


def pids_in(kind: str, namespace: Path | int) -> list[int]:
    """Processes whose namespace of this kind (net, mnt, ...) is this path's, or open file's."""
    wanted = os.stat(namespace)
    found = []
    for pid in Path('/proc').iterdir():
        if not pid.name.isdigit():
            continue
        try:
            actual = os.stat(pid / 'ns' / kind)
        except OSError:         # it ended meanwhile, or is a zombie
            continue
        if (actual.st_dev, actual.st_ino) == (wanted.st_dev, wanted.st_ino):
            found.append(int(pid.name))
    return found
