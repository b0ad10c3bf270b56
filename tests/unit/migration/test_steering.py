# SPDX-License-Identifier: Apache-2.0
"""What governs a copy, over the life of more than one process."""
import json

from nova_lite.migration.convergence import Decision
from nova_lite.migration.observations import Progress
from nova_lite.migration.schedules import Limits, Situation
from nova_lite.migration.steering import KEPT, Steering
from nova_lite.virt.libvirt.migration import Options

LIMITS = Limits(completion_timeout=10, timeout_action='force_complete')
GOALS = {'goals': {'max_downtime_ms': 400, 'deadline_s': 60, 'if_not': 'abort'}}


def look(iteration, remaining, elapsed=5.0, downtime=100):
    return Situation(elapsed, downtime=downtime, progress=Progress(
        iteration=iteration, memory_remaining=remaining, disk_remaining=0, speed=1000,
        dirty_rate=1000))


def test_due_when_there_are_no_goals_then_novas_options_decide():
    [due] = Steering().due(Situation(20.1, downtime=50), LIMITS)
    assert due.kind == 'force_complete'
    assert Steering().permissions() == {}


def test_due_when_there_are_goals_then_they_decide_and_options_fill_the_gaps():
    assert Steering(GOALS).due(Situation(20.1, downtime=50), LIMITS) == []
    assert Steering(GOALS).due(Situation(60.1, downtime=50), LIMITS)[0].kind == 'abort'
    # no deadline among the goals: that of the options, but what to do then is the goals'
    partly = Steering({'goals': {'max_downtime_ms': 400}})
    assert partly.due(Situation(20.1, downtime=50), LIMITS)[0].kind == 'abort'
    assert Steering({'goals': {'deadline_s': 60}}).due(
        Situation(1), LIMITS)[0].value == LIMITS.downtime // 4


def test_due_when_forced_then_novas_bound_ends_it():
    forced = Situation(100.0, downtime=50, forced_for=61.0)
    assert Steering(GOALS).due(forced, LIMITS)[0].kind == 'abort'
    assert Steering(GOALS).due(forced._replace(forced_for=59.0), LIMITS) == []
    assert Steering(GOALS).due(forced._replace(post_copy=True), LIMITS) == []


def test_due_when_a_later_process_goes_on_then_decides_as_the_first_would_have():
    looks = [look(1, 9000), look(2, 500), look(3, 480), look(4, 490), look(5, 470)]
    alone = Steering(GOALS)
    expected = [alone.due(each, LIMITS) for each in looks]
    relay, made = Steering(GOALS), []
    for each in looks:
        relay = Steering(json.loads(json.dumps(relay.stored())))
        made.append(relay.due(each, LIMITS))
    assert made == expected
    assert [due[0].kind for due in made if due] == ['set_downtime'] * len([d for d in made if d])


def test_options_when_there_are_goals_then_they_say_what_the_copy_is_prepared_for():
    asked = Steering({'goals': {'if_not': 'postcopy'}})
    options = Options(permit_auto_converge=True)._replace(**asked.permissions())
    assert (options.permit_post_copy, options.permit_auto_converge) == (True, False)
    options = Options(permit_post_copy=True)._replace(**Steering(GOALS).permissions())
    assert (options.permit_post_copy, options.permit_auto_converge) == (False, True)
    assert asked.decisions[0]['kind'] == 'post_copy_ready'


def test_retune_when_there_were_no_goals_then_there_are_and_it_is_kept():
    steering = Steering()
    steering.retune({'bandwidth': 5}, 'ann')
    assert steering.goals is None and steering.decisions[0]['kind'] == 'set_bandwidth'
    steering.retune({'deadline_s': 30}, 'ann')
    assert steering.goals == (None, 30, 'abort')
    assert steering.decisions[1]['reason'] == 'deadline_s as asked for by ann'


def test_record_when_there_are_many_then_the_newest_are_kept():
    steering = Steering()
    for number in range(KEPT + 5):
        steering.record(Decision('set_downtime', number, 'why'))
    assert len(steering.decisions) == KEPT
    assert steering.last('set_downtime')['value'] == KEPT + 4
    assert 0 <= steering.age(steering.last('set_downtime')) < 60
    assert steering.last('abort') is None


def test_eta_when_asked_then_counts_memory_and_disks():
    now = look(2, 1000)
    disks = now._replace(progress=now.progress._replace(disk_remaining=1000))
    assert Steering(GOALS).eta(disks, LIMITS)[0] == 2.0
