# SPDX-License-Identifier: Apache-2.0
"""What to do with a migration that nobody works on: one table, from what is seen to what is done.

It is read by the source's compute when it starts, and by a conductor when the source's compute is
down. What is seen is the migration's status and what either host says of the guest; a host that
does not answer is AWAY, which proves nothing. Run this module to print the table:
``python -m nova_lite.migration.recovery``.
"""
from typing import NamedTuple

from nova_lite.migration import location, tables
from nova_lite.migration.migration_states import POSTCOPY, PREPARING, QUEUED, RUNNING

# what a host says of a guest
RUNS = 'runs'              # whole, and nothing takes it away
LEAVING = 'leaving'        # whole or a half, with a copy to another host under way or just over
INCOMING = 'incoming'      # the unfinished half of a copy to here
OFF = 'off'                # a definition and nothing that runs
ABSENT = 'absent'
AWAY = 'away'              # no answer

# what a word of location.py is here
GUEST = {location.RUNNING: RUNS, location.PAUSED: RUNS, location.SUSPENDED: RUNS,
         location.LEAVING: LEAVING, location.LEFT_BEHIND: LEAVING, location.INCOMING: INCOMING,
         location.OFF: OFF, location.SAVED: OFF, location.MIGRATED: OFF,
         location.ABSENT: ABSENT, location.NO_ANSWER: AWAY}

PHASES = (QUEUED, PREPARING, RUNNING, POSTCOPY)
AT_SOURCE = (RUNS, LEAVING, OFF, ABSENT, AWAY)
AT_DESTINATION = (RUNS, INCOMING, OFF, ABSENT, AWAY)

# what to do
QUEUE = 'leave it in the queue'
PREPARE = 'undo the preparation and begin it again'
WATCH = 'watch the copy, or find out how it ended'
FINISH = 'confirm at the destination and complete'
ROLL_BACK = 'remove what was made at the destination, failed'
ASK_AGAIN = 'ask again, and give up after lost_host_timeout'
GIVE_UP = 'leave all as it is, error'


class Rule(NamedTuple):
    phase: str
    source: tuple[str, ...]
    destination: tuple[str, ...]
    action: str
    why: str


NOT_HERE = (OFF, ABSENT, AWAY)

# the first rule that fits is the one
RULES = (
    Rule(QUEUED, (AWAY,), AT_DESTINATION, ROLL_BACK,
         'nothing was done yet, and nobody is there to do it'),
    Rule(QUEUED, AT_SOURCE, AT_DESTINATION, QUEUE, 'its turn comes'),

    Rule(PREPARING, AT_SOURCE, (RUNS,), GIVE_UP,
         'no copy had begun, so the guest over there is not of our making'),
    Rule(PREPARING, (RUNS, LEAVING), AT_DESTINATION, PREPARE, 'no copy had begun'),
    Rule(PREPARING, (OFF, AWAY), AT_DESTINATION, ROLL_BACK,
         'no copy had begun, and there is nothing to copy'),
    Rule(PREPARING, (ABSENT,), AT_DESTINATION, GIVE_UP, 'the guest is on neither host'),

    Rule(RUNNING, (LEAVING,), AT_DESTINATION, WATCH, 'libvirt goes on without us'),
    Rule(RUNNING, (RUNS,), (RUNS,), GIVE_UP, 'two copies run, which nobody may choose between'),
    Rule(RUNNING, (RUNS,), AT_DESTINATION, ROLL_BACK, 'the copy has ended, the guest stayed'),
    Rule(RUNNING, NOT_HERE, (RUNS,), FINISH, 'the guest has arrived'),
    Rule(RUNNING, (AWAY,), AT_DESTINATION, ASK_AGAIN,
         'the copy may go on without our processes, or the source may have the guest'),
    Rule(RUNNING, (OFF, ABSENT), (INCOMING,), WATCH, 'the guest is about to arrive'),
    Rule(RUNNING, (OFF, ABSENT), (AWAY,), ASK_AGAIN, 'only the destination can tell'),
    Rule(RUNNING, (OFF, ABSENT), (OFF,), FINISH, 'the guest may have arrived and ended there'),
    Rule(RUNNING, (OFF,), (ABSENT,), ROLL_BACK, 'the guest ended before it had left'),
    Rule(RUNNING, (ABSENT,), (ABSENT,), GIVE_UP, 'the guest is on neither host'),

    Rule(POSTCOPY, AT_SOURCE, (RUNS,), FINISH, 'all of the guest has arrived'),
    Rule(POSTCOPY, (AWAY,), (INCOMING, AWAY), ASK_AGAIN,
         'the guest runs over there, the rest of its memory is here'),
    Rule(POSTCOPY, (RUNS, LEAVING, OFF, ABSENT), (INCOMING, AWAY), WATCH,
         'the guest runs over there, the rest of its memory is here'),
    Rule(POSTCOPY, AT_SOURCE, (OFF, ABSENT), GIVE_UP, 'the guest ended with a part of its memory'),
)


def decide(phase: str, source: str, destination: str) -> Rule:
    """The rule for what is seen. LookupError when there is none, which a test rules out."""
    for rule in RULES:
        if rule.phase == phase and source in rule.source and destination in rule.destination:
            return rule
    raise LookupError(f'no rule for {phase}, source {source}, destination {destination}')


def pformat() -> str:
    """The table as text, one rule a line."""
    rows = [('phase', 'source', 'destination', 'action', 'why'),
            *((rule.phase, tables.words(rule.source, AT_SOURCE),
               tables.words(rule.destination, AT_DESTINATION), rule.action, rule.why)
              for rule in RULES)]
    return '\n'.join(tables.lines_of(rows))


if __name__ == '__main__':
    print(pformat())
