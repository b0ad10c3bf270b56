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
# work of the service itself that falls into the time of the migration, and the lists of ``index``
# by which the benchmark learns of its end
BACKGROUND = ('service', 'Service._report', 'index')

# step -> why it is there
REASONS: dict[str, str] = {
    'Outbox._send_all': 'what listeners are told, beside the work; a message only where a '
                        'driver for notifications is set',
    '_load': 'the server that the request names, and whose it is',
    'API.live_migrate': 'one transaction: the server becomes migrating, the request is on record; '
                        'then it goes to a conductor',
    'API._start_action': "the server's action, which clients list",
    '_try': "the action's events, which clients list: what each step on each host was and came "
            'to; written beside the work, several together',
    'LiveMigrations.run': 'a conductor takes the migration, so that no other works on it',
    'LiveMigrationTask.check_source_is_up': 'a source that is down cannot be asked',
    'LiveMigrationTask.find_destination': 'what hypervisor the guest needs; the scheduler; then '
                                          'the chosen host, which may refuse',
    'SchedulerManager.select_destinations': 'begin and end, for listeners',
    'SchedulerManager._pages': 'hosts with room, by index',
    'SchedulerManager._claim': 'one transaction: room on the host is taken, and for whom',
    'LiveMigrationDestination.check': 'the source says whether the guest can leave',
    'LiveMigrationTask.record_destination': 'where it goes and on which terms, for whoever takes '
                                            'it up after a crash',
    'LiveMigrationTask.start_on_source': 'from here on the source works on it',
    'LiveMigrationQueue.put': "queued: the conductor's part is over; then places at both hosts "
                              'are counted and taken in one transaction, and the server is read '
                              'as it is now',
    'LiveMigrationQueue._start_next': 'a place is free again: what may start now',
    'check_expected': 'the destination makes nothing for a migration that is over; asked when its '
                      'check was a while ago',
    'LiveMigrationDestination.pre': 'begin and end, for listeners',
    'Move.prepare_destination': 'files and addresses at the destination, and a record of them for '
                                'whoever takes the migration up',
    'Move.move_guest': 'running, before the copy begins',
    'LiveMigrationDestination.post': 'begin and end, for listeners',
    'Move.confirm_at_destination': 'the guest runs there: nothing is removed here before that',
    'given_up': 'a conductor may have given this host up meanwhile; asked beside the destination',
    'Move._finish': 'one transaction: completed, the server ACTIVE on its new host, claims moved',
    'LiveMigrationQueue._wake_others': 'the destination has a place free: who waits for it',
}


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
    # a call is two messages; notifications are none, as no driver for them is set
    messages = 2 * total['call'] + total['cast']
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
