# SPDX-License-Identifier: Apache-2.0
"""Decisions about real copies: what libvirt said of the lab's guests, which tests.control.traces
wrote down while nothing was decided.

A replay cannot show what a decision would have changed. So it ends where the copy would have: at a
decision that ends it, or when what remains fits into the pause that was allowed.
"""
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nova_lite.migration import convergence
from nova_lite.migration.convergence import Facts, Goals, Trend
from nova_lite.virt.simulation import model
from tests.unit.migration.test_convergence import drive

RECORDED = json.loads(Path(__file__).with_name('traces.json').read_text())
TRACES = {name: [dict(zip(RECORDED['columns'], row, strict=False)) for row in trace['looks']]
          for name, trace in RECORDED['traces'].items()}
# those of which the last look was not the end: they were given up
ENDLESS = {'busy', 'wide'}
LOOK = 1.0      # s, at most, between two looks
ENDS = 'it fits'


def facts_of(name):
    for seen in TRACES[name]:
        left = [seen[part] for part in ('memory_remaining', 'disk_remaining')
                if seen[part] is not None]
        yield Facts(seen['elapsed_ms'] / 1000, sum(left), seen['speed'], seen['dirty_rate'],
                    seen['iteration'], throttle=seen['throttle'])


def replay(name, goals):
    """(how it ended, the look at that, what was decided): ENDS, the kind of a decision that ends
    a copy, or None when the recording was over first."""
    trend, downtime, made, facts = Trend(), None, [], None
    for facts in facts_of(name):
        facts = facts._replace(downtime=downtime)
        before, trend = trend, convergence.observe(trend, facts)
        due = convergence.decide(facts, trend, goals, trend != before)
        if due.kind != convergence.NOTHING:
            made.append(due)
        if due.kind == convergence.SET_DOWNTIME:
            downtime = due.value
        elif due.kind != convergence.NOTHING:
            return due.kind, facts, made
        if trend.iteration > 1 and facts.rest is not None and facts.rest * 1000 <= downtime:
            return ENDS, facts, made
    return None, facts, made


def duration(name):
    return TRACES[name][-1]['elapsed_ms'] / 1000


def test_recordings_when_read_then_are_of_copies_of_several_passes():
    assert TRACES.keys() == {'idle', 'busy', 'wide', 'booting', 'slowed', 'disk'}
    for name, looks in TRACES.items():
        passes = [look['iteration'] for look in looks if look['iteration']]
        assert passes == sorted(passes) and passes[-1] > 2, name
        assert all(look['speed'] is None or look['speed'] >= 0 for look in looks)


@pytest.mark.parametrize('name', ['idle', 'booting', 'disk'])
@pytest.mark.parametrize('if_not', convergence.IF_NOT)
def test_copy_when_it_converges_then_ends_by_itself_whatever_was_to_be_done_else(name, if_not):
    ends, facts, made = replay(name, Goals(500, 120, if_not))
    assert ends == ENDS, made
    assert {due.kind for due in made} <= {convergence.SET_DOWNTIME}
    assert facts.elapsed <= duration(name)


@pytest.mark.parametrize('name', sorted(ENDLESS))
def test_copy_when_it_does_not_converge_then_aborted_at_its_deadline_and_not_before(name):
    deadline = int(duration(name)) - 5
    ends, facts, made = replay(name, Goals(20, deadline, 'abort'))
    assert ends == convergence.ABORT, made
    assert deadline <= facts.elapsed <= deadline + LOOK
    assert str(deadline) in made[-1].reason


@pytest.mark.parametrize('name', sorted(ENDLESS))
def test_copy_when_it_does_not_converge_then_forced_while_the_rest_still_fits(name):
    deadline = int(duration(name)) - 5
    ends, facts, made = replay(name, Goals(20, deadline, 'force'))
    assert ends == convergence.PAUSE, made
    left = deadline - facts.elapsed
    assert facts.rest - LOOK <= left <= facts.rest * 3 + 2 * convergence.HANDOVER, (left, facts)


def test_copy_when_passes_win_nothing_then_switched_long_before_its_deadline():
    ends, facts, made = replay('busy', Goals(20, 3600, 'postcopy'))
    assert ends == convergence.SWITCH, made
    assert facts.iteration > convergence.HOPELESS
    assert 'have won nothing' in made[-1].reason


@pytest.mark.parametrize(('name', 'allowed'), [('busy', 6000), ('wide', 12_000)])
def test_copy_when_the_pause_that_it_needs_is_allowed_then_gets_it_and_no_more(name, allowed):
    ends, facts, made = replay(name, Goals(allowed, 3600))
    assert ends == ENDS, made
    assert made[-1].kind == convergence.SET_DOWNTIME
    assert facts.rest * 1000 <= made[-1].value <= facts.rest * 1000 * convergence.MARGIN + 2


def test_copy_when_the_guest_is_slowed_then_the_recording_shows_it_and_it_ends():
    throttles = [facts.throttle for facts in facts_of('slowed') if facts.throttle]
    assert throttles == sorted(throttles) and throttles[-1] > throttles[0]
    slow = [facts.dirty_rate for facts in facts_of('slowed') if facts.throttle == throttles[-1]]
    fast = [facts.dirty_rate for facts in facts_of('slowed') if not facts.throttle]
    assert min(filter(None, slow)) < max(filter(None, fast))


@given(st.sampled_from(sorted(TRACES)), st.integers(1, 20_000), st.integers(1, 200),
       st.sampled_from(convergence.IF_NOT))
@settings(max_examples=300, deadline=None)
def test_copy_when_it_has_any_goals_then_keeps_within_them(name, pause, deadline, if_not):
    ends, facts, made = replay(name, Goals(pause, deadline, if_not))
    pauses = [due.value for due in made if due.kind == convergence.SET_DOWNTIME]
    assert pauses == sorted(pauses) and pauses[-1] <= pause
    assert all(due.reason for due in made)
    if ends == convergence.ABORT:
        assert if_not == 'abort' and facts.elapsed >= deadline
    elif ends == convergence.PAUSE:
        assert if_not == 'force'
    elif ends == convergence.SWITCH:
        assert if_not == 'postcopy'
    elif ends is None:      # nothing was due until the recording was over
        assert facts.elapsed < deadline


@pytest.mark.parametrize(('name', 'goals', 'ends'), [
    ('idle', Goals(500, 120), 'completed'), ('disk', Goals(500, 120), 'completed'),
    ('busy', Goals(100, 60, 'abort'), 'abort'), ('busy', Goals(100, 60, 'force'), 'completed'),
    ('busy', Goals(100, 60, 'postcopy'), 'post_copy'), ('busy', Goals(10_000, 60), 'completed'),
    ('booting', Goals(500, 120), 'completed'), ('wide', Goals(20, 60, 'abort'), 'abort')])
def test_copy_when_a_model_of_it_writes_as_recorded_then_ends_as_its_goals_want(name, goals, ends):
    """Here the decisions are carried out: the recorded rates, and a copy that obeys."""
    # in a pass shorter than a look, the rate is that of a few pages that are always being written
    known = [(look['elapsed_ms'] / 1000, look['dirty_rate'] / model.MIB)
             for before, look in itertools.pairwise(TRACES[name])
             if look['dirty_rate'] and before['iteration'] == look['iteration']]
    trace = [(0.0, known[0][1]), *known]
    area = {'idle': 16, 'busy': 24, 'wide': 64, 'booting': 32, 'disk': 16}[name]
    outcome, copy, made = drive(goals, trace, memory=TRACES[name][0]['memory_total'] / model.MIB,
                                speed=RECORDED['traces'][name]['link_mib'], working_set=area)
    assert outcome == ends, made
    assert copy.clock <= goals.deadline_s + 1
