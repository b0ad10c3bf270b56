# SPDX-License-Identifier: Apache-2.0
"""control-plane: what nova-lite adds to a migration whose copy takes no time.

Real RabbitMQ and MariaDB, a process for each service and each host. One migration at a time for
the figures, then many at once; statements and messages are counted in a run of their own, since
counting costs time.
"""
import collections
import time
from typing import Any

from benchmarks import floor, ground, steps
from benchmarks.figures import Plot, Result, Table
from benchmarks.ground import Cloud, say
from nova_lite import action_events
from nova_lite.migration import migration_states

WARM_UP = 5
# s until the steps that nobody waits for are over as well: a trace has no end to wait on
BESIDE = action_events.TOGETHER + 0.5


def run(quick: bool) -> Result:
    result = Result('control-plane')
    hosts = tuple(f'h{number}' for number in range(1, 5 if quick else 21))
    levels = (1, 8) if quick else (1, 10, 50, 200)
    with ground.servers() as (broker, database, work):
        (work / 'counted').mkdir()
        with ground.running(Cloud(work / 'counted', broker.url, database.url, hosts[:3],
                                  level='all')) as cloud:
            say('counting statements and messages')
            count(cloud, result)
        (work / 'timed').mkdir()
        with ground.running(Cloud(work / 'timed', broker.url, database.url, hosts)) as cloud:
            flavor = cloud.make_flavor() if not cloud.get('/flavors')['flavors'] else \
                cloud.get('/flavors')['flavors'][0]['id']
            say('one migration at a time')
            one_at_a_time(cloud, result, flavor, 10 if quick else 100)
            say('many at once')
            many_at_once(cloud, result, flavor, levels)
    return result


# -- counts --------------------------------------------------------------------------------------
def count(cloud: Cloud, result: Result) -> None:
    """Statements and messages of one migration, by step, after a few to warm up."""
    uuid = cloud.boot_many([('counted', cloud.hosts[0])], cloud.make_flavor())[0]
    for _ in range(WARM_UP):
        migrate(cloud, uuid)
    time.sleep(BESIDE)
    began = time.monotonic()
    migrate(cloud, uuid)
    time.sleep(BESIDE)
    seen = [event for event in cloud.traced() if began <= event['at']]
    result.tables += steps.tables(seen)
    say('what the broker and the database take by themselves')
    floor.add(cloud._config('conductor'), seen, result)


# -- one at a time -------------------------------------------------------------------------------
def migrate(cloud: Cloud, uuid: str) -> dict[str, float]:
    """Move a server and wait for the end; seconds from the POST to the answer, and the times."""
    before = len(cloud.migrations(uuid))
    cleaned = cloud.watch_driver('post_live_migration_at_source', uuid)
    began = time.monotonic()
    response = cloud.live_migrate(uuid)
    answered = time.monotonic()
    assert response.status_code == 202, response.text
    # the API tells only who asks, and asking costs the cores that the migration needs: not before
    # it is nearly over
    cloud.wait_for(cleaned, f'{uuid} to leave')
    while True:
        known = cloud.migrations(uuid)
        if len(known) > before and known[0]['status'] in migration_states.FINAL:
            assert known[0]['status'] == 'completed', known[0]
            return {'began': began, 'answered': answered}
        time.sleep(0.02)


def one_at_a_time(cloud: Cloud, result: Result, flavor: str, samples: int) -> None:
    uuid = cloud.boot_many([('single', cloud.hosts[0])], flavor)[0]
    for _ in range(WARM_UP):
        migrate(cloud, uuid)
    runs = [migrate(cloud, uuid) for _ in range(samples)]
    receipts = {row['began']: row for row in spans(cloud.traced(), uuid, runs)}
    rows = [receipts[run['began']] for run in runs]
    milliseconds = {
        'POST to 202': [run['answered'] - run['began'] for run in runs],
        'POST to the driver call at the source': [row['called'] - row['began'] for row in rows],
        'of which in the driver': [row['driver_before'] for row in rows],
        'POST to ACTIVE without the copy': [
            row['ended'] - row['began'] - row['copy'] for row in rows],
    }
    for name, values in milliseconds.items():
        result.add(name, [value * 1000 for value in values])


def spans(events: list[dict[str, Any]], uuid: str, runs: list[dict[str, float]]) -> list[dict]:
    """For each run: when the driver was called for the copy, how long that took, when the source
    had cleaned up (the status follows by one message), and what the driver took before."""
    mine = [event for event in events if event['kind'] == 'driver' and event['uuid'] == uuid]
    ends = [run['began'] for run in runs[1:]] + [float('inf')]
    found = []
    for run, until in zip(runs, ends, strict=False):
        inside = [event for event in mine if run['began'] <= event['began'] < until]
        copy = next(event for event in inside if event['what'] == 'live_migration')
        found.append({
            'began': run['began'], 'called': copy['began'], 'copy': copy['at'] - copy['began'],
            'ended': max(event['at'] for event in inside),
            'driver_before': sum(event['at'] - event['began'] for event in inside
                                 if event['at'] <= copy['began'])})
    return found


# -- many at once --------------------------------------------------------------------------------
def many_at_once(cloud: Cloud, result: Result, flavor: str, levels: tuple[int, ...]) -> None:
    hosts = cloud.hosts
    uuids = cloud.boot_many([(f'many-{number}', hosts[number % len(hosts)])
                             for number in range(max(levels))], flavor)
    table = Table('Many migrations at once', ['at once', 'completed', 'seconds to the last',
                                              'migrations/s', 'CPU s of'], [])
    points = []
    for level in levels:
        cpu = cpu_seconds(cloud)
        seconds = storm(cloud, uuids[:level])
        used = {kind: value - cpu[kind] for kind, value in cpu_seconds(cloud).items()}
        busiest = ', '.join(f'{kind} {value:.1f}' for kind, value in sorted(
            used.items(), key=lambda item: -item[1])[:4])
        table.rows.append([level, level, seconds, level / seconds, busiest])
        points.append((level, level / seconds))
        result.add(f'{level} at once: seconds to the last', [seconds], 's')
    result.tables.append(table)
    result.plots.append(Plot('Throughput', 'migrations at once', 'migrations/s',
                             {'completed': points}))


def storm(cloud: Cloud, uuids: list[str]) -> float:
    """Ask for all of them at once; seconds until the last is completed."""
    last = max((row['id'] for row in newest(cloud, 1)), default=0)
    began = time.monotonic()
    cloud.live_migrate_all(uuids)

    def all_ended() -> bool:
        rows = newest(cloud, len(uuids))
        return (min(row['id'] for row in rows) > last
                and all(row['status'] in migration_states.FINAL for row in rows))

    # asking costs what is measured
    cloud.wait_for(all_ended, f'{len(uuids)} migrations', 300, min(0.5, 0.02 * len(uuids)))
    seconds = time.monotonic() - began
    ends = {row['instance_uuid']: row['status'] for row in newest(cloud, len(uuids))}
    assert ends == dict.fromkeys(uuids, 'completed'), ends
    return seconds


def newest(cloud: Cloud, count: int) -> list[dict[str, Any]]:
    return cloud.get(f'/os-migrations?limit={count}')['migrations']


def cpu_seconds(cloud: Cloud) -> collections.Counter:
    """CPU time so far by kind of process."""
    found: collections.Counter = collections.Counter()
    for name, process in cloud.processes.items():
        found[name.partition('-')[0]] += ground.cpu_of(process.pid)
    return found
