# SPDX-License-Identifier: Apache-2.0
"""The multi-node lab: real hosts, real services and real guests to migrate, on one machine.

`up` compares what should be there with what is there and makes the difference, so it
starts a lab, repairs one, goes on with one that was interrupted, and changes one.
"""
import functools
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nova_lite.lab import accel, checks, config, image, libvirtd, seed, services, tls
from nova_lite.lab.command import LabError, run
from nova_lite.lab.host import end_all, holder_of
from nova_lite.lab.netns import NETNS_DIRECTORY, NetNs
from nova_lite.lab.services import Service
from nova_lite.lab.state import DEFAULT_DIRECTORY, USERS, Settings, State
from nova_lite.lab.topology import CONTROLLER, GROUND, MAX_HOSTS, Part, Topology


class Lab:
    """The lab of one state directory; any number of objects may speak for it.

    :param say: where progress goes, line by line
    """

    def __init__(self, directory: Path = DEFAULT_DIRECTORY,
                 say: Callable[[str], None] = lambda line: None) -> None:
        self.state = State(Path(os.path.realpath(directory)))
        self._say = say

    @functools.cached_property
    def settings(self) -> Settings:
        """:raises LabError: there is no lab"""
        return self.state.settings()

    @functools.cached_property
    def topology(self) -> Topology:
        return Topology(self.state, self.settings)

    @property
    def endpoint(self) -> str:
        """:raises LabError: it has no API yet"""
        if not self.settings.port:
            raise LabError(f'the lab in {self.state.path} has no API: nova-lite-lab up')
        return f'http://127.0.0.1:{self.settings.port}/v2.1'

    # What can be done with it

    def up(self, hosts: int | None = None, storage: str | None = None,
           with_services: bool | None = None) -> None:
        """Make the lab, or what is missing of it; None leaves a setting as it was.

        :param hosts: how many computes, at first 3
        :param storage: private or shared
        :param with_services: False ends with libvirt, broker and database
        :raises LabError: what is missing, and how to get it
        """
        checks.check_machine()
        checks.check_reachable(self.state.path)
        self.state.create()
        with self._locked():
            self.state.create()     # again: a `down` that was waited for has removed it
            self._settle(hosts, storage, with_services)
            self._step('images', lambda: image.build(self.state.images))
            self._step('hosts', self._make_hosts)
            self._step('libvirt, broker, database', self._start_ground)
            if self.settings.services:
                self._step('services', self._start_services)
                self._step('flavors', self._seed)

    def down(self) -> bool:
        """End everything and remove every trace; False when there was nothing.

        Works without a readable state: the namespaces' names tell whose they are.
        """
        if not self.state.path.exists():
            return self._remove_hosts()
        self.state.check_removable()
        with self._locked():
            self._remove_hosts()
            self.state.remove()
        return True

    def restart(self, kind: str, host: str | None = None) -> list[Part]:
        """Start the daemons of this kind anew, dead or alive.

        :raises LabError: there is none, or one does not come up
        """
        with self._locked():
            chosen = self.choose(kind, host)
            for part in chosen:
                part.daemon.stop()
            self._start(chosen)
        return chosen

    def choose(self, kind: str | None = None, host: str | None = None) -> list[Part]:
        """:raises LabError: no daemon of this lab is of this kind, on this host"""
        parts = self.topology.parts()
        found = [part for part in parts if kind in (None, part.kind) and host in (None, part.host)]
        if not found:
            known = ', '.join(dict.fromkeys(part.kind for part in parts))
            raise LabError(f'no {kind or "service"} on {host or "any host"}: there are {known}')
        return found

    def processes(self) -> list[dict[str, object]]:
        """host, kind, pid (None: dead) and alive of every daemon that should run."""
        return [part.row() for part in self.topology.parts()]

    def guests(self) -> dict[str, list[dict[str, str]] | None]:
        """The guests by host as libvirt says; None for a host whose libvirt does not answer."""
        found: dict[str, list[dict[str, str]] | None] = {}
        for host in self.topology.computes:
            try:
                found[host.name] = self.topology.libvirtd(host).guests()
            except LabError:
                found[host.name] = None
        return found

    def client(self, user: str = 'admin') -> seed.Client:
        """:raises LabError: no such user"""
        if user not in USERS:
            raise LabError(f'no user {user}: there are ' + ', '.join(USERS))
        return seed.Client(self.endpoint, user, self.state.passwords()[user])

    def environment(self, user: str = 'admin') -> dict[str, str]:
        """What OpenStack's clients need to be this user of the lab."""
        client = self.client(user)
        values = {'OS_AUTH_TYPE': 'http_basic', 'OS_ENDPOINT': client.endpoint,
                  'OS_USERNAME': client.user, 'OS_PASSWORD': client.password,
                  # OpenStackClient looks for an identity service of version 3, and for images
                  'OS_IDENTITY_API_VERSION': '3',
                  'OS_IDENTITY_ENDPOINT_OVERRIDE': client.endpoint,
                  'OS_IMAGE_ENDPOINT_OVERRIDE': client.endpoint.removesuffix('/v2.1') + '/v2'}
        for name in ('no_proxy', 'NO_PROXY'):
            if os.environ.get('http_proxy') or os.environ.get('all_proxy'):     # noqa: SIM112
                direct = os.environ.get(name, '').split(',')
                values[name] = ','.join(filter(None, dict.fromkeys([*direct, '127.0.0.1'])))
        return values

    def exports(self, user: str = 'admin') -> str:
        """The same as shell commands."""
        return ''.join(f'export {name}={shlex.quote(value)}\n'
                       for name, value in self.environment(user).items())

    # How

    def _locked(self) -> Any:
        """Alone at work, and with the settings of now: another process may have changed them."""
        for known in ('settings', 'topology'):
            self.__dict__.pop(known, None)
        return self.state.locked()

    def _settle(self, hosts: int | None, storage: str | None,
                with_services: bool | None) -> None:
        """Take over what was asked for; the rest stays as it was."""
        settings = self.settings
        if hosts is not None and not 1 <= hosts <= MAX_HOSTS:
            raise LabError(f'--hosts must be between 1 and {MAX_HOSTS}')
        if hosts is not None and self.topology.computes[-1].netns.exists() \
                and hosts < settings.hosts:
            raise LabError(f'the lab has {settings.hosts} hosts: nova-lite-lab down, then up '
                           f'--hosts {hosts}')
        settings.hosts = hosts or settings.hosts
        settings.storage = storage or settings.storage
        if with_services is not None:
            settings.services = with_services
        if not settings.virt_type:
            settings.virt_type = accel.virt_type()
        checks.check_emulator(settings.virt_type)
        self.state.save(settings)

    def _step(self, name: str, work: Callable[[], None]) -> None:
        start = time.monotonic()
        work()
        self._say(f'{name}: {time.monotonic() - start:.1f} s')

    def _make_hosts(self) -> None:
        self.topology.switch.setup()
        names = {host.name: host.address for host in self.topology.hosts}
        _together(self.topology.hosts, lambda host: host.setup(names))

    def _start_ground(self) -> None:
        libvirtd.build_shim(self.state.path)
        authority = tls.Authority(self.state.etc / 'tls')
        authority.make()
        for host in self.topology.computes:
            tls.furnish(authority, host)
        self._start([part for part in self.topology.parts() if part.kind in GROUND])

    def _start_services(self) -> None:
        self._write_configuration()
        conductor = self.topology.service(self.topology.controller, 'conductor')
        if not conductor.current():     # else the tables are as it needs them
            run(*conductor.host.cmd_prefix, sys.executable, '-m', 'nova_lite.cmd.manage',
                'db', 'sync', *conductor.file_arguments(),
                environment=services.environment_of_package(), timeout=120)
        self._start([part for part in self.topology.parts() if isinstance(part.daemon, Service)])

    def _start(self, parts: list[Part]) -> None:
        """Servers at once; then the services, which all start before one is waited for."""
        ours = [part.daemon for part in parts if isinstance(part.daemon, Service)]
        _together([part for part in parts if not isinstance(part.daemon, Service)],
                  lambda part: part.daemon.start())
        if ours:
            self._write_configuration()
        for service in ours:
            self._start_service(service)
        for service in ours:
            service.await_ready()

    def _start_service(self, service: Service) -> None:
        """Service.start, with a socket on the machine's loopback for the API."""
        if service.kind != 'api' or service.current():
            service.start()
            return
        service.stop()
        with services.listen(self.settings.port) as listener:
            self.settings.port = listener.getsockname()[1]
            self.state.save(self.settings)
            Service(service.host, service.kind, service.files, listener).start()

    def _write_configuration(self) -> None:
        topology = self.topology
        broker, database = topology.rabbitmq().url, topology.mariadb().url
        for kind in config.CONTROLLER_KINDS:
            config.put(topology.controller, kind, config.control(
                self.state, topology.controller, kind, broker, database))
        for host in topology.computes:
            config.put(host, 'compute', config.compute(self.state, self.settings, host, broker))

    def _seed(self) -> None:
        seed.seed(self.client())
        wanted = {('nova-conductor', CONTROLLER), ('nova-scheduler', CONTROLLER)}
        wanted |= {('nova-compute', host.name) for host in self.topology.computes}
        seed.await_services(self.client(), wanted)

    def _remove_hosts(self) -> bool:
        """Every network with the lab's prefix, and whatever runs in it or in a host's mounts."""
        spaces = [NetNs(path.name) for path in NETNS_DIRECTORY.glob(f'{self.state.prefix}-*')]
        holders = [holder_of(root) for root in self.state.path.glob('hosts/*')]
        end_all(spaces, filter(None, holders))
        for space in spaces:
            space.cleanup()
        return bool(spaces)


def _together(items: Iterable[Any], work: Callable[[Any], None]) -> None:
    """Do it for all at once; when all are through, the first failure is raised."""
    items = list(items)
    with ThreadPoolExecutor(max_workers=max(1, len(items))) as pool:
        for done in [pool.submit(work, item) for item in items]:
            done.result()
