# SPDX-License-Identifier: Apache-2.0
"""Many guests leave at once: never more than the limits allow, in order, and all arrive."""
import pytest

from nova_lite import objects
from nova_lite.api.views import server_migrations as views
from nova_lite.migration import migration_states
from nova_lite.virt.simulation import faults

MOVING = (migration_states.PREPARING, migration_states.RUNNING, migration_states.POSTCOPY)


@pytest.fixture
def one_incoming(cloud):
    """Each host takes one guest at a time."""
    def report():
        for host in cloud.hosts:
            cloud.compute(host).update_resources()

    cloud.options.set(max_concurrent_incoming_live_migrations=1)
    report()
    yield
    cloud.options.set(max_concurrent_incoming_live_migrations=0)
    report()


def order_away(cloud, servers, dest):
    """Each is asked for when the one before it has its place in the queue."""
    for server, host in zip(servers, dest, strict=False):
        assert server.live_migrate(host).status == 202
        server.wait(lambda server: server.migration and server.migration.status != 'accepted',
                    'the queue')


def moving(cloud):
    return {migration.instance_uuid: migration for migration in
            objects.MigrationList.get_by_filters(cloud.ctxt, {'status': list(MOVING)})}


def queue_of(server):
    return views.queue(server.migration)


def test_queue_when_outbound_is_limited_then_one_after_the_other_in_order(cloud):
    cloud.options.set(max_concurrent_live_migrations=1)
    servers = [cloud.boot('src') for _ in range(4)]
    held = cloud.world.script('live_migration@50', faults.HANG, uuid=servers[0].uuid)
    order_away(cloud, servers, ['dst', 'third', 'dst', 'third'])
    cloud.world.wait_hit(held)
    assert set(moving(cloud)) == {servers[0].uuid}
    for position, server in enumerate(servers[1:], start=1):
        server.wait(queue_of, 'a reason')
        assert queue_of(server)['position'] == position
        assert 'max_concurrent_live_migrations is 1' in queue_of(server)['reason']
    cloud.world.release(held)
    ends = [server.wait_status() for server in servers]
    assert [migration.status for migration in ends] == ['completed'] * 4
    starts = [migration.receipt['at']['preparing'] for migration in ends]
    assert starts == sorted(starts)
    for earlier, later in zip(ends, ends[1:], strict=False):
        assert later.receipt['at']['preparing'] >= earlier.receipt['at']['completed']


def test_queue_when_a_destination_is_full_then_others_go_past_to_elsewhere(cloud, one_incoming):
    cloud.options.set(max_concurrent_live_migrations=2)
    servers = [cloud.boot('src') for _ in range(3)]
    held = cloud.world.script('live_migration@50', faults.HANG, uuid=servers[0].uuid)
    order_away(cloud, servers, ['dst', 'dst', 'third'])
    cloud.world.wait_hit(held)
    assert servers[2].wait_status().status == 'completed'
    assert servers[1].migration.status == 'queued'
    servers[1].wait(lambda server: 'host dst has 1 incoming' in queue_of(server)['reason'],
                    'the reason of now')
    cloud.world.release(held)
    assert servers[0].wait_status().status == 'completed'
    assert servers[1].wait_status().status == 'completed'


def test_queue_when_another_source_holds_the_place_then_its_end_wakes_this_one(
        cloud, one_incoming):
    theirs, ours = cloud.boot('third'), cloud.boot('src')
    held = cloud.world.script('live_migration@50', faults.HANG, uuid=theirs.uuid)
    order_away(cloud, [theirs, ours], ['dst', 'dst'])
    cloud.world.wait_hit(held)
    ours.wait(queue_of, 'a reason')
    assert ours.migration.status == 'queued'
    cloud.world.release(held)
    assert theirs.wait_status().status == 'completed'
    assert ours.wait_status().status == 'completed'


def test_queue_when_the_first_is_aborted_then_the_next_moves_up(cloud):
    cloud.options.set(max_concurrent_live_migrations=1)
    servers = [cloud.boot('src') for _ in range(3)]
    held = cloud.world.script('live_migration@50', faults.HANG, uuid=servers[0].uuid)
    order_away(cloud, servers, ['dst', 'dst', 'dst'])
    cloud.world.wait_hit(held)
    gone = servers[1]
    path = f'/servers/{gone.uuid}/migrations/{gone.migration.id}'
    assert cloud.api.delete(path).status == 202
    assert gone.wait_status().status == 'cancelled'
    servers[2].wait(lambda server: (queue_of(server) or {}).get('position') == 1, 'moving up')
    cloud.world.release(held)
    assert servers[2].wait_status().status == 'completed'
