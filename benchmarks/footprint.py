# SPDX-License-Identifier: Apache-2.0
"""footprint: how soon each process is ready, and its memory idle and after 1,000 migrations."""
import time

from benchmarks import control_plane, ground
from benchmarks.figures import Plot, Result, Table
from benchmarks.ground import Cloud, say

HOSTS = ('h1', 'h2', 'h3')
SERVERS = 20
POLL = 0.02     # s between two looks into a log


def run(quick: bool) -> Result:
    result = Result('footprint')
    rounds, every = (2, 1) if quick else (50, 5)
    with ground.servers() as (broker, database, work):
        cloud = Cloud(work, broker.url, database.url, HOSTS, level='none')
        try:
            starts = start_in_turn(cloud, 1 if quick else 5)
            idle = memory(cloud)
            uuids = cloud.boot_many([(f'server-{number}', HOSTS[number % len(HOSTS)])
                                     for number in range(SERVERS)], cloud.make_flavor())
            readings = {0: memory(cloud)}
            for number in range(1, rounds + 1):
                control_plane.storm(cloud, uuids)
                if number % every == 0:
                    readings[number * SERVERS] = memory(cloud)
                    say(f'{number * SERVERS} migrations: {readings[number * SERVERS]}')
        finally:
            cloud.stop_all()
    evaluate(starts, idle, readings, result)
    return result


def start_in_turn(cloud: Cloud, times: int) -> dict[str, list[float]]:
    """Start each process so many times, one after the other; seconds until each says that it
    serves. The last of each stays."""
    cloud.run_manage('db', 'sync')
    found: dict[str, list[float]] = {}
    for name in ('conductor', 'scheduler', *(f'compute-{host}' for host in cloud.hosts), 'api'):
        for turn in range(times):
            began = time.monotonic()
            cloud.start(name)
            while not cloud.is_ready(name):
                assert cloud.processes[name].poll() is None, cloud.log(name)
                time.sleep(POLL)
            found.setdefault(name.partition('-')[0], []).append(time.monotonic() - began)
            if turn + 1 < times:
                cloud.processes[name].terminate()
                cloud.processes[name].wait(60)
    return found


def memory(cloud: Cloud) -> dict[str, float]:
    """MB of each process."""
    return {name: ground.rss_of(process.pid) for name, process in cloud.processes.items()}


def evaluate(starts: dict[str, list[float]], idle: dict[str, float],
             readings: dict[int, dict[str, float]], result: Result) -> None:
    for kind, seconds in starts.items():
        result.add(f'start to ready, {kind}', [value * 1000 for value in seconds])
    last, half = max(readings), sorted(readings)[len(readings) // 2]
    rows = []
    for name, value in idle.items():
        after, middle = readings[last][name], readings[half][name]
        rows.append([name, value, readings[0][name], middle, after, after - middle])
        result.ratios[f'footprint.ratio_memory_{name}'] = after / middle
    result.tables.append(Table(
        'Memory, MB', ['process', 'idle', f'with {SERVERS} servers', f'after {half} migrations',
                       f'after {last}', 'growth since half-way'], rows))
    for name in idle:
        result.add(f'memory of {name}', [reading[name] for reading in readings.values()], 'MB')
    result.plots.append(Plot('Memory', 'migrations', 'MB', {
        name: [(count, reading[name]) for count, reading in sorted(readings.items())]
        for name in idle}))
