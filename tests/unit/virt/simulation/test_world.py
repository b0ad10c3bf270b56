# SPDX-License-Identifier: Apache-2.0
"""The hands of a test in the simulated world: hosts, faults, and what stands there."""
import pytest

from nova_lite import exception
from nova_lite.virt.simulation import faults, hypervisor, state
from tests.unit.virt.simulation.acts import UUID, boot, control


def test_configure_when_a_compute_starts_later_with_other_options_then_stays(world):
    world.configure('src', memory_mb=123)
    world.add_host('src', memory_mb=456, vcpus=7)
    assert (world.host('src').memory_mb, world.host('src').vcpus) == (123, 7)


def test_hypervisor_when_it_is_restarted_then_does_not_know_why_guests_are_off(world):
    boot(world)
    control(world, hypervisor.destroy, 'src', UUID)
    assert world.guest('src', UUID).reason == state.DESTROYED
    world.stop_hypervisor('src')
    assert not world.is_up('src')
    world.start_hypervisor('src')
    assert world.is_up('src') and world.guest('src', UUID).reason == state.UNKNOWN


def test_ticks_when_the_guest_is_not_there_then_not_found(world):
    with pytest.raises(exception.InstanceNotFound):
        world.ticks('src', UUID)


@pytest.mark.parametrize(('action', 'error'), [
    (faults.REFUSE, exception.MigrationPreCheckError), (faults.FAIL, Exception)])
def test_reach_when_a_fault_was_put_there_then_it_is_met_once(world, action, error):
    order = world.script('pre_live_migration', action)
    with pytest.raises(error):
        world.reach('pre_live_migration', 'dst', UUID, None)
    world.wait_hit(order, 1)
    world.release(order)
    world.reach('pre_live_migration', 'dst', UUID, None)


def test_violations_when_forgiven_then_are_gone(world):
    boot(world)
    boot(world, 'dst')
    assert world.violations
    world.forgive()
    assert world.violations == []
