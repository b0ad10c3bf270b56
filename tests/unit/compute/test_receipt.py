# SPDX-License-Identifier: Apache-2.0
"""What a receipt tells: every moment once, and each phase from the one to the next."""
import datetime

from oslo_utils import fixture as utils_fixture
import pytest

from nova_lite.compute import migration_states as states
from nova_lite.compute import receipt

START = datetime.datetime(2026, 1, 2, 3, 4, 5)
MOMENTS = [(states.ACCEPTED, 0), (states.QUEUED, 120), (states.PREPARING, 1000),
           (states.RUNNING, 1250), (receipt.COPIED, 9250), (states.COMPLETED, 9600)]


@pytest.fixture
def clock():
    with utils_fixture.TimeFixture(START) as found:
        yield found


def written(clock, moments):
    """A receipt with these moments, at so many ms after the start."""
    kept = None
    for moment, at in moments:
        clock.advance_time_delta(START + datetime.timedelta(milliseconds=at) - _now())
        kept = receipt.mark(kept, moment)
    return kept


def _now():
    return receipt.timeutils.utcnow()


def test_phases_when_it_completed_then_they_add_up_to_the_whole(clock):
    kept = written(clock, MOMENTS)
    found = receipt.phases(kept)
    assert found == {'checks': 120, 'queue': 880, 'preparing': 250, 'copy': 8000, 'post': 350}
    assert sum(found.values()) == MOMENTS[-1][1]
    assert receipt.phases(kept | {'copy': {'downtime_ms': 38}}) == found | {'switch_over': 38}


def test_phases_when_it_switched_to_post_copy_then_that_is_part_of_the_copy(clock):
    moments = MOMENTS[:4] + [(states.POSTCOPY, 3000)] + MOMENTS[4:]
    assert receipt.phases(written(clock, moments))['copy'] == 8000


@pytest.mark.parametrize('count', range(len(MOMENTS)))
def test_phases_when_it_ended_early_then_those_that_were_left_are_there(clock, count):
    kept = written(clock, MOMENTS[:count] + [(states.CANCELLED, 9999)])
    assert list(receipt.phases(kept | {'copy': {'downtime_ms': 300}})) == [
        'checks', 'queue', 'preparing', 'copy'][:max(0, count - 1)]


def test_phases_when_there_is_no_receipt_then_there_are_none():
    assert receipt.phases(None) == {}


def test_mark_when_a_moment_comes_again_then_the_first_time_counts_and_nothing_is_lost(clock):
    kept = written(clock, MOMENTS[:3]) | {'copy': {'iteration': 3}}
    again = receipt.mark(kept, states.QUEUED)
    assert again == kept
    assert receipt.mark(kept, states.RUNNING)['copy'] == {'iteration': 3}
    assert states.RUNNING not in kept['at']


@pytest.mark.parametrize(('status', 'copied', 'phase'), [
    (states.ACCEPTED, False, 'checks'), (states.QUEUED, False, 'queue'),
    (states.PREPARING, False, 'preparing'), (states.RUNNING, False, 'copy'),
    (states.POSTCOPY, False, 'post-copy'), (states.RUNNING, True, 'post'),
    (states.POSTCOPY, True, 'post'), (states.COMPLETED, True, None), (states.FAILED, False, None),
    (states.CANCELLED, True, None)])
def test_phase_when_asked_then_is_the_one_of_now(status, copied, phase):
    assert receipt.phase(status, {'at': {receipt.COPIED: 'x'} if copied else {}}) == phase
    if not copied:
        assert receipt.phase(status, None) == phase
