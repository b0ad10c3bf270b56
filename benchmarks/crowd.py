# SPDX-License-Identifier: Apache-2.0
"""A cloud of many simulated hosts with servers on all of them, made in a minute.

One server is booted as always; the rest are copies of its rows under other names on other hosts.
Their guests are made by the compute processes (many_hosts.py), each of which has a simulated world
of its own: those of the first process have twice the memory, so that what leaves one of its hosts
goes to another one of the same world.
"""
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from oslo_utils import uuidutils

from benchmarks.ground import Cloud
from nova_lite.db import models

HOSTS_OF_A_PROCESS = 200
MEMORY_MB = 1 << 18
ROWS_AT_ONCE = 2000
INSTANCES, CLAIMS = models.Instance.__table__, models.Claim.__table__
NODES = models.ComputeNode.__table__


class Crowd(Cloud):
    """``hosts`` hosts with ``each`` servers."""

    def __init__(self, directory: Path, broker: str, database: str, hosts: int, each: int) -> None:
        names = tuple(f'h{number:05}' for number in range(hosts))
        self.each = each
        self.guests = {name: [uuidutils.generate_uuid() for _ in range(each)] for name in names}
        super().__init__(directory, broker, database, names, level='none', overrides={
            'simulation': {'path': '', 'memory_mb': MEMORY_MB}})

    @property
    def computes(self) -> list[str]:
        return [name for name in self.processes if name.startswith('compute')]

    def start_all(self) -> None:
        self.run_manage('db', 'sync')
        for name in ('conductor', 'scheduler', 'api'):
            self.start(name)
        for number, begin in enumerate(range(0, len(self.hosts), HOSTS_OF_A_PROCESS)):
            self._start_computes(number, self.hosts[begin:begin + HOSTS_OF_A_PROCESS])
        self.wait_for(lambda: self._ready() == len(self.hosts), f'{len(self.hosts)} hosts',
                      timeout=900)
        self.wait_for(lambda: self.is_ready('api'), 'the API')
        self._settle_servers()

    def _start_computes(self, number: int, hosts: tuple[str, ...]) -> None:
        name = f'compute-{number}'
        guests, own = (self.directory / f'{name}.{kind}' for kind in ('json', 'conf'))
        guests.write_text(json.dumps({host: self.guests[host] for host in hosts}))
        memory = MEMORY_MB * (1 if number else 2)
        own.write_text(f'[simulation]\nmemory_mb = {memory}\n')
        self.spawn(name, ['benchmarks.many_hosts', str(guests), *self._config('compute'),
                          f'--config-file={own}'])

    def _ready(self) -> int:
        """How many hosts have started."""
        return sum(self.whole_log(name).count('nova-lite-compute ready')
                   for name in self.computes)

    def _settle_servers(self) -> None:
        """Rows for all guests, like those of a server that was made in the usual way."""
        pattern = self.boot('pattern', self.hosts[0], self.make_flavor())
        engine = sa.create_engine(self.database_url)
        with engine.begin() as link:
            server, claim = (dict(link.execute(sa.select(table).where(column == pattern))
                                  .mappings().one())
                             for table, column in ((INSTANCES, INSTANCES.c.uuid),
                                                   (CLAIMS, CLAIMS.c.consumer_uuid)))
            pairs = [(host, uuid) for host, uuids in self.guests.items() for uuid in uuids]
            _insert(link, INSTANCES, [
                {**server, 'uuid': uuid, 'host': host, 'node': host,
                 'display_name': f'server-{number}', 'hostname': f'server-{number}'}
                for number, (host, uuid) in enumerate(pairs)])
            _insert(link, CLAIMS, [{**claim, 'consumer_uuid': uuid, 'host': host}
                                   for host, uuid in pairs])
            memory, vcpus, disk = (claim[kind] * self.each
                                   for kind in ('memory_mb', 'vcpus', 'disk_gb'))
            link.execute(sa.update(NODES).values(
                vcpus_used=NODES.c.vcpus_used + vcpus,
                memory_mb_used=NODES.c.memory_mb_used + memory,
                free_ram_mb=NODES.c.free_ram_mb - memory,
                local_gb_used=NODES.c.local_gb_used + disk,
                free_disk_gb=NODES.c.free_disk_gb - disk))
        engine.dispose()
        self.request('DELETE', f'/servers/{pattern}').raise_for_status()


def _insert(link: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Rows that are copies: without the pattern's id."""
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        link.execute(sa.insert(table), [
            {name: value for name, value in row.items() if name != 'id'}
            for row in rows[begin:begin + ROWS_AT_ONCE]])
