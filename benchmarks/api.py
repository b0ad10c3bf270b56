# SPDX-License-Identifier: Apache-2.0
"""api: what lists cost. Requests per second and times of one answer, at 1 and 16 connections.

Real RabbitMQ and MariaDB, one API process; the client is one process beside it, with a thread for
each connection, and reads each answer to its end.
"""
import threading
import time

from benchmarks import ground
from benchmarks.crowd import Crowd
from benchmarks.figures import Plot, Result, Table, percentile
from benchmarks.ground import say

EACH = 20
SERVERS = (100, 1000)
CONNECTIONS = (1, 16)
HEAD = ['request', 'servers', 'connections', 'requests/s', 'p50 ms', 'p99 ms', 'kB an answer']


def run(quick: bool) -> Result:
    result = Result('api')
    table = Table('Lists', HEAD, [])
    result.tables.append(table)
    for servers in SERVERS[:1] if quick else SERVERS:
        with ground.servers() as (broker, database, work):
            cloud = Crowd(work, broker.url, database.url, servers // EACH, EACH)
            say(f'{servers} servers')
            with ground.running(cloud):
                one_size(cloud, servers, 20 if quick else 100, result, table)
    lines = {f'{row[0]}, {row[1]} servers': [] for row in table.rows}
    for row in table.rows:
        lines[f'{row[0]}, {row[1]} servers'].append((row[2], row[3]))
    result.plots.append(Plot('Requests', 'connections', 'requests/s', lines, log=True))
    return result


def one_size(cloud: Crowd, servers: int, requests: int, result: Result, table: Table) -> None:
    moved = cloud.guests[cloud.hosts[0]][0]
    cloud.live_migrate(moved)       # so that the list of its migrations is one of a known server
    cloud.wait_for_migration(moved, 'completed')
    for name, path in (('GET /servers/detail', '/servers/detail?limit=1000'),
                       ('GET /servers', '/servers?limit=1000'),
                       ('GET /servers/{id}/migrations', f'/servers/{moved}/migrations'),
                       ('GET /os-migrations', f'/os-migrations?instance_uuid={moved}')):
        for connections in CONNECTIONS:
            say(f'{name} at {connections} connections')
            times, seconds, size = load(cloud, path, connections, requests)
            result.add(f'{name}, {servers} servers, {connections} connections', times)
            table.rows.append([name, servers, connections, len(times) / seconds,
                               percentile(times, 0.5), percentile(times, 0.99), size / 1000])


def load(cloud: Crowd, path: str, connections: int,
         requests: int) -> tuple[list[float], float, int]:
    """``requests`` answers over so many connections at once: ms of each, seconds of all, bytes of
    one. Each connection has made a request before."""
    times: list[float] = []
    failed: list[str] = []
    sizes: list[int] = []
    left = iter(range(requests))
    ready = threading.Barrier(connections + 1)

    def ask() -> float:
        began = time.perf_counter()
        response = cloud.request('GET', path)
        if response.status_code != 200:
            failed.append(response.text)
        sizes.append(len(response.content))
        return (time.perf_counter() - began) * 1000

    def work() -> None:
        try:
            ask()
        finally:
            ready.wait(60)
        times.extend(ask() for _ in left)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    ready.wait(60)
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    assert not failed, failed[0]
    return times, seconds, sizes[-1]
