# SPDX-License-Identifier: Apache-2.0
"""A lab of two real hosts to do harm to, with real guests at the source."""
import concurrent.futures
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import libvirt

from nova_lite.lab.command import LabError
from nova_lite.lab.host import Host
from nova_lite.lab.lab import Lab
from nova_lite.lab.netns import NETNS_DIRECTORY
from tests.chaos import lab_verdict
from tests.chaos.lab_watch import LabWatch
from tests.lab import control
from tests.lab.cloud import Cloud, Server
from tests.lab.rawguest import connected

SOURCE, DESTINATION = 'compute1', 'compute2'
# slow enough that a copy is still under way when the blow falls, fast enough that it ends
OPTIONS = '''
[DEFAULT]
cpu_allocation_ratio = 16
max_concurrent_live_migrations = 0
rpc_response_timeout = 20
graceful_shutdown_timeout = 5
sync_power_state_interval = 10
[libvirt]
live_migration_bandwidth = {bandwidth}
live_migration_permit_post_copy = true
'''
BANDWIDTH = 10      # MiB/s
BOOT_TIMEOUT = 240  # s for the first word of an emulated guest: others boot, and tick, beside it


class LabStage:
    """``servers``: those that live at the source and are well, kept from group to group."""

    def __init__(self) -> None:
        # not a private directory: the broker's and the database's accounts have to enter it
        self.lab = Lab(Path(tempfile.mkdtemp(prefix='lab-')))
        self.orders = Path(tempfile.mkdtemp(prefix='nova-lite-moments-'))
        self.servers: list[Server] = []
        self.cloud = Cloud(self.lab)
        self._opened = contextlib.ExitStack()

    def open(self) -> None:
        os.environ['NOVA_LITE_MOMENTS'] = str(self.orders)      # the services inherit it
        self._opened.callback(shutil.rmtree, self.orders)
        self._opened.callback(self._down)
        self.lab.up(hosts=2, with_services=False)
        self.lab.state.extra.write_text(OPTIONS.format(bandwidth=BANDWIDTH))
        self.lab.up(with_services=True)
        self.watch = self._opened.enter_context(LabWatch(self.lab.topology.computes))

    def close(self) -> None:
        self._opened.close()

    def _down(self) -> None:
        self.lab.down()
        left = list(NETNS_DIRECTORY.glob(f'{self.lab.state.prefix}-*'))
        assert not left, f'the lab left network namespaces: {left}'

    def host(self, name: str) -> Host:
        return self.lab.topology.host(name)

    def part(self, kind: str, host: str | None = None) -> Any:
        """The daemon of this kind: the only one, or the one on ``host``."""
        return self.lab.choose(kind, host)[0].daemon

    def logs(self) -> dict[str, str]:
        return {f'{part.kind}-{part.host}': part.log.read_text(errors='replace')
                for part in self.lab.topology.parts() if part.log.exists()}

    # -- servers ---------------------------------------------------------------------------------
    def furnish(self, count: int) -> list[Server]:
        """``count`` servers at the source, booted where they are short."""
        # one for each core: emulated guests that boot side by side wait for one another
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            self.servers += pool.map(lambda _: self._boot(), range(count - len(self.servers)))
        return self.servers[:count]

    def _boot(self) -> Server:
        server = self.cloud.boot(host=SOURCE)
        with server.watch() as watch:
            watch.wait_ticks(1, timeout=BOOT_TIMEOUT)
        return server

    def discard(self, server: Server) -> None:
        self.servers.remove(server)
        server.delete()

    # -- looking ---------------------------------------------------------------------------------
    def look(self, uuids: Iterable[str], dead: set[str]) -> dict[str, lab_verdict.Seen]:
        """LabError while the database is away."""
        uuids = list(uuids)
        migrations: dict[str, list[dict[str, Any]]] = {}
        for row in control.query(self.lab, 'uuid, instance_uuid, status, reason',
                                 'migrations ORDER BY id'):
            migrations.setdefault(row['instance_uuid'], []).append(row)
        instances = {row['uuid']: row for row in control.query(
            self.lab, 'uuid, host, vm_state, task_state', 'instances WHERE deleted = 0')}
        claims = {(row['consumer_uuid'], row['host'])
                  for row in control.query(self.lab, 'consumer_uuid, host', 'claims')}
        hosts = {host.name: self._look_at(host, uuids) for host in self.lab.topology.computes}
        return {uuid: lab_verdict.Seen(
            uuid, migrations.get(uuid, [None])[-1], instances.get(uuid), hosts, claims,
            {row['uuid'] for row in migrations.get(uuid, ())}, uuid in dead) for uuid in uuids}

    def _look_at(self, host: Host, uuids: list[str]) -> lab_verdict.Host:
        named = host.processes('-uuid')
        words = [Path(f'/proc/{process.pid}/cmdline') for process in named]
        texts = []
        for path in words:
            with contextlib.suppress(OSError):      # it ended meanwhile
                texts.append(path.read_bytes().split(b'\0'))
        return lab_verdict.Host(
            self.domains(host.name), {path.name for path in (host.root / 'instances').iterdir()},
            {uuid for uuid in uuids if any(uuid.encode() in text for text in texts)})

    def domains(self, host: str) -> dict[str, str] | None:
        """State by uuid as libvirt says; None when it does not answer."""
        found = {}
        try:
            with connected(self.host(host)) as libvirtd:
                for domain in libvirtd.listAllDomains():
                    with contextlib.suppress(libvirt.libvirtError):     # it went meanwhile
                        found[domain.UUIDString()] = _NAMES.get(domain.state()[0], 'crashed')
        except libvirt.libvirtError:
            return None
        return found

    def copied(self, server: Server) -> int:
        """Bytes of the server's memory that have left the source so far."""
        with contextlib.suppress(libvirt.libvirtError, LabError), \
                connected(self.host(SOURCE)) as libvirtd:
            return libvirtd.lookupByUUIDString(server.id).jobStats().get('memory_processed', 0)
        return 0


_NAMES = {libvirt.VIR_DOMAIN_RUNNING: 'running', libvirt.VIR_DOMAIN_BLOCKED: 'idle',
          libvirt.VIR_DOMAIN_PAUSED: 'paused', libvirt.VIR_DOMAIN_SHUTDOWN: 'in shutdown',
          libvirt.VIR_DOMAIN_SHUTOFF: 'shut off', libvirt.VIR_DOMAIN_CRASHED: 'crashed'}


@contextlib.contextmanager
def opened() -> Iterator[LabStage]:
    stage = LabStage()
    try:
        stage.open()
        yield stage
    finally:
        stage.close()
