# SPDX-License-Identifier: Apache-2.0
"""Migrations that are governed by goals, and retuned while they run."""
import pytest

from nova_lite.virt.simulation import faults, state

LINK = 8                                                        # MiB/s
BUSY = {'sim:dirty_rate': '32', 'sim:working_set': '512'}       # four times as fast
PATCH = '/servers/{}/migrations/{}'


def boot_busy(cloud):
    cloud.options.set('libvirt', live_migration_bandwidth=LINK)
    return cloud.boot('src', metadata=BUSY)


def migrate(server, **goals):
    answer = server.live_migrate('dst', **{'nova-lite:goals': goals})
    assert answer.status == 202, answer.body


def decided(server):
    held = server.migration.steering or {}
    return [decision['kind'] for decision in held.get('decisions', ())]


@pytest.mark.parametrize(('goals', 'ends', 'by'), [
    ({'max_downtime_ms': 1000}, 'completed', 'auto_converge'),
    ({'max_downtime_ms': 1, 'deadline_s': 600, 'if_not': 'postcopy'}, 'completed', 'post_copy'),
    ({'max_downtime_ms': 60000}, 'completed', 'set_downtime')])
def test_copy_that_does_not_converge_when_there_are_goals_then_ends_as_they_want(
        cloud, goals, ends, by):
    server = boot_busy(cloud)
    migrate(server, **goals)
    migration = server.wait_status()
    assert migration.status == ends, migration.reason
    assert by in decided(server), migration.steering
    assert migration.receipt['decisions'] == migration.steering['decisions']
    assert migration.receipt['goals']['max_downtime_ms'] == goals['max_downtime_ms']
    assert all(each['reason'] and each['at'] for each in migration.receipt['decisions'])
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}


@pytest.mark.parametrize(('if_not', 'ends', 'by'), [
    ('abort', 'cancelled', 'abort'), ('force', 'completed', 'pause')])
def test_copy_when_held_up_until_its_deadline_then_does_what_was_asked_for(cloud, if_not, ends,
                                                                           by):
    server = boot_busy(cloud)
    order = cloud.world.script('live_migration@5', faults.HANG, uuid=server.uuid)
    migrate(server, deadline_s=5, if_not=if_not)
    cloud.world.wait_hit(order)
    server.wait(lambda server: by in decided(server), by)
    cloud.world.release(order)
    migration = server.wait_status()
    assert migration.status == ends
    if by == 'abort':
        assert migration.reason == 'Live migration aborted: the copy did not end within 5 s'


def test_copy_when_there_are_no_goals_then_novas_options_decide_and_it_is_kept(cloud):
    server = boot_busy(cloud)
    cloud.options.set('libvirt', live_migration_completion_timeout=10)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert migration.status == 'cancelled'
    assert migration.steering['goals'] is None
    assert decided(server)[-1] == 'abort'


def test_tune_when_running_then_goals_and_bandwidth_change_and_it_is_told(cloud):
    server = boot_busy(cloud)
    order = cloud.world.script('live_migration@10', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    server.wait_status('running')
    url = PATCH.format(server.uuid, server.migration.id)
    answer = cloud.api.request('PATCH', url, {'migration': {
        'bandwidth': 100, 'max_downtime_ms': 60000, 'deadline_s': 600}})
    assert (answer.status, answer.body) == (202, None)
    server.wait(lambda server: decided(server)[-3:] == ['set_bandwidth', 'set_goal', 'set_goal'],
                'decisions')
    assert cloud.world.job(server.uuid).copy.bandwidth == 100 * 2 ** 20
    shown = cloud.api.get(url)['migration']
    assert shown['nova-lite:goals'] == {'max_downtime_ms': 60000, 'deadline_s': 600,
                                        'if_not': 'abort'}
    assert shown['nova-lite:phase'] == 'copy'
    assert 'asked for by admin' in shown['nova-lite:decisions'][-1]['reason']
    cloud.world.release(order)
    assert server.wait_status().status == 'completed'
    server.wait_task_over()
    assert cloud.api.request('PATCH', url, {'migration': {'bandwidth': 1}}).status == 409
    server.wait(lambda server: 'live_migration_tune' in server.actions(), 'action')


def test_force_complete_when_asked_for_then_it_is_among_the_decisions(cloud):
    server = boot_busy(cloud)
    order = cloud.world.script('live_migration@10', faults.HANG, uuid=server.uuid)
    migrate(server, max_downtime_ms=1)
    cloud.world.wait_hit(order)
    server.wait_status('running')
    url = PATCH.format(server.uuid, server.migration.id) + '/action'
    assert cloud.api.post(url, {'force_complete': None}).status == 202
    cloud.world.wait_for(lambda state: state.jobs[server.uuid].copy.paused, 10, 'pause')
    cloud.world.release(order)
    migration = server.wait_status()
    assert migration.status == 'completed'
    assert {'kind': 'pause', 'reason': 'asked for'}.items() <= next(
        each for each in migration.receipt['decisions'] if each['kind'] == 'pause').items()
