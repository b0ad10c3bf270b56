# SPDX-License-Identifier: Apache-2.0
"""What a host does with an order for a server: one table, from what is seen to what is done.

It is read whenever a host carries out an order: when the message comes, when the host starts, and
when it looks again. So an order whose message was lost, or whose first run was cut short at any
point, ends as if nothing had happened. Moves have a table of their own, recovery.py. Run this
module to print the table: ``python -m nova_lite.migration.order_rules``.
"""
from typing import NamedTuple

from nova_lite.migration import location, tables, vm_states
from nova_lite.migration.task_states import (
    DELETING,
    PAUSING,
    POWERING_OFF,
    POWERING_ON,
    REBOOTING,
    REBOOTING_HARD,
    RESUMING,
    SCHEDULING,
    SPAWNING,
    SUSPENDING,
    UNPAUSING,
)

# what the hypervisor says of the guest
RUNS = 'runs'
PAUSED = 'paused'          # there, and its CPUs stand
SAVED = 'saved'            # off, with its memory on disk
OFF = 'off'                # a definition and nothing that runs
ABSENT = 'absent'
LEAVING = 'leaving'        # a copy to another host is under way, or has stopped it
INCOMING = 'incoming'      # the unfinished half of a copy to here
AWAY = 'no answer'

# what a word of location.py is here
GUEST = {location.RUNNING: RUNS, location.PAUSED: PAUSED, location.SUSPENDED: PAUSED,
         location.LEAVING: LEAVING, location.LEFT_BEHIND: LEAVING, location.INCOMING: INCOMING,
         location.OFF: OFF, location.SAVED: SAVED, location.MIGRATED: OFF,
         location.ABSENT: ABSENT, location.NO_ANSWER: AWAY}

GUESTS = (RUNS, PAUSED, SAVED, OFF, ABSENT, LEAVING, INCOMING, AWAY)
TASKS = (SCHEDULING, SPAWNING, POWERING_ON, POWERING_OFF, REBOOTING, REBOOTING_HARD, PAUSING,
         UNPAUSING, SUSPENDING, RESUMING, DELETING)

# what to do
PLACE = 'a conductor finds a host'
ACT = 'carry it out'
RECORD = 'write that it is done'
AS_IT_IS = 'write what the guest is'
REFUSE = 'give the server back as it was, with a fault'
WAIT = 'look again later'

# what a server is when it is done; None: gone
OUTCOMES: dict[str, str | None] = {
    SPAWNING: vm_states.ACTIVE, POWERING_ON: vm_states.ACTIVE, POWERING_OFF: vm_states.STOPPED,
    REBOOTING: vm_states.ACTIVE, REBOOTING_HARD: vm_states.ACTIVE, PAUSING: vm_states.PAUSED,
    UNPAUSING: vm_states.ACTIVE, SUSPENDING: vm_states.SUSPENDED, RESUMING: vm_states.ACTIVE,
    DELETING: None}


class Rule(NamedTuple):
    tasks: tuple[str, ...]
    guest: tuple[str, ...]
    action: str
    why: str


NOTHING_RUNS = (SAVED, OFF, ABSENT)
ELSEWHERE = (LEAVING, INCOMING)

# the first rule that fits is the one
RULES = (
    Rule((SCHEDULING,), GUESTS, PLACE, 'no host has it; a lost conductor is replaced by another'),
    Rule(TASKS, (AWAY,), WAIT, 'nothing can be known or done without the hypervisor'),
    Rule((DELETING,), GUESTS, ACT, 'a deletion goes before everything; its move is ended first'),
    Rule(TASKS, ELSEWHERE, REFUSE, 'another host has a part in it'),

    Rule((SPAWNING,), (RUNS, PAUSED), RECORD, 'it is started last, so all of it is there'),
    Rule((SPAWNING,), NOTHING_RUNS, ACT, 'what was half made is made anew'),

    Rule((POWERING_ON, RESUMING), (RUNS,), RECORD, 'it runs already'),
    Rule((POWERING_ON, RESUMING), (PAUSED,), AS_IT_IS, 'it is on, and somebody paused it'),
    Rule((POWERING_ON, RESUMING), NOTHING_RUNS, ACT,
         'it goes on from its saved memory, or boots; a lost definition is made again'),

    Rule((POWERING_OFF,), (RUNS, PAUSED), ACT, 'it is on'),
    Rule((POWERING_OFF,), NOTHING_RUNS, RECORD, 'nothing runs'),

    Rule((REBOOTING, REBOOTING_HARD), GUESTS, ACT,
         'a reboot that was cut short is begun again, whatever is left of the guest'),

    Rule((PAUSING,), (RUNS,), ACT, 'it runs'),
    Rule((PAUSING,), (PAUSED,), RECORD, 'it is paused already'),
    Rule((UNPAUSING,), (PAUSED,), ACT, 'it is paused'),
    Rule((UNPAUSING,), (RUNS,), RECORD, 'it runs already'),
    Rule((SUSPENDING,), (RUNS, PAUSED), ACT, 'it is on'),
    Rule((SUSPENDING,), (SAVED,), RECORD, 'its memory is saved already'),
    Rule((PAUSING, UNPAUSING), NOTHING_RUNS, REFUSE, 'nothing runs'),
    Rule((SUSPENDING,), (OFF, ABSENT), REFUSE, 'there is no memory to save'),
)


def decide(task: str, guest: str) -> Rule:
    """The rule for what is seen. LookupError when there is none, which a test rules out."""
    for rule in RULES:
        if task in rule.tasks and guest in rule.guest:
            return rule
    raise LookupError(f'no rule for {task} of a guest that is {guest}')


def vm_state_of(guest: str) -> str:
    """What a server is whose guest is that."""
    return {RUNS: vm_states.ACTIVE, PAUSED: vm_states.PAUSED,
            SAVED: vm_states.SUSPENDED}.get(guest, vm_states.STOPPED)


def pformat() -> str:
    """The table as text, one rule a line."""
    rows = [('task', 'guest', 'action', 'why'),
            *((tables.words(rule.tasks, TASKS), tables.words(rule.guest, GUESTS), rule.action,
               rule.why) for rule in RULES)]
    return '\n'.join(tables.lines_of(rows))


if __name__ == '__main__':
    print(pformat())
