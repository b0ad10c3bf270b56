# SPDX-License-Identifier: Apache-2.0
"""A whole nova-lite to do harm to: its processes, a broker, a database, simulated hosts."""
import concurrent.futures
import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from nova_lite.lab.servers import MariaDB, RabbitMQ
from nova_lite.virt.simulation import snapshot
from nova_lite.virt.simulation.world import World
from tests.chaos.link import Link
from tests.fixtures import waiting
from tests.fixtures.processes import Deployment

TIME_SCALE = 1.0
SOURCE, DESTINATION = 'src', 'dst'
OVERRIDES = {
    'DEFAULT': {'report_interval': 1, 'service_down_time': 6, 'rpc_response_timeout': 10,
                'update_resources_interval': 2, 'sync_power_state_interval': 10,
                'graceful_shutdown_timeout': 5, 'lost_host_timeout': 120,
                'max_concurrent_live_migrations': 0},
    # so slow a link that a guest which writes a lot does not get over it without post-copy
    'simulation': {'vcpus': 128, 'memory_mb': 262144, 'bandwidth': 256, 'time_scale': TIME_SCALE},
    'libvirt': {'live_migration_permit_post_copy': 'true'},
}


class Stage:
    """Made once for several groups of cells, and again after one that left something behind."""

    def __init__(self, hosts: tuple[str, ...] = (SOURCE, DESTINATION)) -> None:
        self.hosts = hosts
        # not under a private directory: the servers run under accounts of their own
        self._directory = Path(tempfile.mkdtemp(prefix='chaos-'))
        self._directory.chmod(0o711)
        self.rabbitmq = RabbitMQ(self._directory / 'rabbitmq')
        self.database = MariaDB(self._directory / 'mariadb')
        self._opened = contextlib.ExitStack()

    def open(self) -> None:
        self._opened.callback(shutil.rmtree, self._directory, ignore_errors=True)
        for server in (self.database, self.rabbitmq):
            self._opened.callback(server.stop)
            server.start()
        self.broker_link = self._opened.enter_context(Link(self.rabbitmq.port))
        here = self._directory / 'nova-lite'
        here.mkdir(mode=0o700)
        self.orders = here / 'moments'
        self.orders.mkdir()
        url = self.rabbitmq.url
        self.deployed = Deployment(
            here, url, self.database.url, hosts=self.hosts, overrides=OVERRIDES,
            own={f'compute-{self.hosts[0]}': {'transport_url': url.replace(
                f':{self.rabbitmq.port}/', f':{self.broker_link.port}/')}},
            environment={'NOVA_LITE_MOMENTS': str(self.orders)})
        self._opened.callback(self.deployed.stop_all)
        self.deployed.start_all()
        self.world = World(str(here / 'world'), TIME_SCALE)
        self._engine = sa.create_engine(self.database.url, pool_pre_ping=True,
                                        isolation_level='AUTOCOMMIT')
        self._opened.callback(self._engine.dispose)
        self.flavor = self.deployed.make_flavor()

    def close(self) -> None:
        self._opened.close()

    def logs(self) -> dict[str, str]:
        return {name: self.deployed.whole_log(name) for name in self.deployed.processes}

    # -- what the database says ------------------------------------------------------------------
    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of the database; an OperationalError while it is away."""
        with self._engine.connect() as link:
            found = link.execute(sa.text(statement), values).mappings()
            return [dict(row) for row in found]

    def migrations(self) -> dict[str, dict[str, Any]]:
        """The newest migration of each server."""
        return {row['instance_uuid']: row for row in self.rows(
            'SELECT * FROM migrations WHERE deleted = 0 ORDER BY id')}

    def instances(self) -> dict[str, dict[str, Any]]:
        return {row['uuid']: row for row in self.rows(
            'SELECT uuid, host, vm_state, task_state, power_state FROM instances '
            'WHERE deleted = 0')}

    def faults(self) -> dict[str, str]:
        """The newest of each server."""
        return {row['instance_uuid']: row['message'] for row in self.rows(
            'SELECT instance_uuid, message FROM instance_faults ORDER BY id')}

    def claims(self) -> set[tuple[str, str]]:
        """(consumer, host)."""
        return {(row['consumer_uuid'], row['host'])
                for row in self.rows('SELECT consumer_uuid, host FROM claims')}

    # -- servers ---------------------------------------------------------------------------------
    def boot(self, count: int) -> list[str]:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda number: self.deployed.boot(
                'guest', self.hosts[0], self.flavor),
                                 range(count)))

    def ask(self, method: str, path: str, body: Any = None) -> int:
        """Status of the answer; 0 when there was none."""
        try:
            return self.deployed.request(method, path, body).status_code
        except requests.RequestException:
            return 0

    def answer(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The same, and what was said: {} when there was nothing."""
        try:
            response = self.deployed.request(method, path, body)
            return response.status_code, response.json() if response.content else {}
        except requests.RequestException:
            return 0, {}

    def live_migrate(self, uuid: str) -> int:
        return self.ask('POST', f'/servers/{uuid}/action', {
            'os-migrateLive': {'host': None, 'block_migration': 'auto'}})


# a database that is away says nothing
wait_until = functools.partial(waiting.wait_until, interval=0.1, away=(sa.exc.DBAPIError,))


def read_world(world: World) -> dict[str, Any]:
    """The simulated world as it was saved last, without its locks."""
    return snapshot.read(world.path)


_open: list[Stage] = []


@contextlib.contextmanager
def opened(hosts: tuple[str, ...] = (SOURCE, DESTINATION)) -> Iterator[Stage]:
    stage = Stage(hosts)
    _open.append(stage)
    try:
        stage.open()
        yield stage
    finally:
        stage.close()
        _open.remove(stage)


def close_all() -> None:
    """End what is still open, for whoever is about to end before the lanes have."""
    for stage in _open:
        stage.close()
