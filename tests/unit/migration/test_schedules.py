# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite.conf import CONF
from nova_lite.migration import schedules
from nova_lite.migration.schedules import Limits, Situation

LIMITS = Limits(completion_timeout=10, timeout_action='abort')      # 20 s for 2 GiB


# -- while it runs --------------------------------------------------------------------------------
@pytest.mark.parametrize(('situation', 'due'), [
    (Situation(0.0), []),
    (Situation(1.0), [('set_downtime', 50)]),
    (Situation(1.0, downtime=50), []),
    (Situation(19.0, downtime=50), []),
    (Situation(1.0, post_copy=True), []),
    (Situation(99.0, post_copy=True), []),
    (Situation(99.0, forced_for=30.0), []),
])
def test_decide_when_within_limits_then_at_most_sets_the_downtime(situation, due):
    assert [found[:2] for found in schedules.decide(situation, LIMITS)] == due


@pytest.mark.parametrize('action', ['abort', 'force_complete'])
def test_decide_when_time_is_over_then_does_what_is_configured(action):
    [due] = schedules.decide(Situation(20.1, downtime=50), LIMITS._replace(timeout_action=action))
    assert due.kind == action
    assert '20 s' in due.reason and 'live_migration_completion_timeout' in due.reason


def test_decide_when_there_is_more_data_then_there_is_more_time():
    assert schedules.decide(Situation(99.0, data_gb=10, downtime=50), LIMITS) == []


def test_decide_when_there_is_no_limit_then_never_ends_it():
    late = Situation(1e9, downtime=500)
    assert schedules.decide(late, LIMITS._replace(completion_timeout=0)) == []
    assert schedules.decide(late._replace(forced_for=1e9),
                            LIMITS._replace(completion_timeout=0)) == []


@pytest.mark.parametrize(('per_gb', 'forced_for', 'ends'), [
    (10, 59.0, False), (10, 61.0, True), (50, 99.0, False), (50, 101.0, True)])
def test_decide_when_a_forced_copy_does_not_end_then_guest_is_not_paused_for_ever(
        per_gb, forced_for, ends):
    due = schedules.decide(Situation(1e6, forced_for=forced_for),
                           LIMITS._replace(completion_timeout=per_gb))
    assert [action.kind for action in due] == (['abort'] if ends else [])


def test_limits_when_options_change_then_are_read_anew(options):
    assert Limits.read(CONF.libvirt) == Limits(800, 'abort', 500, 10, 75)
    options.set('libvirt', live_migration_completion_timeout=5,
                live_migration_timeout_action='force_complete')
    assert Limits.read(CONF.libvirt)[:2] == (5, 'force_complete')


# -- schedules ------------------------------------------------------------------------------------
@pytest.mark.parametrize(('memory_mb', 'disks', 'size'), [
    (512, [], 2), (2048, [], 2), (5120, [], 5), (512, [10], 4), (4096, [0, 30 << 30], 36)])
def test_data_when_counted_then_each_part_is_two_gib_at_least(memory_mb, disks, size):
    assert schedules.data_gb(memory_mb, disks) == size


def test_completion_timeout_when_asked_then_is_per_gib():
    assert schedules.completion_timeout(800, 2) == 1600
    assert schedules.completion_timeout(7, 2.75) == 19
    assert schedules.completion_timeout(0, 100) == 0


def test_downtime_steps_when_defaults_then_grow_in_a_line():
    assert schedules.downtime_steps(500, 10, 75, 2) == [
        (0, 50), (150, 95), (300, 140), (450, 185), (600, 230), (750, 275), (900, 320),
        (1050, 365), (1200, 410), (1350, 455), (1500, 500)]


def test_downtime_steps_when_other_values_then_end_at_the_downtime():
    steps = schedules.downtime_steps(400, 10, 30, 3)
    assert [start for start, _ in steps] == list(range(0, 901, 90))
    assert [value for _, value in steps] == [40, 76, 112, 148, 184, 220, 256, 292, 328, 364, 400]


@pytest.mark.parametrize(('elapsed', 'value'), [
    (0, None), (0.1, 50), (150, 50), (150.1, 95), (1499, 455), (1501, 500), (99999, 500)])
def test_downtime_when_time_passes_then_is_that_of_the_step_reached(elapsed, value):
    steps = schedules.downtime_steps(500, 10, 75, 2)
    assert schedules.downtime_at(elapsed, steps) == value
