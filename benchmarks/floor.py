# SPDX-License-Identifier: Apache-2.0
"""What the broker and the database take by themselves, beside what a migration asks of them.

The milliseconds of an empty call and of the smallest transactions, multiplied by the number of
calls and statements that a migration waits for before its copy begins: the part of its time that
no code of nova-lite can save.
"""
import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks import steps
from benchmarks.figures import Result, Table

COUNT = 200
CALL, READ, WRITE, MORE = ('an empty RPC call', 'a SELECT in its own transaction',
                           'an UPDATE in its own transaction', 'one more statement in it')
# what runs beside the way to the copy, or is none of the migration's
BESIDE = ('_try', *steps.BACKGROUND)


def add(options: list[str], events: list[dict[str, Any]], result: Result) -> None:
    """Measure, and say how much of the way to the copy that is. ``options``: of a conductor;
    ``events``: what benchmarks.trace has seen of one migration."""
    python = [sys.executable, '-W', 'ignore', '-m', 'benchmarks.echo']
    with subprocess.Popen([*python, 'serve', *options], stdout=subprocess.PIPE,
                          text=True) as server:
        try:
            assert server.stdout.readline() == 'ready\n'
            done = subprocess.run([*python, str(COUNT), *options], stdout=subprocess.PIPE,
                                  timeout=300)
        finally:
            server.terminate()
    assert done.returncode == 0, done.stdout.decode()
    found = json.loads(done.stdout.splitlines()[-1])
    for name, values in found.items():
        result.add(name, values)
    result.tables.append(table(on_the_way(events), {
        name: statistics.median(values) for name, values in found.items()}))


def on_the_way(events: list[dict[str, Any]]) -> dict[str, float]:
    """How many of each a migration waits for between POST and the copy; a cast is half a call."""
    copy = next(event['began'] for event in events
                if event['kind'] == 'driver' and event['what'] == 'live_migration')
    before = [event for event in events if event['at'] < copy and event.get('by') not in BESIDE]
    transactions: dict[tuple, list[str]] = {}
    for event in before:
        if event['kind'] == 'sql':
            transactions.setdefault((event['process'], event['by'], event['wanting']), []).append(
                event['what'])
    reading = sum(all(text.startswith('SELECT') for text in texts)
                  for texts in transactions.values())
    return {CALL: sum({'call': 1, 'cast': 0.5}.get(event['kind'], 0) for event in before),
            READ: reading, WRITE: len(transactions) - reading,
            MORE: sum(len(texts) - 1 for texts in transactions.values())}


def table(counts: dict[str, float], each: dict[str, float]) -> Table:
    rows: list[list[Any]] = [[name, float(counts[name]), each[name], counts[name] * each[name]]
                             for name in counts]
    rows.append(['all', '', '', sum(row[3] for row in rows)])
    return Table('From POST to the driver call: the part of RabbitMQ and MariaDB',
                 ['what', 'number', 'ms each', 'ms'], rows)
