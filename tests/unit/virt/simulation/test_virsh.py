# SPDX-License-Identifier: Apache-2.0
"""What an operator's hand leaves behind in the simulated world."""
import pytest

from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.libvirt.guest import Seen
from nova_lite.virt.simulation import Connection, state
from nova_lite.virt.simulation.virsh import Virsh
from tests.unit.virt.simulation.acts import UUID, boot, make_disks


def info(world, host):
    domain = Connection(world, host).domain(UUID)
    return Seen(*domain.state(), bool(domain.isPersistent()), domain.jobStats()).info()


def test_migrate_when_it_is_over_then_the_source_says_that_it_has_migrated(world, clock):
    boot(world)
    Virsh(world, 'src').migrate(UUID, 'dst')
    assert info(world, 'src').departing and info(world, 'dst').incoming
    clock.now += 60
    Virsh(world, 'src').wait_migrated(UUID)
    assert world.places(UUID) == {'src': state.SHUTOFF, 'dst': state.RUNNING}
    assert info(world, 'src').migrated and not info(world, 'src').leaving
    assert not info(world, 'dst').persistent


@pytest.mark.parametrize(('persistent', 'left'), [(False, {}), (True, {'dst': state.SHUTOFF})])
def test_destroy_when_the_definition_came_along_then_it_stays(world, clock, persistent, left):
    boot(world)
    Virsh(world, 'src').migrate(UUID, 'dst', undefinesource=True, persistent=persistent)
    clock.now += 60
    Virsh(world, 'dst').destroy(UUID)
    assert world.places(UUID) == left


def test_suspend_and_resume_when_asked_stop_the_clock_of_the_guest(world, clock):
    boot(world)
    virsh = Virsh(world, 'src')
    virsh.suspend(UUID)
    before = world.ticks('src', UUID)
    clock.now += 10
    assert world.ticks('src', UUID) == before
    virsh.resume(UUID)
    clock.now += 10
    assert world.ticks('src', UUID) > before


def test_domjobabort_when_a_copy_runs_then_the_guest_stays(world, clock):
    boot(world)
    virsh = Virsh(world, 'src')
    virsh.migrate(UUID, 'dst')
    virsh.domjobabort(UUID)
    assert world.places(UUID) == {'src': state.RUNNING}


def test_undefine_when_the_guest_is_on_is_refused(world):
    boot(world)
    virsh = Virsh(world, 'src')
    with pytest.raises(libvirtError, match='active'):
        virsh.undefine(UUID)
    virsh.destroy(UUID)
    virsh.start(UUID)
    virsh.destroy(UUID)
    virsh.undefine(UUID)
    assert world.places(UUID) == {}


def test_migrate_when_the_storage_is_copied_then_needs_disks_over_there_and_fills_them(
        world, clock):
    boot(world, disks=('disk',))
    virsh = Virsh(world, 'src')
    with pytest.raises(libvirtError, match='pre-creation'):
        virsh.migrate(UUID, 'dst', copy_storage=True)
    make_disks(world, 'dst')
    before = world.files(UUID)
    assert before['dst'] != before['src']
    virsh.migrate(UUID, 'dst', copy_storage=True)
    clock.now += 60
    virsh.wait_migrated(UUID)
    assert world.files(UUID) == {'src': before['src'], 'dst': before['src']}
