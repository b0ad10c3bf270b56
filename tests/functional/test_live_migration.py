# SPDX-License-Identifier: Apache-2.0
"""The story of a live migration, from the POST to the guest that ticks on over there."""
import pytest

from nova_lite.compute import copy_watch, live_migration_source
from nova_lite.migration import power_state
from nova_lite.virt.simulation import faults, state

STATUSES = ['accepted', 'queued', 'preparing', 'running', 'completed']
EVENTS = {'conductor_live_migrate_instance', 'compute_check_can_live_migrate_destination',
          'compute_check_can_live_migrate_source', 'compute_live_migration',
          'compute_pre_live_migration', 'compute_post_live_migration_at_destination'}
# the prefix of an unversioned and of a versioned notification, and the phases in order
PHASES = {'compute.instance.live_migration.': ('pre', 'post.dest', '_post'),
          'instance.live_migration_': ('pre', 'post_dest', 'post')}


def test_live_migration_when_nothing_is_wrong_then_the_guest_ticks_on_at_the_destination(cloud):
    server = cloud.boot('src')
    ticks, born = cloud.world.ticks('src', server.uuid), cloud.world.guest('src', server.uuid)
    assert cloud.claims_of(server) == {('server', 'src')}
    copy = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)

    # the API answers before anything is checked
    answer = server.live_migrate(host='dst')
    assert (answer.status, answer.body) == (202, None)

    # half-way both hosts hold room for it, it runs at the source, and the API shows it
    cloud.world.wait_hit(copy)
    assert cloud.world.places(server.uuid) == {'src': state.RUNNING, 'dst': state.PAUSED}
    assert cloud.claims_of(server) == {('server', 'src'), ('migration', 'dst')}
    shown = server.show()
    assert (shown['status'], shown['OS-EXT-STS:task_state']) == ('MIGRATING', 'migrating')
    (running,) = cloud.api.get(f'/servers/{server.uuid}/migrations')['migrations']
    assert (running['status'], running['dest_compute']) == ('running', 'dst')
    cloud.world.release(copy)

    # the record at the end
    migration = server.wait_status()
    assert server.statuses() == STATUSES
    assert (migration.source_compute, migration.dest_compute) == ('src', 'dst')
    assert migration.memory_total == 128 * 1024 * 1024
    assert migration.memory_remaining == 0
    assert (migration.reason, migration.failed_check, server.fault) == (None, None, None)

    # the server, in one transaction with the record
    record = server.record
    assert (record.host, record.node, record.progress) == ('dst', 'dst', 0)
    assert (server.states(), record.power_state) == (('active', None), power_state.RUNNING)
    assert cloud.history.of(server.uuid, 'host') == [None, 'src', 'dst']
    assert cloud.history.of(server.uuid, 'task_state')[-2:] == ['migrating', None]
    assert cloud.claims_of(server) == {('server', 'dst')}

    # the guest itself: the same boot, its counter unbroken, its memory whole, gone at the source
    arrived = cloud.world.guest('dst', server.uuid)
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}
    assert (arrived.boot_id, arrived.memory_ok) == (born.boot_id, True)
    assert cloud.world.ticks('dst', server.uuid) >= ticks

    # what a user can read afterwards, and what the world was told
    assert server.actions()['live-migration'] == dict.fromkeys(EVENTS, 'Success')
    told = cloud.notifications.of(server.uuid)
    for form, phases in PHASES.items():
        expected = [f'{form}{phase}.{when}' for phase in phases for when in ('start', 'end')]
        assert [event for event in told if event in expected] == expected


@pytest.mark.parametrize('block', [True, 'auto'])
def test_live_migration_when_disk_is_private_then_it_is_copied_and_removed_here(cloud, block):
    server = cloud.boot('src', disk=True)
    content = cloud.world.files(server.uuid)['src']['disk']
    assert server.live_migrate(host='dst', block=block).status == 202
    migration = server.wait_status('completed')
    assert migration.disk_total > 0 == migration.disk_remaining
    assert cloud.world.files(server.uuid) == {'dst': {'disk': content}}
    assert cloud.compute('dst').driver.list_incoming() == []
    assert cloud.world.probes() == []


@pytest.mark.parametrize('block', [False, 'auto'])
def test_live_migration_when_storage_is_shared_then_disk_stays(cloud, block):
    for host in ('src', 'dst'):
        cloud.configure(host, storage='shared')
    server = cloud.boot('src', disk=True)
    assert server.live_migrate(host='dst', block=block).status == 202
    assert server.wait_status('completed').disk_total == 0
    assert cloud.world.files(server.uuid)['shared']['disk']
    assert cloud.world.probes() == []


def test_live_migration_when_server_is_paused_then_it_stays_paused(cloud):
    server = cloud.boot('src')
    assert server.act('pause').status == 202
    server.wait(lambda server: server.states() == ('paused', None), 'PAUSED')
    assert server.live_migrate(host='dst').status == 202
    server.wait_status('completed')
    assert (server.states(), server.record.power_state) == (('paused', None), power_state.PAUSED)
    assert cloud.world.places(server.uuid) == {'dst': state.PAUSED}
    assert server.act('unpause').status == 202
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}


def test_live_migration_when_asked_at_2_6_then_answered_after_the_checks(cloud):
    server = cloud.boot('src')
    order = cloud.world.script('pre_live_migration', faults.HANG, uuid=server.uuid)
    answer = server.live_migrate_sync()
    assert (answer.status, answer.body) == (202, None)
    assert server.migration.dest_compute in ('dst', 'third')
    cloud.world.release(order)
    server.wait_status('completed')
    assert 'conductor_migrate_server' in server.actions()['live-migration']


def test_live_migration_when_done_then_can_be_done_again_and_back(cloud):
    server = cloud.boot('src')
    for host in ('dst', 'third', 'src'):
        assert server.live_migrate(host=host).status == 202
        assert server.wait_status().status == 'completed'
        server.wait(lambda server: server.record.host == host, f'host {host}')
        assert cloud.world.places(server.uuid) == {host: state.RUNNING}
        assert cloud.claims_of(server) == {('server', host)}


def test_live_migration_when_source_is_not_told_of_the_end_then_the_destination_proves_it(cloud):
    server = cloud.boot('src')
    cloud.world.script('live_migration@finish', faults.FAIL, uuid=server.uuid)
    assert server.live_migrate(host='dst').status == 202
    server.wait_status('completed')
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}
    assert server.record.host == 'dst'


def test_force_complete_when_guest_writes_faster_than_the_link_then_it_moves(cloud):
    server = cloud.boot('src', metadata={'sim:dirty_rate': '4000', 'sim:working_set': '128'})
    cloud.configure('src', bandwidth=10)
    copy = cloud.world.script('live_migration@100', faults.HANG, uuid=server.uuid)
    assert server.live_migrate(host='dst').status == 202
    cloud.world.wait_hit(copy)
    migration = server.migration
    path = f'/servers/{server.uuid}/migrations/{migration.id}/action'
    assert cloud.api.post(path, {'force_complete': None}).status == 202
    server.wait(lambda server: server.actions().get('live_migration_force_complete') == {
        'compute_live_migration_force_complete': 'Success'}, 'action')
    cloud.world.wait_for(lambda world: world.jobs[server.uuid].copy.paused, 30, 'forced')
    cloud.world.release(copy)
    server.wait_status('completed')
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}
    assert cloud.api.post(path, {'force_complete': None}).status in (400, 409)


def test_host_when_disabled_then_is_not_chosen(cloud):
    server = cloud.boot('src')
    services = cloud.api.get('/os-services?binary=nova-compute')['services']
    uuids = {service['host']: service['id'] for service in services}
    assert cloud.api.request('PUT', f'/os-services/{uuids["third"]}',
                             {'status': 'disabled'}).status == 200
    try:
        assert server.live_migrate().status == 202
        assert server.wait_status('completed').dest_compute == 'dst'
    finally:
        cloud.api.request('PUT', f'/os-services/{uuids["third"]}', {'status': 'enabled'})


@pytest.mark.parametrize('holds, times', [(60, 1), (0, 2)])
def test_source_when_the_destination_was_long_in_answering_then_asks_the_record_again(
        cloud, monkeypatch, holds, times):
    """Whether a conductor has given it up meanwhile, before anything is removed."""
    asked = []
    real = copy_watch.given_up
    monkeypatch.setattr(live_migration_source, 'STILL_TRUE', holds)
    monkeypatch.setattr(copy_watch, 'given_up',
                        lambda ctxt, migration: asked.append(real(ctxt, migration)))
    server = cloud.boot('src')
    assert server.live_migrate(host='dst').status == 202
    assert server.wait_status().status == 'completed'
    assert asked == [False] * times
