# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor refuses to begin, and what must never be."""
import pytest

from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import guests, hypervisor, state
from tests.unit.virt.simulation.acts import UUID, boot, control, make_disks, move


# -- what libvirt refuses ---------------------------------------------------------------------
@pytest.mark.parametrize(('prepare', 'words'), [
    (lambda world: world.cut_link('src', 'dst'), 'unable to connect'),
    (lambda world: world.stop_hypervisor('dst'), 'unable to connect'),
    (lambda world: boot(world, 'dst'), 'already defined'),
    (lambda world: move(world), 'already running'),
    (lambda world: control(world, hypervisor.shut_down, 'src', UUID), 'not running'),
])
def test_start_when_it_cannot_work_then_nothing_begins(world, prepare, words):
    boot(world)
    prepare(world)
    before = world.places(UUID)
    with pytest.raises(libvirtError, match=words):
        move(world)
    assert world.places(UUID) == before


@pytest.mark.parametrize(('block', 'words'), [(False, 'without shared storage is unsafe'),
                                              (True, 'pre-creation of storage targets')])
def test_start_when_disks_are_private_and_not_made_there_then_refused(world, block, words):
    boot(world, disks=['disk'])
    with pytest.raises(libvirtError, match=words):
        move(world, block=block)


def test_start_when_disks_were_made_there_then_their_content_arrives(world, clock):
    boot(world, disks=['disk'])
    make_disks(world, 'dst')
    content = world.files(UUID)['src']['disk']
    move(world, block=True)
    clock.now += 60
    assert world.files(UUID)['dst']['disk'] == content != ''


def test_start_when_storage_is_shared_then_disks_stay(world, clock):
    for host in ('src', 'dst'):
        world.configure(host, storage='shared')
    boot(world, disks=['disk'])
    move(world)
    clock.now += 60
    assert world.places(UUID) == {'dst': state.RUNNING}


# -- what must never be -----------------------------------------------------------------------
def test_guest_when_it_runs_twice_then_that_is_written_down(world):
    boot(world)
    boot(world, 'dst')
    assert world.violations == [f'guest {UUID} runs on dst and src']


def test_guest_when_it_runs_here_and_arrives_there_then_its_memory_is_bad(world, clock):
    boot(world)
    move(world)
    with world.change() as now:
        guests.run(now, guests.get(now, 'dst', UUID))
    assert world.violations == [f'guest {UUID} runs on dst and src']
    assert not world.guest('src', UUID).memory_ok


def test_guest_when_started_where_it_has_stopped_meanwhile_then_that_is_fine(world):
    boot(world)
    control(world, hypervisor.destroy, 'src', UUID)
    boot(world, 'dst')
    control(world, hypervisor.destroy, 'dst', UUID)
    control(world, hypervisor.start, 'src', UUID)
    assert world.violations == []


def test_files_when_removed_under_a_guest_then_that_is_written_down(world):
    for host in ('src', 'dst'):
        world.configure(host, storage='shared')
    boot(world, disks=['disk'])
    world.remove_files('dst', UUID)
    assert world.violations == [f'the files of guest {UUID} were removed under it on src']


def test_start_when_a_disk_is_not_there_then_refused(world):
    boot(world, disks=['disk'])
    control(world, hypervisor.destroy, 'src', UUID)
    world.remove_files('src', UUID)
    with pytest.raises(libvirtError, match='No such file'):
        control(world, hypervisor.start, 'src', UUID)
