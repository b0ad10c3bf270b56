# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor lets one do to a guest, and what it refuses as libvirt would."""
import pytest

from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import guests, hypervisor, state
from tests.unit.virt.simulation.acts import UUID, boot, control, move


def test_guest_when_started_where_it_has_stopped_meanwhile_then_that_is_fine(world):
    boot(world)
    control(world, hypervisor.destroy, 'src', UUID)
    boot(world, 'dst')
    control(world, hypervisor.destroy, 'dst', UUID)
    control(world, hypervisor.start, 'src', UUID)
    assert world.violations == []


def test_start_when_a_disk_is_not_there_then_refused(world):
    boot(world, disks=['disk'])
    control(world, hypervisor.destroy, 'src', UUID)
    world.remove_files('src', UUID)
    with pytest.raises(libvirtError, match='No such file'):
        control(world, hypervisor.start, 'src', UUID)


def test_save_when_started_again_then_goes_on_and_a_forced_boot_begins_anew(world, clock):
    boot(world)
    clock.now += 5
    control(world, hypervisor.save, 'src', UUID)
    saved = world.guest('src', UUID)
    control(world, hypervisor.start, 'src', UUID)
    assert world.guest('src', UUID).boot_id == saved.boot_id and world.ticks('src', UUID) > 0
    control(world, hypervisor.save, 'src', UUID)
    control(world, hypervisor.start, 'src', UUID, force_boot=True)
    assert world.guest('src', UUID).boot_id != saved.boot_id and world.ticks('src', UUID) == 0


def test_undefine_when_it_runs_then_is_gone_with_its_end(world):
    boot(world)
    control(world, hypervisor.undefine, 'src', UUID)
    assert world.places(UUID) == {'src': state.RUNNING}
    with pytest.raises(libvirtError, match='transient'):
        control(world, hypervisor.undefine, 'src', UUID)
    control(world, hypervisor.destroy, 'src', UUID)
    assert world.places(UUID) == {}


@pytest.mark.parametrize('act', [hypervisor.suspend, hypervisor.resume, hypervisor.save])
def test_act_when_it_is_the_arriving_half_then_refused(world, act):
    boot(world)
    move(world)
    with world.change() as now:
        assert guests.get(now, 'dst', UUID).incoming
        with pytest.raises(libvirtError):
            act(now, 'dst', UUID)
