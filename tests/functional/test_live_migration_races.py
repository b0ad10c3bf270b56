# SPDX-License-Identifier: Apache-2.0
"""Two who want the same thing at once: one gets it, the other is told, nothing is torn."""
from nova_lite.virt.simulation import faults, state


def test_last_place_when_two_want_it_then_one_gets_it(cloud):
    servers = [cloud.boot('src', flavor='1') for _ in range(2)]     # 512 MiB each
    cloud.leave_room('dst', 700)
    cloud.leave_room('third', 100)
    orders = [cloud.world.script('pre_live_migration', faults.HANG, uuid=server.uuid)
              for server in servers]
    answers = cloud.at_once(*[server.live_migrate for server in servers])
    assert [answer.status for answer in answers] == [202, 202]
    cloud.bell.wait_for(lambda: 'error' in [server.migration and server.migration.status
                                            for server in servers], 'a refusal')
    for order in orders:
        cloud.world.release(order)
    ends = {server.wait_status().status: server for server in servers}
    assert set(ends) == {'completed', 'error'}
    assert ends['completed'].record.host == 'dst'
    assert ends['error'].migration.failed_check == 'NoValidHost'
    assert cloud.claims_of(ends['error']) == {('server', 'src')}


def test_queue_when_five_leave_one_host_then_one_at_a_time_and_in_order(cloud):
    cloud.options.set(max_concurrent_live_migrations=1)
    servers = [cloud.boot('src') for _ in range(5)]
    orders = [cloud.world.script('live_migration@start', faults.HANG, uuid=server.uuid)
              for server in servers]
    for server in servers:
        assert server.live_migrate('dst').status == 202
        server.wait(lambda server: server.migration
                    and server.migration.status in ('queued', 'preparing', 'running'), 'queued')
    for number, order in enumerate(orders):
        cloud.world.wait_hit(order)
        with cloud.world.look() as world:
            moving = {job.uuid for job in world.jobs.values() if job.active}
        assert moving == {servers[number].uuid}
        cloud.world.release(order)
    for server in servers:
        assert server.wait_status().status == 'completed'


def test_guest_when_it_is_deleted_while_it_moves_then_nothing_of_it_is_left(cloud):
    server = cloud.boot('src', disk=True)
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    cloud.bell.wait_for(
        lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404, 'deleted')
    assert cloud.world.places(server.uuid) == {}
    assert server.migration.status == 'cancelled'
    assert cloud.claims_of(server) == set()
    assert cloud.world.files(server.uuid) == {}


def test_guests_when_they_swap_hosts_at_once_then_both_arrive(cloud):
    one, other = cloud.boot('src'), cloud.boot('dst')
    answers = cloud.at_once(lambda: one.live_migrate('dst'), lambda: other.live_migrate('src'))
    assert [answer.status for answer in answers] == [202, 202]
    for server, host in ((one, 'dst'), (other, 'src')):
        assert server.wait_status().status == 'completed'
        assert cloud.world.places(server.uuid) == {host: state.RUNNING}
        assert cloud.claims_of(server) == {('server', host)}
