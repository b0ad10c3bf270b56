# SPDX-License-Identifier: Apache-2.0
"""The orders that a copy gets, from goals, from requests, and after a restart."""
import pytest

from nova_lite.migration.convergence import Decision
from nova_lite.migration.observations import Progress
from nova_lite.migration.schedules import Situation
from nova_lite.migration.steering import Steering
from nova_lite.virt.libvirt.helm import Helm
from tests.unit.virt.libvirt.test_monitor import PlayedGuest

PASS = Progress(iteration=3, memory_remaining=8000, speed=1000, dirty_rate=2000)


def helm(guest, goals=None, steering=None):
    return Helm(guest, guest, steering or Steering({'goals': goals}))


def test_begin_when_there_are_goals_then_sets_the_first_pause():
    guest = PlayedGuest([])
    helm(guest, {'max_downtime_ms': 200}).begin(2)
    assert guest.calls == [('set_max_downtime', 50)]
    guest.calls.clear()
    helm(guest).begin(2)
    assert guest.calls == []


@pytest.mark.parametrize(('if_not', 'refuses', 'calls', 'kept'), [
    ('force', (), ['pause'], 'pause'),
    ('postcopy', (), ['start_post_copy'], 'post_copy'),
    ('postcopy', ('start_post_copy',), ['pause'], 'pause'),
    ('abort', (), ['abort_job'], 'abort')])
def test_steer_when_the_deadline_is_over_then_does_what_goals_say(if_not, refuses, calls, kept):
    guest, steering = PlayedGuest([], refuses=refuses), Steering(
        {'goals': {'deadline_s': 10, 'if_not': if_not}})
    steering.record(Decision('set_downtime', 100))
    helm(guest, steering=steering).steer(Situation(10.5, progress=PASS))
    assert [call[0] for call in guest.calls] == calls
    assert steering.decisions[-1]['kind'] == kept


def test_steer_when_force_is_refused_then_it_is_tried_again_and_kept_once():
    guest, steering = PlayedGuest([], refuses=('pause',)), Steering()
    at = helm(guest, steering=steering)
    at.force_complete()
    at.steer(Situation(1.0))
    assert steering.last('pause') is None
    guest.refuses = ()
    for _ in range(2):
        at.steer(Situation(1.0))
    assert [call[0] for call in guest.calls].count('pause') == 1
    assert steering.last('pause')['reason'] == 'asked for'


def test_helm_when_a_process_before_had_forced_it_then_is_not_forced_again_but_bounded():
    guest, steering = PlayedGuest([]), Steering({'goals': {'deadline_s': 10, 'if_not': 'force'}})
    steering.record(Decision('set_downtime', 100))
    steering.record(Decision('pause', reason='asked for'))
    at = helm(guest, steering=Steering(steering.stored()))
    at.steer(Situation(11.0, progress=PASS))
    assert guest.calls == []


def test_helm_when_a_process_before_was_told_to_abort_then_does():
    guest, steering = PlayedGuest([]), Steering()
    steering.record(Decision('abort', reason='aborted on request'))
    at = helm(guest, steering=Steering(steering.stored()))
    at.steer(Situation(1.0))
    assert guest.calls == [('abort_job',)] and at.abort_sent
    assert at.abort_reason == 'aborted on request'
