# SPDX-License-Identifier: Apache-2.0
"""Which migrations a simulated hypervisor refuses to begin, and what others bring."""
import pytest

from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import hypervisor, state
from tests.unit.virt.simulation.acts import UUID, boot, control, make_disks, move


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
