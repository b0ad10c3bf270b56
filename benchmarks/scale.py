# SPDX-License-Identifier: Apache-2.0
"""scale: what a cloud of 10 to 5,000 simulated hosts with 20 servers each costs.

Real RabbitMQ and MariaDB, one API, conductor and scheduler, and compute processes that each speak
for many hosts. Per size: how long the scheduler takes to choose, what heartbeats and resource
reports cost while nothing moves, how long one host takes to drain, and each process's memory.
"""
import collections
import json
import subprocess
import sys
import time
from collections.abc import Sequence

import sqlalchemy as sa

from benchmarks import ground
from benchmarks.crowd import HOSTS_OF_A_PROCESS, Crowd
from benchmarks.figures import Plot, Result, Table, percentile
from benchmarks.ground import say
from nova_lite.lab.servers import MariaDB, RabbitMQ
from nova_lite.migration import migration_states

EACH = 20
SIZES = (10, 100, 1000, 5000)
SELECTS = 500
IDLE_SECONDS = 30
DRAIN_LIMIT = 300
HEAD = ['hosts', 'servers', 's to ready', 'select p50 ms', 'select p99 ms', 'drain s',
        'heartbeats/s', 'SQL/s', 'idle CPU %', 'of which', 'largest nova-lite process MB',
        'broker MB', 'database MB']


def run(quick: bool, sizes: Sequence[int] = ()) -> Result:
    result = Result('scale')
    table = Table('Cost by size', HEAD, [])
    result.tables.append(table)
    rows = []
    for size in sizes or (SIZES[:2] if quick else SIZES):
        with ground.servers() as (broker, database, work):
            rows.append(one_size(Crowd(work, broker.url, database.url, size, EACH), broker,
                                 database, result, quick))
        table.rows.append([rows[-1][name] for name in HEAD])
    result.plots.append(plot(rows))
    result.notes.append(
        f'{EACH} servers on each host; a compute process speaks for up to {HOSTS_OF_A_PROCESS} '
        'hosts; a heartbeat of each host every 10 s.')
    return result


def plot(rows: list[dict]) -> Plot:
    names = ('select p50 ms', 'select p99 ms', 'drain s', 'idle CPU %',
             'largest nova-lite process MB')
    return Plot('Cost against size', 'hosts', 'ms, s, %, MB', {
        name: [(row['hosts'], row[name]) for row in rows] for name in names}, log=True)


def one_size(cloud: Crowd, broker: RabbitMQ, database: MariaDB, result: Result,
             quick: bool) -> dict:
    hosts = len(cloud.hosts)
    say(f'{hosts} hosts with {hosts * EACH} servers')
    began = time.monotonic()
    with ground.running(cloud):
        ready = time.monotonic() - began
        processes = {name: process.pid for name, process in cloud.processes.items()}
        processes |= {'broker': broker.pid, 'database': database.pid}
        say(f'ready after {ready:.0f} s; choosing')
        chosen = choose(cloud, 100 if quick else SELECTS)
        result.add(f'select_destinations, {hosts} hosts', chosen)
        say('idle')
        idle = at_rest(cloud, processes, 10 if quick else IDLE_SECONDS)
        say('draining')
        drained = drain(cloud, cloud.hosts[0])
        result.add(f'drain of {EACH} servers, {hosts} hosts', [drained], 's')
        memory = {name: ground.rss_of(pid) for name, pid in processes.items()}
    own = {name: value for name, value in memory.items() if name not in ('broker', 'database')}
    for kind, values in by_kind(own).items():
        result.add(f'memory of {kind}, {hosts} hosts', values, 'MB')
    return {'hosts': hosts, 'servers': hosts * EACH, 's to ready': ready,
            'select p50 ms': percentile(chosen, 0.5), 'select p99 ms': percentile(chosen, 0.99),
            'drain s': drained, **idle, 'largest nova-lite process MB': max(own.values()),
            'broker MB': memory['broker'], 'database MB': memory['database']}


def by_kind(values: dict[str, float]) -> dict[str, list[float]]:
    """compute-0, compute-1, ... count as compute."""
    found: dict[str, list[float]] = collections.defaultdict(list)
    for name, value in values.items():
        found[name.partition('-')[0]].append(value)
    return found


def choose(cloud: Crowd, count: int) -> list[float]:
    """Milliseconds of select_destinations as its caller sees it."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-m', 'benchmarks.choosing', str(count),
         *cloud._config('conductor')], stdout=subprocess.PIPE, check=True, timeout=300)
    return json.loads(done.stdout.splitlines()[-1])


def at_rest(cloud: Crowd, processes: dict[str, int], seconds: float) -> dict:
    """What the cloud does while nobody asks for anything."""
    engine = sa.create_engine(cloud.database_url)

    def counters() -> tuple[float, int, int, dict[str, float]]:
        with engine.connect() as link:
            beats = int(link.scalar(sa.text('SELECT SUM(report_count) FROM services')))
            statements = int(link.execute(sa.text(
                "SHOW GLOBAL STATUS LIKE 'Questions'")).one()[1])
        cpu = {name: ground.cpu_of(pid) for name, pid in processes.items()}
        return time.monotonic(), beats, statements, cpu

    began, beats, statements, cpu = counters()
    time.sleep(seconds)
    ended, beats_after, statements_after, cpu_after = counters()
    engine.dispose()
    passed = ended - began
    used = {kind: sum(values) / passed * 100 for kind, values in by_kind(
        {name: cpu_after[name] - cpu[name] for name in cpu}).items()}
    return {'heartbeats/s': (beats_after - beats) / passed,
            'SQL/s': (statements_after - statements) / passed, 'idle CPU %': sum(used.values()),
            'of which': ', '.join(f'{kind} {value:.1f}' for kind, value in sorted(
                used.items(), key=lambda item: -item[1])[:4])}


def drain(cloud: Crowd, host: str) -> float:
    """Disable the host and move all its servers away at once; seconds until the last has left."""
    service = next(row for row in cloud.get(f'/os-services?host={host}')['services'])
    cloud.request('PUT', f'/os-services/{service["id"]}',
                  {'status': 'disabled'}).raise_for_status()
    uuids = cloud.guests[host]
    began = time.monotonic()
    cloud.live_migrate_all(uuids)

    def ends() -> list[str]:
        found = cloud.get(f'/os-migrations?source_compute={host}&limit=1000')['migrations']
        return [row['status'] for row in found if row['status'] in migration_states.FINAL]

    cloud.wait_for(lambda: len(ends()) == len(uuids), f'{host} to be drained', DRAIN_LIMIT)
    seconds = time.monotonic() - began
    assert set(ends()) == {'completed'}, cloud.get(f'/os-migrations?source_compute={host}')
    left = cloud.get(f'/servers/detail?host={host}&all_tenants=1')['servers']
    assert left == [], left
    return seconds
