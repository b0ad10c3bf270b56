# SPDX-License-Identifier: Apache-2.0
"""An operator changes their mind: one case for each status of a migration."""
import pytest

from nova_lite.virt.simulation import faults, state

# where the migration is held, and which status that is
HELD = [('pre_live_migration', 'preparing'), ('live_migration@start', 'running'),
        ('live_migration@50', 'running'), ('live_migration@switch-over', 'running')]


def abort(cloud, server, version='2.80'):
    return cloud.api.delete(f'/servers/{server.uuid}/migrations/{server.migration.id}',
                            version=version)


def assert_aborted(cloud, server):
    migration = server.wait_status()
    server.wait_task_over()
    assert migration.status == 'cancelled'
    assert 'abort' in migration.reason
    assert server.states() == ('active', None)
    assert (server.record.host, server.record.progress) == ('src', 0)
    assert cloud.world.places(server.uuid) == {'src': state.RUNNING}
    assert cloud.claims_of(server) == {('server', 'src')}
    assert set(cloud.world.files(server.uuid)) == {'src'}
    server.wait(lambda server: server.actions().get('live_migration_cancel') == {
        'compute_live_migration_abort': 'Success'}, 'action')
    told = cloud.notifications.of(server.uuid)
    assert told.index('instance.live_migration_abort.start') < told.index(
        'instance.live_migration_abort.end')


@pytest.mark.parametrize(('held', 'status'), HELD)
def test_abort_when_under_way_then_guest_stays_and_can_move_again(cloud, held, status):
    server = cloud.boot('src', disk=True)
    order = cloud.world.script(held, faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    assert server.wait_status(status).status == status
    assert abort(cloud, server).status == 202
    if status == 'preparing':
        # it is undone when the step that has begun is over
        cloud.bell.wait_for(
            lambda: 'instance.live_migration_abort.end' in cloud.notifications.of(server.uuid),
            'abort')
        cloud.world.release(order)
    assert_aborted(cloud, server)
    server.wait(lambda server: server.actions()['live-migration'].get(
        'compute_rollback_live_migration_at_destination') == 'Success', 'rollback')
    cloud.world.release(order)
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'


def test_abort_when_queued_then_it_never_starts(cloud):
    cloud.options.set(max_concurrent_live_migrations=1)
    first, second = cloud.boot('src'), cloud.boot('src', disk=True)
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=first.uuid)
    assert first.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    assert second.live_migrate('third').status == 202
    second.wait_status('queued')
    assert abort(cloud, second).status == 202
    assert_aborted(cloud, second)
    assert second.statuses() == ['accepted', 'queued', 'cancelled']
    cloud.world.release(order)
    assert first.wait_status().status == 'completed'
    assert cloud.world.job(second.uuid) is None


@pytest.mark.parametrize('version', ['2.24', '2.64'])
def test_abort_when_not_running_below_2_65_then_400_and_it_goes_on(cloud, version):
    server = cloud.boot('src')
    order = cloud.world.script('pre_live_migration', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    assert abort(cloud, server, version).status == 400
    cloud.world.release(order)
    assert server.wait_status().status == 'completed'


@pytest.mark.parametrize('status', ['queued', 'preparing'])
def test_force_complete_when_the_copy_does_not_run_then_400_and_it_goes_on(cloud, status):
    cloud.options.set(max_concurrent_live_migrations=1)
    first, second = cloud.boot('src'), cloud.boot('src')
    order = cloud.world.script('pre_live_migration', faults.HANG, uuid=first.uuid)
    assert first.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    assert second.live_migrate('dst').status == 202
    second.wait_status('queued')
    server = {'queued': second, 'preparing': first}[status]
    assert server.wait_status(status).status == status
    answer = cloud.api.post(f'/servers/{server.uuid}/migrations/{server.migration.id}/action',
                            {'force_complete': None})
    assert answer.status == 400
    assert 'live_migration_force_complete' not in server.actions()
    cloud.world.release(order)
    for each in (first, second):
        assert each.wait_status().status == 'completed'


def test_abort_when_over_then_refused_and_nothing_changes(cloud):
    server = cloud.boot('src')
    assert server.live_migrate('dst').status == 202
    server.wait_status()
    server.wait_task_over()
    assert abort(cloud, server).status == 409
    assert server.statuses()[-1] == 'completed'
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}


def test_abort_when_the_guest_arrives_just_then_one_of_the_two_wins(cloud):
    server = cloud.boot('src')
    order = cloud.world.script('live_migration@finish', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    assert abort(cloud, server).status == 202
    server.wait(lambda server: server.actions().get('live_migration_cancel'), 'answer')
    cloud.world.release(order)
    assert server.wait_status().status == 'completed'
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}
    assert server.states() == ('active', None)


def test_abort_when_unknown_then_404(cloud):
    server = cloud.boot('src')
    assert cloud.api.delete(f'/servers/{server.uuid}/migrations/4711').status in (404, 409)
