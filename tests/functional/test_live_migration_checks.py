# SPDX-License-Identifier: Apache-2.0
"""Refusals: every check names itself, touches nothing, and lets the search go on where it may."""
import pytest

from nova_lite.virt.simulation import faults, state


def refuse(host='dst', **settings):
    """A host whose hardware is as given."""
    return lambda cloud, server: cloud.configure(host, **settings)


def little_room(cloud, server):
    cloud.leave_room('dst', 100)


def source_refuses(cloud, server):
    cloud.world.script('check_can_live_migrate_source', faults.REFUSE, uuid=server.uuid)


def service_is_down(cloud, server):
    uuid = next(service['id'] for service in
                cloud.api.get('/os-services?host=dst&binary=nova-compute')['services'])
    cloud.api.request('PUT', f'/os-services/{uuid}', {'forced_down': True})
    cloud.at_end(lambda: cloud.api.request('PUT', f'/os-services/{uuid}', {'forced_down': False}))


# what is wrong, with a disk, the request's block_migration, the check's name, its words
FORCED = [
    (little_room, False, False, 'MigrationPreCheckError', 'Lack of memory'),
    (service_is_down, False, False, 'ComputeServiceUnavailable', 'Compute service of dst'),
    (refuse(hypervisor_type='other'), False, False, 'InvalidHypervisorType', 'hypervisor type'),
    (refuse(hypervisor_version=1), False, False, 'DestinationHypervisorTooOld', 'newer'),
    (refuse(cpu_model='sim-v1'), False, False, 'MigrationPreCheckError', 'Unacceptable CPU'),
    (refuse(), True, False, 'MigrationPreCheckError', 'InvalidSharedStorage'),
    (refuse(local_gb=0), True, True, 'MigrationPreCheckError', '1 GiB of disk'),
    (source_refuses, False, False, 'MigrationPreCheckError', 'simulated refusal'),
]
IDS = ['memory', 'service down', 'hypervisor type', 'hypervisor version', 'cpu',
       'private disk', 'disk space', 'source refuses']


@pytest.mark.parametrize('in_background', [False, True], ids=['2.6', '2.67'])
@pytest.mark.parametrize(('prepare', 'disk', 'block', 'check', 'words'), FORCED, ids=IDS)
def test_forced_host_when_a_check_refuses_then_it_is_named_and_nothing_is_touched(
        cloud, prepare, disk, block, check, words, in_background):
    server = cloud.boot('src', disk=disk)
    prepare(cloud, server)
    if in_background:
        answer = server.live_migrate('dst', block, version='2.67', force=True)
        assert answer.status == 202
        server.wait_status()
    else:
        answer = server.live_migrate_sync('dst', block)
        assert answer.status == 400
        assert words in answer.error
    assert_refused(cloud, server, check, words)


def assert_refused(cloud, server, check, words):
    migration = server.migration
    assert server.statuses() == ['accepted', 'error']
    assert migration.failed_check == check
    assert words in migration.reason
    assert server.states() == ('active', None)
    assert server.record.host == 'src'
    assert cloud.world.places(server.uuid) == {'src': state.RUNNING}
    assert cloud.claims_of(server) == {('server', 'src')}
    server.wait(lambda server: server.fault, 'fault')
    assert words in server.fault.message
    server.wait(lambda server: 'Error' in server.actions()['live-migration'].values(), 'event')
    assert 'compute_task.migrate_server.error' in cloud.notifications.of(server.uuid)
    with cloud.world.look() as world:
        assert not any(world.probes.values())


def test_forced_host_when_it_is_the_source_then_refused(cloud):
    server = cloud.boot('src')
    answer = server.live_migrate_sync('src')
    assert answer.status == 400
    assert_refused(cloud, server, 'UnableToMigrateToSelf', 'current host')


@pytest.mark.parametrize('version', ['2.6', '2.30', '2.80'])
def test_host_when_unknown_then_400_and_no_migration_is_made(cloud, version):
    server = cloud.boot('src')
    body = {'host': 'nowhere', 'block_migration': False}
    if version == '2.6':
        body['disk_over_commit'] = False
    answer = server.act('os-migrateLive', body, version=version)
    assert answer.status == 400
    assert 'nowhere' in answer.error
    assert server.migration is None
    assert server.states() == ('active', None)
    assert 'live-migration' not in server.actions()


def test_storage_when_shared_and_block_migration_is_asked_then_refused(cloud):
    for host in ('src', 'dst'):
        cloud.configure(host, storage='shared')
    server = cloud.boot('src', disk=True)
    answer = server.live_migrate_sync('dst', block=True)
    assert answer.status == 400
    assert_refused(cloud, server, 'MigrationPreCheckError', 'Block migration can not be used')


def test_server_when_stopped_then_409(cloud):
    server = cloud.boot('src')
    server.act('os-stop')
    server.wait(lambda server: server.states() == ('stopped', None), 'SHUTOFF')
    answer = server.live_migrate()
    assert answer.status == 409
    assert 'vm_state stopped' in answer.error
    assert server.migration is None


# -- the search ---------------------------------------------------------------------------------
def test_search_when_a_host_refuses_then_the_next_one_is_tried(cloud):
    server = cloud.boot('src')
    cloud.configure('dst', memory_mb=100000)     # the scheduler's first choice
    cloud.world.script('check_can_live_migrate_destination', faults.REFUSE, host='dst',
                       uuid=server.uuid)
    assert server.live_migrate_sync().status == 202
    migration = server.wait_status()
    assert (migration.status, migration.dest_compute) == ('completed', 'third')
    assert migration.attempted_hosts == ['dst']
    assert cloud.claims_of(server) == {('server', 'third')}


def test_search_when_the_source_refuses_then_every_host_is_asked_and_named(cloud):
    server = cloud.boot('src')
    cloud.world.script('check_can_live_migrate_source', uuid=server.uuid)
    answer = server.live_migrate_sync()
    assert answer.status == 400
    for host in ('dst', 'third'):
        assert f'{host} refused: ' in answer.error
    assert_refused(cloud, server, 'NoValidHost', 'third refused')
    assert set(server.migration.attempted_hosts) == {'dst', 'third'}


@pytest.mark.parametrize(('retries', 'asked', 'check'), [(0, 1, 'MaxRetriesExceeded'),
                                                         (1, 2, 'MaxRetriesExceeded'),
                                                         (5, 2, 'NoValidHost')])
def test_search_when_retries_are_limited_then_ends_there(cloud, retries, asked, check):
    cloud.options.set(migrate_max_retries=retries)
    server = cloud.boot('src')
    cloud.world.script('check_can_live_migrate_destination', faults.REFUSE, uuid=server.uuid)
    assert server.live_migrate_sync().status == 400
    assert len(server.migration.attempted_hosts) == asked
    assert_refused(cloud, server, check, 'refused')


def test_search_when_no_host_has_room_then_no_valid_host(cloud):
    server = cloud.boot('src')
    for host in ('dst', 'third'):
        cloud.leave_room(host, 100)
    answer = server.live_migrate_sync()
    assert answer.status == 400
    assert_refused(cloud, server, 'NoValidHost', 'No valid host')


# -- what nobody foresaw --------------------------------------------------------------------------
@pytest.mark.parametrize('in_background', [False, True], ids=['2.6', '2.80'])
def test_check_when_it_fails_in_an_unknown_way_then_server_is_in_error(cloud, in_background):
    server = cloud.boot('src')
    cloud.world.script('check_can_live_migrate_destination', uuid=server.uuid)
    if in_background:
        assert server.live_migrate().status == 202
        server.wait_status()
    else:
        assert server.live_migrate_sync().status == 500
    assert server.statuses() == ['accepted', 'error']
    assert server.states() == ('error', None)
    assert 'simulated failure' in server.fault.message
    assert cloud.world.places(server.uuid) == {'src': state.RUNNING}
    assert 'migration' not in {who for who, _ in cloud.claims_of(server)}
