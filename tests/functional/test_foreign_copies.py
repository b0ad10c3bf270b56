# SPDX-License-Identifier: Apache-2.0
"""A copy that was begun by hand is found, told of and left alone; nothing disturbs it."""
import pytest

from nova_lite import objects
from nova_lite.compute.foreign_copies import ACTION, ForeignCopies
from nova_lite.virt.simulation import faults, jobs, state
from nova_lite.virt.simulation.virsh import Virsh


@pytest.fixture
def server(cloud):
    return cloud.boot('src')


@pytest.fixture
def order(cloud, server):
    """virsh migrate of the server, held at its half."""
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    Virsh(cloud.world, 'src').migrate(server.uuid, 'dst', persistent=True, undefinesource=True)
    cloud.world.wait_hit(order)
    return order


def told(cloud, server):
    """Messages of the actions about it."""
    return [action.message for action in objects.InstanceActionList.get_by_instance_uuid(
        cloud.ctxt, server.uuid) if action.action == ACTION]


def is_copied(cloud, server):
    with cloud.world.look() as world:
        return jobs.active(world, server.uuid) is not None


def test_copy_by_hand_when_the_host_looks_then_is_told_of_once_and_left_alone(
        cloud, server, order):
    manager = cloud.compute('src')
    for _ in range(3):
        manager.sweep()
    assert told(cloud, server) == [None]
    assert f'virsh domjobabort {server.uuid}' in server.fault.message
    assert is_copied(cloud, server) and server.states() == ('active', None)
    Virsh(cloud.world, 'src').domjobabort(server.uuid)
    manager.sweep()
    assert told(cloud, server) == ['the copy is over; on host src the guest is running']
    assert cloud.world.places(server.uuid) == {'src': state.RUNNING}


def test_copy_by_hand_when_it_ends_then_what_became_of_the_guest_is_told(cloud, server, order):
    manager = cloud.compute('src')
    manager.sweep()
    cloud.world.release(order)
    Virsh(cloud.world, 'src').wait_migrated(server.uuid)
    manager.sweep()
    assert told(cloud, server) == ['the copy is over; on host src the guest is absent']
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}


@pytest.mark.parametrize(('action', 'argument'), [
    ('os-stop', None), ('pause', None), ('suspend', None), ('reboot', {'type': 'HARD'})])
def test_order_when_a_copy_by_hand_is_under_way_then_refused_and_it_goes_on(
        cloud, server, order, action, argument):
    assert server.act(action, argument).status == 202
    server.wait(lambda server: server.fault, 'the fault')
    server.wait_task_over()
    assert 'leaving' in server.fault.message
    assert is_copied(cloud, server) and server.states() == ('active', None)


def test_migration_when_a_copy_by_hand_is_under_way_then_refused_and_it_goes_on(
        cloud, server, order):
    assert server.live_migrate('third').status == 202
    migration = server.wait_status()
    assert 'on the move already' in migration.reason
    assert is_copied(cloud, server)
    cloud.world.release(order)


def test_copy_of_a_migration_when_the_host_looks_then_is_no_foreign_one(cloud, server):
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    ForeignCopies('src', cloud.compute('src').driver).look(cloud.ctxt)
    assert told(cloud, server) == []
    cloud.world.release(order)
    assert server.wait_status().status == 'completed'
