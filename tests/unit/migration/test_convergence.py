# SPDX-License-Identifier: Apache-2.0
"""Decisions about a copy that is governed by goals: rule by rule, and over whole copies."""
from dataclasses import replace

import pytest

from nova_lite.migration import convergence
from nova_lite.migration.convergence import Facts, Goals, Trend
from nova_lite.virt.simulation import model

MIB = model.MIB
GOALS = Goals(max_downtime_ms=400, deadline_s=100, if_not='abort')
# pass 3: 4 MiB remain, which takes half a second, and as much is written as is sent
BUSY = Facts(elapsed=20, remaining=4 * MIB, bandwidth=8 * MIB, dirty_rate=8 * MIB, iteration=3,
             downtime=100)
STALLED = Trend(iteration=3, best=500, stalled=1, began=20, need=500)


def decide(facts=BUSY, trend=STALLED, goals=GOALS, fresh=True):
    return convergence.decide(facts, trend, goals, fresh)[:2]


# -- rule by rule ---------------------------------------------------------------------------------
@pytest.mark.parametrize('facts, goals, due', [
    (BUSY._replace(downtime=None), GOALS, ('set_downtime', 100)),
    (BUSY._replace(downtime=None), GOALS._replace(max_downtime_ms=2), ('set_downtime', 1)),
    # a retuned goal
    (BUSY._replace(downtime=500), GOALS, ('set_downtime', 400)),
    # a pause of 500 ms is more than allowed: as much as is allowed, and then no more
    (BUSY, GOALS, ('set_downtime', 400)),
    (BUSY._replace(downtime=400), GOALS, ('nothing', 0)),
    # it needs 250 ms, and gets a little more
    (BUSY._replace(remaining=2 * MIB), GOALS, ('set_downtime', 313)),
    # it ends by itself
    (BUSY._replace(remaining=MIB // 2), GOALS, ('nothing', 0)),
    # the next pass will be half as long
    (BUSY._replace(dirty_rate=4 * MIB), GOALS, ('nothing', 0)),
    # which is not waited for when the time is nearly up
    (BUSY._replace(dirty_rate=4 * MIB, elapsed=99), GOALS, ('set_downtime', 400)),
    (BUSY._replace(downtime=400, bandwidth=0), GOALS, ('nothing', 0)),
    (BUSY._replace(downtime=400, remaining=None), GOALS, ('nothing', 0)),
    # the deadline; a guest that is stopped or switched still needs the time for the rest
    (BUSY._replace(elapsed=99.9, downtime=400), GOALS, ('nothing', 0)),
    (BUSY._replace(elapsed=100), GOALS, ('abort', 0)),
    (BUSY._replace(elapsed=98.6), GOALS._replace(if_not='force'), ('pause', 0)),
    (BUSY._replace(elapsed=98.6), GOALS._replace(if_not='postcopy'), ('post_copy', 0)),
    (BUSY._replace(elapsed=98.4, downtime=400), GOALS._replace(if_not='force'), ('nothing', 0)),
    (BUSY._replace(elapsed=1e6, downtime=400), GOALS._replace(deadline_s=None), ('nothing', 0)),
])
def test_decide_when_seen_then_does_what_is_due(facts, goals, due):
    trend = STALLED._replace(iteration=facts.iteration, began=facts.elapsed)
    assert decide(facts, trend, goals) == due


def test_decide_when_in_the_first_pass_then_nobody_is_stopped_for_the_deadline():
    facts = BUSY._replace(elapsed=50, remaining=900 * MIB, iteration=1)
    goals = GOALS._replace(if_not='force')
    assert decide(facts, Trend(1), goals, fresh=False) == ('nothing', 0)
    assert decide(facts._replace(elapsed=100), Trend(1), goals, fresh=False) == ('pause', 0)


def test_decide_when_no_pass_begins_then_only_the_deadline_counts():
    assert decide(fresh=False) == ('nothing', 0)
    assert decide(BUSY._replace(elapsed=101), fresh=False) == ('abort', 0)


@pytest.mark.parametrize('stalled, due', [(2, 'nothing'), (3, 'post_copy')])
def test_decide_when_passes_win_nothing_then_post_copy_is_not_put_off(stalled, due):
    facts, goals = BUSY._replace(downtime=400), GOALS._replace(if_not='postcopy')
    assert decide(facts, STALLED._replace(stalled=stalled), goals)[0] == due


def test_decide_when_something_is_due_then_its_reason_names_the_figures():
    due = convergence.decide(BUSY, STALLED, GOALS, True)
    assert due.reason == ('pass 3 needs a pause of 500 ms, and the next would need no less '
                          '(8.0 MiB/s are written, 8.0 MiB/s are sent)')


def test_observe_when_passes_begin_then_counts_those_that_won_nothing():
    trend, looks = Trend(), [(1, 100), (2, 10), (2, 5), (3, 8), (4, 7.9), (5, 9), (6, 2)]
    seen = []
    for iteration, remaining in looks:
        trend = convergence.observe(trend, BUSY._replace(
            iteration=iteration, remaining=int(remaining * MIB), bandwidth=MIB))
        seen.append((round((trend.best or 0) / 1000, 1), trend.stalled))
    assert seen == [(0, 0), (10, 0), (10, 0), (8, 0), (7.9, 1), (7.9, 2), (2, 0)]
    assert convergence.observe(trend, BUSY._replace(iteration=None)) is trend


@pytest.mark.parametrize('dirty, deadline, expected', [
    (0, None, (0.5, 0.5)), (4 * MIB, None, (0.5, 0.9)), (8 * MIB, None, (0.5, None)),
    (8 * MIB, 60, (0.5, 40.0)), (4 * MIB, 20, (0.5, 0.5)), (None, None, (0.5, 0.5))])
def test_forecast_when_made_then_spans_rest_and_repeats(dirty, deadline, expected):
    found = convergence.forecast(BUSY._replace(dirty_rate=dirty), deadline)
    assert tuple(part and round(part, 1) for part in found) == expected
    assert convergence.forecast(BUSY._replace(remaining=None), deadline) == (None, None)


# -- over whole copies ----------------------------------------------------------------------------
def drive(goals, trace, memory=1024, speed=100, working_set=1024, step=0.1):
    """Copy a guest that writes as ``trace`` says ((s, MiB/s), ...) with the decisions carried out.
    Returns how it ended, the copy, and the decisions."""
    copy = model.Copy(memory=memory * MIB, bandwidth=speed * MIB, downtime=0.3, started=0.0,
                      clock=0.0, trace=tuple((at, rate * MIB) for at, rate in trace),
                      working_set=working_set * MIB)
    trend, downtime, made, forced = Trend(), None, [], False
    for _ in range(20000):
        copy = model.advance(copy, copy.clock + step)
        if copy.phase == model.ARRIVED:
            return 'completed', copy, made
        if copy.phase == model.SWITCHOVER or forced:
            continue
        facts = Facts(copy.clock, int(model.memory_left(copy)), int(copy.bandwidth),
                      int(copy.dirty_rate), copy.iteration, downtime)
        before, trend = trend, convergence.observe(trend, facts)
        due = convergence.decide(facts, trend, goals, trend != before)
        if due.kind == 'nothing':
            continue
        made.append((round(copy.clock, 1), *due[:2]))
        if due.kind == 'set_downtime':
            downtime = due.value
            copy = replace(copy, downtime=downtime / 1000)
        elif due.kind == 'pause':
            copy, forced = replace(copy, paused=True), True
        else:
            return due.kind, copy, made
    raise AssertionError('it goes on for ever')


STEADY = ((0, 20),)
FAST = ((0, 300),)
BURSTS = tuple(sorted([(at, 150) for at in range(0, 400, 10)]
                      + [(at, 0) for at in range(2, 400, 10)]))
QUIET_LATER = ((0, 300), (40, 5))


@pytest.mark.parametrize('trace, goals, ends', [
    (STEADY, Goals(300, 60), 'completed'),
    (BURSTS, Goals(300, 120), 'completed'),
    (QUIET_LATER, Goals(300, 120), 'completed'),
    (FAST, Goals(300, 60, 'abort'), 'abort'),
    (FAST, Goals(300, 60, 'force'), 'completed'),
    (FAST, Goals(300, 60, 'postcopy'), 'post_copy'),
    # the pause that it needs at its working set is allowed
    (FAST, Goals(20000, 120), 'completed')])
def test_copy_when_steered_then_ends_as_its_goals_want(trace, goals, ends):
    outcome, copy, made = drive(goals, trace)
    assert outcome == ends, made
    assert copy.clock <= goals.deadline_s + 1
    pauses = [value for _, kind, value in made if kind == 'set_downtime']
    assert pauses == sorted(pauses) and max(pauses) <= goals.max_downtime_ms


def test_copy_when_not_forced_then_keeps_the_downtime():
    for trace in (STEADY, BURSTS, QUIET_LATER):
        _, copy, made = drive(Goals(300, 120), trace)
        assert model.downtime_ms(copy) <= 300, made


def test_copy_when_forced_then_has_arrived_by_the_deadline():
    _, copy, made = drive(Goals(100, 40, 'force'), FAST)
    assert copy.arrived_at <= 41, (copy.arrived_at, made)
    assert made[-1][1] == 'pause' and made[-1][0] > 20, made      # and not sooner than needed


def test_copy_when_guest_converges_then_pause_is_no_longer_than_needed():
    _, copy, made = drive(Goals(4000, 300), STEADY)
    assert model.downtime_ms(copy) <= 1000, made
