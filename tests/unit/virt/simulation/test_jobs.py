# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor refuses to begin, and what must never be."""
import pytest

from nova_lite import exception
from nova_lite.virt.simulation import hypervisor, state, storage
from tests.unit.virt.simulation.acts import UUID, boot, control, move


# -- what libvirt refuses ---------------------------------------------------------------------
@pytest.mark.parametrize(('prepare', 'words'), [
    (lambda world: world.cut_link('src', 'dst'), 'unable to connect'),
    (lambda world: world.stop_hypervisor('dst'), 'unable to connect'),
    (lambda world: boot(world, 'dst'), 'already defined'),
    (lambda world: move(world), 'already running'),
    (lambda world: control(world, hypervisor.shut_off, 'src', UUID), 'not running'),
])
def test_start_when_it_cannot_work_then_nothing_begins(world, prepare, words):
    boot(world)
    prepare(world)
    before = world.places(UUID)
    with pytest.raises(exception.LiveMigrationFailed, match=words):
        move(world)
    assert world.places(UUID) == before


@pytest.mark.parametrize(('block', 'words'), [(False, 'without shared storage is unsafe'),
                                              (True, 'pre-creation of storage targets')])
def test_start_when_disks_are_private_and_not_made_there_then_refused(world, block, words):
    boot(world, disks=['disk'])
    with pytest.raises(exception.LiveMigrationFailed, match=words):
        move(world, block=block)


def test_start_when_disks_were_made_there_then_their_content_arrives(world, clock):
    boot(world, disks=['disk'])
    with world.change('dst') as now:
        storage.make(now, 'dst', UUID, [state.Disk('disk', storage.GIB, 0)], made_for='move')
    move(world, block=True)
    clock.now += 60
    with world.look() as now:
        here, there = (storage.find(now, host, UUID).disks['disk'] for host in ('src', 'dst'))
    assert there.content == here.content != ''
    assert there.allocated == here.allocated


def test_start_when_storage_is_shared_then_disks_stay(world, clock):
    for host in ('src', 'dst'):
        world.configure(host, storage='shared')
    boot(world, disks=['disk'])
    move(world)
    clock.now += 60
    assert world.places(UUID) == {'dst': state.RUNNING}


# -- what must never be -----------------------------------------------------------------------
def test_guest_when_it_runs_twice_then_that_is_written_down_and_memory_is_bad(world):
    boot(world)
    boot(world, 'dst')
    assert world.violations == [f'guest {UUID} runs on dst and src']
    assert not world.guest('src', UUID).memory_ok


def test_guest_when_only_copy_is_destroyed_unasked_then_that_is_written_down(world):
    boot(world)
    control(world, hypervisor.destroy, 'src', UUID, asked=False)
    assert world.violations == [f'the only copy of guest {UUID} was destroyed on src']


def test_guest_when_destroyed_on_request_then_that_is_fine(world):
    boot(world)
    control(world, hypervisor.destroy, 'src', UUID, asked=True)
    assert world.places(UUID) == {}
    assert world.violations == []


def test_files_when_removed_under_a_guest_then_that_is_written_down(world):
    for host in ('src', 'dst'):
        world.configure(host, storage='shared')
    boot(world, disks=['disk'])
    control(world, hypervisor.remove_files, 'dst', UUID, asked=False)
    assert world.violations == [f'the files of guest {UUID} were removed under it on src']


def test_half_when_guest_has_arrived_then_cannot_be_dropped(world, clock):
    boot(world)
    move(world)
    clock.now += 60
    with pytest.raises(exception.InstanceInvalidState):
        control(world, hypervisor.drop_half, 'dst', UUID)
