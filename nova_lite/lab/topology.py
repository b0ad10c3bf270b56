# SPDX-License-Identifier: Apache-2.0
"""What a lab consists of: hosts, addresses, and the daemons that belong on each of them.

    controller 10.77.0.10   rabbitmq, mariadb, conductor, scheduler, api
    compute1   10.77.0.11   libvirtd, storage, compute         (and so on)
"""
from dataclasses import dataclass
from pathlib import Path

from nova_lite.lab import config
from nova_lite.lab.command import LabError
from nova_lite.lab.host import Host
from nova_lite.lab.libvirtd import Libvirtd, shim_path
from nova_lite.lab.netns import NetNs, Switch, Veth
from nova_lite.lab.servers import MariaDB, RabbitMQ
from nova_lite.lab.services import Service
from nova_lite.lab.state import Settings, State
from nova_lite.lab.storage import SharedDirectory

CONTROLLER = 'controller'
NETWORK = '10.77.0'
CONTROLLER_ADDRESS = 10         # computes follow
MAX_HOSTS = 200
# Started in this order; each with its host's namespaces around it
GROUND = ('rabbitmq', 'mariadb', 'libvirtd', 'storage')


@dataclass(frozen=True)
class Part:
    """One daemon of the lab, whatever it is made of."""

    host: str
    kind: str
    daemon: Libvirtd | SharedDirectory | Service | RabbitMQ | MariaDB

    @property
    def log(self) -> Path:
        return self.daemon.log

    def row(self) -> dict[str, object]:
        pid = self.daemon.pid
        return {'host': self.host, 'kind': self.kind, 'pid': pid, 'alive': pid is not None}


@dataclass
class Topology:
    state: State
    settings: Settings

    @property
    def switch(self) -> Switch:
        return Switch(NetNs(f'{self.state.prefix}-switch'))

    @property
    def controller(self) -> Host:
        return self._host(0)

    @property
    def computes(self) -> list[Host]:
        return [self._host(number) for number in range(1, self.settings.hosts + 1)]

    @property
    def hosts(self) -> list[Host]:
        return [self.controller, *self.computes]

    def host(self, name: str) -> Host:
        """:raises LabError: there is no such host"""
        for host in self.hosts:
            if host.name == name:
                return host
        raise LabError(f'no host {name}: there are ' + ', '.join(h.name for h in self.hosts))

    def parts(self) -> list[Part]:
        """Every daemon that should run, in the order in which they start."""
        found = [Part(CONTROLLER, 'rabbitmq', self.rabbitmq()),
                 Part(CONTROLLER, 'mariadb', self.mariadb())]
        for host in self.computes:
            found += [Part(host.name, each.kind, each)
                      for each in (self.libvirtd(host), self.storage(host))]
        if self.settings.services:
            found += [Part(CONTROLLER, kind, self.service(self.controller, kind))
                      for kind in config.CONTROLLER_KINDS]
            found += [Part(host.name, 'compute', self.service(host, 'compute'))
                      for host in self.computes]
        return found

    def rabbitmq(self) -> RabbitMQ:
        """On the switch, where the computes reach it."""
        return RabbitMQ(self.controller.root / 'rabbitmq', address=self.controller.address,
                        port=5672, prefix=self._at_controller(),
                        password=self.state.passwords()['rabbitmq'])

    def mariadb(self) -> MariaDB:
        """On the controller's own loopback, where no compute does."""
        return MariaDB(self.controller.root / 'mariadb', address='127.0.0.1', port=3306,
                       prefix=self._at_controller(),
                       password=self.state.passwords()['mariadb'])

    def libvirtd(self, host: Host) -> Libvirtd:
        return Libvirtd(host, shim_path(self.state.path))

    def storage(self, host: Host) -> SharedDirectory:
        return SharedDirectory(host, self.state.shared)

    def service(self, host: Host, kind: str) -> Service:
        return Service(host, kind, (config.path_on(host, kind), self.state.extra))

    def consoles(self, guest: str) -> dict[str, Path]:
        """Where the guest with this uuid may write its console, by host; on the shared
        directory all hosts write to one file."""
        places = {host.name: host.root / 'instances' for host in self.computes}
        places['shared'] = self.state.shared
        return {name: place / guest / 'console.log' for name, place in places.items()}

    def _at_controller(self) -> tuple[str, ...]:
        return self.controller.cmd_prefix if self.controller.up() else ()

    def _host(self, number: int) -> Host:
        name = f'compute{number}' if number else CONTROLLER
        address = f'{NETWORK}.{CONTROLLER_ADDRESS + number}'
        netns = NetNs(f'{self.state.prefix}-{name}')
        return Host(
            name=name, address=address, netns=netns,
            veth=Veth(netns, self.switch, port=f'p{number}', address=f'{address}/24'),
            root=self.state.path / 'hosts' / name, common=self.state.path / 'host',
            runs_guests=number > 0, hide_kvm=self.settings.virt_type != 'kvm')
