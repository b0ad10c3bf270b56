# SPDX-License-Identifier: Apache-2.0
"""The table of recovery, walked: every phase with all that two hosts can say."""
import itertools
from pathlib import Path

import pytest

from nova_lite.migration import migration_states, recovery
from nova_lite.migration.recovery import (
    ABSENT,
    ASK_AGAIN,
    AT_DESTINATION,
    AT_SOURCE,
    AWAY,
    FINISH,
    GIVE_UP,
    LEAVING,
    OFF,
    PHASES,
    PREPARE,
    QUEUE,
    ROLL_BACK,
    RUNS,
    WATCH,
)

CASES = list(itertools.product(PHASES, AT_SOURCE, AT_DESTINATION))

# row: source; column: destination runs, incoming, off, absent, away
EXPECTED = {
    'queued': {
        RUNS: [QUEUE] * 5, LEAVING: [QUEUE] * 5, OFF: [QUEUE] * 5, ABSENT: [QUEUE] * 5,
        AWAY: [ROLL_BACK] * 5},
    'preparing': {
        RUNS: [GIVE_UP, *[PREPARE] * 4], LEAVING: [GIVE_UP, *[PREPARE] * 4],
        OFF: [GIVE_UP, *[ROLL_BACK] * 4], ABSENT: [GIVE_UP] * 5,
        AWAY: [GIVE_UP, *[ROLL_BACK] * 4]},
    'running': {
        RUNS: [GIVE_UP, *[ROLL_BACK] * 4], LEAVING: [WATCH] * 5,
        OFF: [FINISH, WATCH, FINISH, ROLL_BACK, ASK_AGAIN],
        ABSENT: [FINISH, WATCH, FINISH, GIVE_UP, ASK_AGAIN],
        AWAY: [FINISH, *[ASK_AGAIN] * 4]},
    'running (post-copy)': {
        RUNS: [FINISH, WATCH, GIVE_UP, GIVE_UP, WATCH],
        LEAVING: [FINISH, WATCH, GIVE_UP, GIVE_UP, WATCH],
        OFF: [FINISH, WATCH, GIVE_UP, GIVE_UP, WATCH],
        ABSENT: [FINISH, WATCH, GIVE_UP, GIVE_UP, WATCH],
        AWAY: [FINISH, ASK_AGAIN, GIVE_UP, GIVE_UP, ASK_AGAIN]},
}


@pytest.mark.parametrize('phase, source, destination', CASES)
def test_decide_when_both_hosts_have_spoken_is_as_written_down(phase, source, destination):
    assert recovery.decide(phase, source, destination).action \
        == EXPECTED[phase][source][AT_DESTINATION.index(destination)]


@pytest.mark.parametrize('phase, source, destination', CASES)
def test_decide_whatever_is_seen_never_risks_the_guest(phase, source, destination):
    action = recovery.decide(phase, source, destination).action
    if action == ROLL_BACK:
        # a destination that may run the guest is not rolled back
        assert destination != RUNS or phase == 'queued'
        assert source in (RUNS, OFF) or phase in ('queued', 'preparing')
    if action == FINISH:
        # the source's copy is only cleared where it does not run
        assert source != RUNS or phase == migration_states.POSTCOPY
        assert destination in (RUNS, OFF)
    if action == PREPARE:
        assert phase == 'preparing' and source in (RUNS, LEAVING)


def test_rules_when_walked_are_all_needed_and_cover_every_status_that_is_taken_up():
    used = {recovery.decide(*case) for case in CASES}
    assert used == set(recovery.RULES)
    assert {migration_states.ACCEPTED, *PHASES} == set(migration_states.UNFINISHED)


def test_decide_when_the_phase_is_unknown_says_so():
    with pytest.raises(LookupError, match='accepted'):
        recovery.decide('accepted', RUNS, ABSENT)


def test_pformat_when_printed_has_a_line_for_each_rule():
    lines = recovery.pformat().splitlines()
    assert len(lines) == 1 + len(recovery.RULES)
    assert all(rule.why in line for rule, line in zip(recovery.RULES, lines[1:], strict=False))
    assert AWAY in lines[1]


def test_pformat_when_the_document_shows_it_is_this_one():
    document = Path(recovery.__file__).parents[2] / 'doc' / 'recovery.md'
    assert recovery.pformat() in document.read_text()
