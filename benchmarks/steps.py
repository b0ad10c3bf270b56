# SPDX-License-Identifier: Apache-2.0
"""The statements and messages of one migration, by step, each with its reason.

The reasons are a table beside the code that needs them: what is counted and has no reason here
shows as ``?`` in doc/performance.md, and is a candidate to go.
"""
import collections
import re
from typing import Any

from benchmarks.figures import Table

KINDS = ('sql', 'call', 'cast', 'notification')
# work of the service itself that happens to fall into the time of the migration
BACKGROUND = ('service', 'Service._report')

# step -> why it is there
REASONS: dict[str, str] = {}


def tables(events: list[dict[str, Any]]) -> list[Table]:
    """Totals, and counts by step in order of their first event."""
    mine = [event for event in events
            if event['kind'] in KINDS and event.get('by') not in BACKGROUND]
    counts: dict[tuple[str, str], collections.Counter] = {}
    for event in mine:
        key = (event['process'].partition('-')[0], event['by'])
        counts.setdefault(key, collections.Counter())[event['kind']] += 1
    total = collections.Counter(event['kind'] for event in mine)
    rows = [[process, step, *(count[kind] for kind in KINDS), REASONS.get(step, '?')]
            for (process, step), count in counts.items()]
    rows.append(['all', '', *(total[kind] for kind in KINDS), ''])
    # a call is two messages, the question and the answer
    messages = 2 * total['call'] + total['cast'] + total['notification']
    return [
        Table('One migration, totals', ['SQL statements', 'RPC calls', 'RPC casts',
                                        'notifications', 'broker messages'],
              [[*(total[kind] for kind in KINDS), messages]]),
        Table('One migration by step', ['process', 'step', 'SQL', 'calls', 'casts',
                                        'notifications', 'why'], rows),
        Table('RPC messages of one migration', ['process', 'step', 'message'], [
            [event['process'].partition('-')[0], event['by'], f'{event["kind"]} {event["what"]}']
            for event in mine if event['kind'] in ('call', 'cast')]),
        Table('SQL statements of one migration', ['process', 'step', 'for', 'statement'], [
            [event['process'].partition('-')[0], event['by'], event['wanting'],
             short(event['what'])] for event in mine if event['kind'] == 'sql'])]


def short(statement: str) -> str:
    """A statement without its list of columns."""
    statement = re.sub('^SELECT .*? \\n?FROM', 'SELECT ... FROM', statement)
    statement = re.sub(r'^(INSERT INTO \S+) .*', r'\1', statement)
    statement = re.sub(r'^(UPDATE \S+) SET (.*?) WHERE', _columns, statement)
    return statement if len(statement) <= 160 else statement[:157] + '...'


def _columns(found: re.Match) -> str:
    columns = ', '.join(re.findall(r'(\w+)=', found[2]))
    return f'{found[1]} SET {columns} WHERE'
