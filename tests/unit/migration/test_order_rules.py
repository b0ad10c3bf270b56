# SPDX-License-Identifier: Apache-2.0
"""The table of orders, walked: every task with all that a hypervisor can say of the guest."""
import itertools
from pathlib import Path

import pytest

from nova_lite.compute import orders
from nova_lite.migration import order_rules, task_states
from nova_lite.migration.order_rules import (
    ACT,
    AS_IT_IS,
    GUESTS,
    PLACE,
    RECORD,
    REFUSE,
    RUNS,
    TASKS,
    WAIT,
)

CASES = list(itertools.product(TASKS, GUESTS))

# column: runs, paused, saved, off, absent, leaving, incoming, no answer
EXPECTED = {
    'scheduling': [PLACE] * 8,
    'spawning': [RECORD, RECORD, ACT, ACT, ACT, REFUSE, REFUSE, WAIT],
    'powering-on': [RECORD, AS_IT_IS, ACT, ACT, ACT, REFUSE, REFUSE, WAIT],
    'powering-off': [ACT, ACT, RECORD, RECORD, RECORD, REFUSE, REFUSE, WAIT],
    'rebooting': [ACT, ACT, ACT, ACT, ACT, REFUSE, REFUSE, WAIT],
    'rebooting_hard': [ACT, ACT, ACT, ACT, ACT, REFUSE, REFUSE, WAIT],
    'pausing': [ACT, RECORD, REFUSE, REFUSE, REFUSE, REFUSE, REFUSE, WAIT],
    'unpausing': [RECORD, ACT, REFUSE, REFUSE, REFUSE, REFUSE, REFUSE, WAIT],
    'suspending': [ACT, ACT, RECORD, REFUSE, REFUSE, REFUSE, REFUSE, WAIT],
    'resuming': [RECORD, AS_IT_IS, ACT, ACT, ACT, REFUSE, REFUSE, WAIT],
    'deleting': [ACT, ACT, ACT, ACT, ACT, ACT, ACT, WAIT],
}


@pytest.mark.parametrize('task, guest', CASES)
def test_decide_whatever_is_ordered_and_seen_is_as_written_down(task, guest):
    assert order_rules.decide(task, guest).action == EXPECTED[task][GUESTS.index(guest)]


def test_rules_when_walked_are_all_needed():
    assert {order_rules.decide(*case) for case in CASES} == set(order_rules.RULES)


def test_tasks_when_compared_with_the_words_of_a_server_are_all_but_the_moves():
    words = {value for name, value in vars(task_states).items() if name.isupper()}
    assert set(TASKS) == words - {task_states.MIGRATING}
    assert set(order_rules.OUTCOMES) == set(orders.EVENTS) == set(TASKS) - {
        task_states.SCHEDULING}


def test_decide_when_the_task_is_unknown_says_so():
    with pytest.raises(LookupError, match='migrating'):
        order_rules.decide(task_states.MIGRATING, RUNS)


def test_pformat_when_printed_has_a_line_for_each_rule():
    lines = order_rules.pformat().splitlines()
    assert len(lines) == 1 + len(order_rules.RULES)
    assert all(rule.why in line for rule, line in zip(order_rules.RULES, lines[1:], strict=False))


def test_pformat_when_the_document_shows_it_is_this_one():
    document = Path(order_rules.__file__).parents[2] / 'doc' / 'recovery.md'
    assert order_rules.pformat() in document.read_text()
