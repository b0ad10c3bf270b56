# SPDX-License-Identifier: Apache-2.0
"""What a receipt tells: every moment once, and each phase from the one to the next."""
import datetime

import pytest

from nova_lite.migration import migration_states as states
from nova_lite.migration import timings

START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
MOMENTS = [(states.ACCEPTED, 0), (states.QUEUED, 120), (states.PREPARING, 1000),
           (states.RUNNING, 1250), (timings.COPIED, 9250), (states.COMPLETED, 9600)]


def written(moments, reading=None):
    """A receipt with these moments, at so many ms after the start, and the copy's last reading."""
    times = {moment: START + datetime.timedelta(milliseconds=at) for moment, at in moments}
    copied, marks = times.pop(timings.COPIED, None), None
    for status, at in times.items():
        marks = timings.mark(marks, status, at)
    return timings.of(marks, copied, reading, None)


def test_phases_when_it_completed_then_they_add_up_to_the_whole():
    found = timings.phases(written(MOMENTS))
    assert found == {'checks': 120, 'queue': 880, 'preparing': 250, 'copy': 8000, 'post': 350}
    assert sum(found.values()) == MOMENTS[-1][1]
    assert timings.phases(written(MOMENTS, {'downtime_ms': 38})) == found | {'switch_over': 38}


def test_phases_when_it_switched_to_post_copy_then_that_is_part_of_the_copy():
    moments = MOMENTS[:4] + [(states.POSTCOPY, 3000)] + MOMENTS[4:]
    assert timings.phases(written(moments))['copy'] == 8000


@pytest.mark.parametrize('count', range(len(MOMENTS)))
def test_phases_when_it_ended_early_then_those_that_were_left_are_there(count):
    kept = written(MOMENTS[:count] + [(states.CANCELLED, 9999)], {'downtime_ms': 300})
    assert list(timings.phases(kept)) == [
        'checks', 'queue', 'preparing', 'copy'][:max(0, count - 1)]


def test_phases_when_there_is_no_receipt_then_there_are_none():
    assert timings.phases(None) == {}


def test_mark_when_a_moment_comes_again_then_the_first_time_counts_and_nothing_is_lost():
    kept = timings.mark(timings.mark(None, states.ACCEPTED, START), states.QUEUED, START)
    again = timings.mark(kept, states.QUEUED, START + datetime.timedelta(seconds=1))
    assert again == kept
    assert set(timings.mark(kept, states.RUNNING, START)) == {*kept, states.RUNNING}
    assert states.RUNNING not in kept


def test_of_when_the_copy_has_ended_then_what_it_came_to_is_there():
    marks = {states.ACCEPTED: START.isoformat()}
    assert timings.of(None, None, None, None) is None
    assert timings.of(marks, None, {'iteration': 1}, {'decisions': []}) == {'at': marks}
    assert timings.of(marks, START, {'iteration': 3, 'percent': 100},
                      {'goals': None, 'decisions': ['pause'], 'trend': []}) == {
        'at': {**marks, timings.COPIED: START.isoformat()}, 'copy': {'iteration': 3},
        'goals': None, 'decisions': ['pause']}


@pytest.mark.parametrize(('status', 'copied', 'phase'), [
    (states.ACCEPTED, False, 'checks'), (states.QUEUED, False, 'queue'),
    (states.PREPARING, False, 'preparing'), (states.RUNNING, False, 'copy'),
    (states.POSTCOPY, False, 'post-copy'), (states.RUNNING, True, 'post'),
    (states.POSTCOPY, True, 'post'), (states.COMPLETED, True, None), (states.FAILED, False, None),
    (states.CANCELLED, True, None)])
def test_phase_when_asked_then_is_the_one_of_now(status, copied, phase):
    assert timings.phase(status, {'at': {timings.COPIED: 'x'} if copied else {}}) == phase
    if not copied:
        assert timings.phase(status, None) == phase
