# SPDX-License-Identifier: Apache-2.0
"""Faults on order, by a test or by a server's metadata."""
import pytest

from nova_lite import exception
from nova_lite.virt.simulation import faults, model, state
from tests.unit.virt.simulation.acts import UUID, boot, move

MIB = model.MIB


def test_fault_when_it_hangs_a_copy_then_copy_stands_until_released(world, clock):
    boot(world)
    fault = world.script('live_migration@50', faults.HANG)
    move(world)
    clock.now += 100
    world.wait_hit(fault, timeout=1)
    assert world.job(UUID).copy.sent == pytest.approx(500 * MIB)
    world.release(fault)
    clock.now += 6
    assert world.places(UUID) == {'dst': state.RUNNING}


@pytest.mark.parametrize(('moment', 'action', 'status', 'places'), [
    ('start', faults.FAIL, state.FAILED, {'src': state.RUNNING}),
    ('50', faults.FAIL, state.FAILED, {'src': state.RUNNING}),
    ('switch-over', faults.FAIL, state.FAILED, {'src': state.RUNNING}),
    ('finish', faults.FAIL, state.LOST, {'src': state.PAUSED, 'dst': state.RUNNING}),
    ('finish', faults.LOSE_LINK, state.LOST, {'src': state.PAUSED, 'dst': state.RUNNING}),
    ('50', faults.POWER_OFF, state.FAILED, {'src': state.SHUTOFF}),
    ('50', faults.KILL_DESTINATION, state.FAILED, {'src': state.RUNNING}),
    ('switch-over', faults.KILL_DESTINATION, state.FAILED, {'src': state.RUNNING}),
    ('50', faults.LOSE_LINK, state.FAILED, {'src': state.RUNNING, 'dst': state.PAUSED}),
])
def test_fault_when_copy_meets_it_then_ends_as_a_real_one(
        world, clock, moment, action, status, places):
    boot(world)
    world.script(f'live_migration@{moment}', action, uuid=UUID)
    move(world)
    clock.now += 600
    assert world.places(UUID) == places
    assert world.job(UUID).status == status
    assert world.violations == []


def test_fault_when_step_is_a_method_then_driver_meets_it_as_often_as_ordered(world):
    world.script('pre_live_migration', host='dst', times=1)
    world.script('spawn', faults.REFUSE)
    world.script('destroy', error='HypervisorUnavailable')
    world.reach('pre_live_migration', 'src', UUID, {})
    with pytest.raises(faults.SimulatedFault):
        world.reach('pre_live_migration', 'dst', UUID, {})
    world.reach('pre_live_migration', 'dst', UUID, {})
    with pytest.raises(exception.MigrationPreCheckError):
        world.reach('spawn', 'dst', UUID, {})
    with pytest.raises(exception.HypervisorUnavailable):
        world.reach('destroy', 'dst', UUID, {})


def test_fault_when_asked_for_by_metadata_then_that_server_meets_it(world):
    with pytest.raises(faults.SimulatedFault):
        world.reach('pre_live_migration', 'dst', UUID, {'sim:fail': 'pre_live_migration'})
    world.reach('pre_live_migration', 'dst', 'another', {})
    world.reach('pre_live_migration', 'dst', 'another', {'sim:fail': 'what is that'})


@pytest.mark.parametrize(('step', 'action'), [
    ('no_such_method', faults.FAIL), ('spawn', faults.LOSE_LINK), ('live_migration@0', 'fail'),
    ('live_migration@101', faults.FAIL), ('spawn@50', faults.FAIL),
    ('live_migration@50', faults.REFUSE)])
def test_fault_when_it_cannot_be_then_is_refused(world, step, action):
    with pytest.raises(ValueError, match='use|no method'):
        world.script(step, action)
