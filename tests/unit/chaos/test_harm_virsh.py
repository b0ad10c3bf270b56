# SPDX-License-Identifier: Apache-2.0
"""An operator's hand goes to where the guest is, and tidies up what was refused to him."""
from types import SimpleNamespace

import pytest

from nova_lite.virt.simulation import state
from nova_lite.virt.simulation.world import World
from tests.chaos import cells, harm_virsh
from tests.unit.virt.simulation.acts import UUID, Clock, boot, move


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stage(clock, tmp_path):
    world = World(str(tmp_path), clock=clock)
    for host in ('src', 'dst'):
        world.add_host(host, storage=host)
    return SimpleNamespace(world=world, hosts=('src', 'dst'))


def hurt(stage, fault):
    """The servers of which the hypervisor did it."""
    touched = set()
    act, heal = harm_virsh.make(stage, fault, [UUID], touched)
    act()
    return touched, heal


def files(stage):
    return set(stage.world.files(UUID))


@pytest.mark.parametrize(('later', 'left'), [
    (0, {'src': state.SHUTOFF}),        # while it is copied, it is at its source
    (60, {'dst': state.SHUTOFF})])      # it has arrived
def test_destroy_when_on_its_way_then_ends_the_guest_where_it_runs(stage, clock, later, left):
    boot(stage.world)
    move(stage.world)
    clock.now += later
    assert hurt(stage, cells.DESTROY)[0] == {UUID}
    assert stage.world.places(UUID) == left


def test_migrate_when_nothing_is_over_there_then_disks_are_made_and_the_heal_waits_for_the_copy(
        stage, clock):
    boot(stage.world, disks=('disk',))
    touched, heal = hurt(stage, cells.MIGRATE)
    assert touched == {UUID} and files(stage) == {'src', 'dst'}
    clock.now += 60
    heal()
    assert stage.world.places(UUID) == {'dst': state.RUNNING}
    assert files(stage) == {'src', 'dst'}


def test_migrate_when_it_is_refused_then_the_disks_go_and_the_server_was_not_touched(stage):
    boot(stage.world, disks=('disk',))
    stage.world.cut_link('src', 'dst')
    touched, heal = hurt(stage, cells.MIGRATE)
    heal()
    assert touched == set() and files(stage) == {'src'}
    assert stage.world.places(UUID) == {'src': state.RUNNING}
