# SPDX-License-Identifier: Apache-2.0
"""A simulated copy follows from its terms and the clock."""
import math
import random

import pytest

from nova_lite.virt.simulation import model

MIB = model.MIB


def make_copy(**given):
    return model.Copy(**{'memory': 1000 * MIB, 'bandwidth': 100 * MIB, 'downtime': 0.3,
                         'started': 0.0, 'clock': 0.0, **given})


def to_the_end(copy):
    phases = []
    while copy.phase != model.ARRIVED:
        copy = model.advance(copy, math.inf)
        phases.append(copy.phase)
    return copy, phases


def test_copy_when_guest_is_idle_then_takes_memory_by_bandwidth():
    copy, phases = to_the_end(make_copy())
    assert phases == [model.SWITCHOVER, model.ARRIVED]
    assert copy.clock == pytest.approx(model.SETUP_TIME + 10)
    assert copy.iteration == 1
    assert copy.sent == pytest.approx(1000 * MIB)


def test_copy_when_guest_writes_then_takes_passes_and_the_pause_is_within_what_is_allowed():
    copy, _ = to_the_end(make_copy(trace=((0.0, 50 * MIB),)))
    assert copy.iteration > 2
    assert copy.arrived_at - copy.stopped_at <= 0.3 + 0.001
    assert copy.sent > 1500 * MIB


def test_copy_when_disks_are_copied_then_they_go_first():
    copy = model.advance(make_copy(disk=500 * MIB), 3.0)
    assert (copy.phase, copy.sent_memory) == (model.DISK, 0)
    assert model.disk_left(copy) == pytest.approx(500 * MIB - 290 * MIB, abs=2)
    assert model.memory_left(copy) == 1000 * MIB
    assert to_the_end(copy)[0].clock == pytest.approx(model.SETUP_TIME + 15)


def test_copy_when_guest_writes_faster_than_the_link_then_never_ends():
    copy = model.advance(make_copy(trace=((0.0, 120 * MIB),)), 500.0)
    assert copy.clock == 500.0
    assert copy.phase == model.MEMORY


def test_copy_when_guest_calms_down_then_ends():
    copy, _ = to_the_end(make_copy(trace=((0.0, 120 * MIB), (60.0, 1.0 * MIB))))
    assert 60 < copy.clock < 90


def test_copy_when_auto_converge_is_on_then_the_guest_is_slowed_until_it_ends():
    copy, _ = to_the_end(make_copy(trace=((0.0, 120 * MIB),), auto_converge=True))
    assert copy.throttle >= 20


def test_copy_when_working_set_is_small_then_no_pass_is_larger():
    copy = model.advance(make_copy(trace=((0.0, 90 * MIB),), working_set=20 * MIB), math.inf)
    assert copy.phase == model.SWITCHOVER      # 20 MiB go over in 0.2 s
    assert copy.iteration == 1


def test_copy_when_allowed_pause_grows_then_ends_sooner():
    writing = make_copy(trace=((0.0, 95 * MIB),), downtime=0.05)
    assert model.advance(writing, 30.0).phase == model.MEMORY
    longer = make_copy(trace=((0.0, 95 * MIB),), downtime=9.9)
    assert model.advance(longer, 30.0).phase == model.SWITCHOVER


def test_copy_when_frozen_then_nothing_goes_over_but_the_guest_writes():
    copy = model.advance(make_copy(trace=((0.0, 10 * MIB),)), 5.0)
    frozen = model.advance(model.replace(copy, frozen=True), 25.0)
    assert frozen.sent == copy.sent
    assert frozen.dirtied == pytest.approx(copy.dirtied + 200 * MIB)


def test_copy_when_switched_to_postcopy_then_ends_after_what_is_left():
    copy = model.advance(make_copy(trace=((0.0, 120 * MIB),)), 15.0)
    moved = model.switch_to_postcopy(copy)
    assert moved.stopped_at == 15.0
    end, phases = to_the_end(moved)
    assert phases == [model.ARRIVED]
    assert end.clock <= 25.0


@pytest.mark.parametrize('seed', range(20))
def test_advance_when_looked_at_on_the_way_then_gives_the_same(seed):
    chance = random.Random(seed)
    copy = make_copy(disk=chance.choice([0, 300 * MIB]), auto_converge=chance.random() < 0.5,
                     working_set=chance.choice([math.inf, 400 * MIB]),
                     trace=tuple((float(at), chance.uniform(0, 110) * MIB)
                                 for at in range(0, 60, 15)))
    at_once = model.advance(copy, 40.0)
    on_the_way = copy
    for moment in sorted(chance.uniform(0, 40) for _ in range(100)) + [40.0]:
        on_the_way = model.advance(on_the_way, moment)
        if on_the_way.phase in (model.SWITCHOVER, model.ARRIVED):
            break
    assert (on_the_way.phase, on_the_way.iteration) == (at_once.phase, at_once.iteration)
    assert on_the_way.remaining == pytest.approx(at_once.remaining, abs=model.PAGE)
    assert on_the_way.clock == pytest.approx(at_once.clock)
