# SPDX-License-Identifier: Apache-2.0
"""Post-copy: the guest runs over there while its memory arrives, also when the link is cut."""
import pytest

from nova_lite.compute import post_copy
from nova_lite.virt.simulation import hypervisor, jobs, model, state

BANDWIDTH = 4       # MiB/s, so that 512 MiB take seconds of a slow machine, too


@pytest.fixture
def switched(cloud, monkeypatch):
    """A server on its way from src to dst, in post-copy."""
    monkeypatch.setattr(post_copy, 'ASK_INTERVAL', 0.05)
    monkeypatch.setattr(post_copy, 'STUCK_AFTER', 0.2)
    cloud.world.configure('src', bandwidth=BANDWIDTH)
    cloud.options.set('libvirt', live_migration_permit_post_copy=True,
                      live_migration_monitor_interval=1)
    server = cloud.boot('src', flavor='1')
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_for(lambda world: server.uuid in world.jobs and model.advance(
        world.jobs[server.uuid].copy, world.now).phase == model.MEMORY, 30, 'the copy')
    server.wait_status('running')
    answer = cloud.api.post(f'/servers/{server.uuid}/migrations/{server.migration.id}/action',
                            {'force_complete': None})
    assert answer.status == 202
    server.wait_status('running (post-copy)')
    return server


def wait_reason(server, words):
    server.wait(lambda server: words in (server.migration.reason or ''), words)


def assert_arrived(cloud, server):
    migration = server.wait_status()
    server.wait_task_over()
    assert (migration.status, migration.reason) == ('completed', None)
    assert server.statuses()[-2:] == ['running (post-copy)', 'completed']
    assert (server.record.host, server.states()) == ('dst', ('active', None))
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}
    assert cloud.claims_of(server) == {('server', 'dst')}


def test_post_copy_when_nothing_happens_then_completes(cloud, switched):
    assert_arrived(cloud, switched)


def test_post_copy_when_link_comes_back_then_completes_and_no_definition_is_left(cloud, switched):
    cloud.world.cut_link('src', 'dst')
    wait_reason(switched, 'client socket is closed')
    assert switched.migration.status == 'running (post-copy)'
    assert switched.states() == ('active', 'migrating')
    cloud.world.mend_link('src', 'dst')
    assert_arrived(cloud, switched)


def test_post_copy_when_it_stays_stuck_then_both_halves_stay_and_the_record_says_what_to_do(
        cloud, switched):
    cloud.world.cut_link('src', 'dst', sticky=True)
    wait_reason(switched, 'client socket is closed')
    cloud.world.mend_link('src', 'dst')
    wait_reason(switched, 'virsh domjobabort --postcopy')
    assert switched.migration.status == 'running (post-copy)'
    assert cloud.world.places(switched.uuid) == {'src': state.PAUSED, 'dst': state.RUNNING}
    with cloud.world.change() as world:     # somebody breaks the half-dead connection
        world.jobs[switched.uuid].held = ''
        jobs.mend(world, 'src', 'dst')
    assert_arrived(cloud, switched)


def test_post_copy_when_the_guest_ends_over_there_then_it_is_lost_and_nobody_tidies_up(
        cloud, switched):
    cloud.world.cut_link('src', 'dst')
    wait_reason(switched, 'client socket is closed')
    with cloud.world.change() as world:
        hypervisor.destroy(world, 'dst', switched.uuid)
    migration = switched.wait_status()
    assert migration.status == 'error'
    assert 'before all its memory had arrived' in migration.reason
    assert switched.states() == ('error', None)
    assert cloud.world.places(switched.uuid) == {'src': state.PAUSED}


def test_post_copy_when_it_is_broken_and_the_server_is_deleted_then_both_halves_go(
        cloud, switched):
    cloud.world.cut_link('src', 'dst', sticky=True)
    wait_reason(switched, 'client socket is closed')
    assert cloud.api.delete(f'/servers/{switched.uuid}').status == 204
    cloud.bell.wait_for(
        lambda: cloud.api.request('GET', f'/servers/{switched.uuid}').status == 404, 'deleted')
    assert 'deleted' in switched.migration.reason
    assert cloud.world.places(switched.uuid) == {}
    assert cloud.claims_of(switched) == set()
