# SPDX-License-Identifier: Apache-2.0
"""openstacksdk: what its objects say after its calls."""
import pytest
from openstack import exceptions

from tests.clients.test_hosts import HOSTS


@pytest.fixture
def compute(cloud):
    return cloud.sdk.compute


def test_server_when_created_then_has_its_fields_until_it_is_deleted(cloud, compute):
    server = compute.create_server(
        name='sdk', image_id=cloud.sdk.image.find_image('tick').id, networks='none',
        flavor_id=compute.find_flavor('tick.small').id)
    try:
        server = compute.wait_for_server(server, wait=60)
        assert (server.status, server.vm_state, server.power_state) == ('ACTIVE', 'active', 1)
        assert server.compute_host in HOSTS
        assert compute.find_server('sdk', all_projects=True).id == server.id
        compute.set_server_metadata(server, colour='red')
        assert compute.get_server_metadata(server).metadata == {'colour': 'red'}
    finally:
        compute.delete_server(server)
        compute.wait_for_delete(server, wait=60)
    with pytest.raises(exceptions.NotFoundException):
        compute.get_server(server.id)


@pytest.mark.parametrize('host', [None, 'compute3'])
def test_live_migrate_server_when_done_then_migration_and_action_tell(cloud, compute, boot, host):
    server = boot('compute1')
    compute.live_migrate_server(server, host=host, block_migration='auto')
    cloud.wait_migrated(server)
    moved = compute.get_server(server)
    assert (moved.status, moved.compute_host == 'compute1') == ('ACTIVE', False)
    assert host in (None, moved.compute_host)
    [migration] = compute.migrations(instance_uuid=server)
    assert (migration.status, migration.migration_type) == ('completed', 'live-migration')
    assert (migration.source_compute, migration.dest_compute) == ('compute1', moved.compute_host)
    assert list(compute.server_migrations(server)) == []
    action = next(compute.server_actions(server))
    assert action.action == 'live-migration'
    details = compute.get_server_action(action.request_id, server)
    assert 'compute_live_migration' in {event['event'] for event in details.events}


def test_server_migration_when_running_then_has_its_numbers_and_can_be_ended(cloud, compute,
                                                                             restless):
    compute.live_migrate_server(restless, host='compute2')
    cloud.wait_running(restless)
    [migration] = compute.server_migrations(restless)
    assert (migration.status, migration.dest_compute) == ('running', 'compute2')
    shown = compute.get_server_migration(migration, restless)
    assert 0 < shown.memory_remaining_bytes <= shown.memory_total_bytes
    assert shown.memory_processed_bytes > 0
    assert shown.uuid == cloud.migrations(restless)[0]['uuid']
    compute.abort_server_migration(migration, restless)
    assert cloud.wait_migrated(restless)['status'] == 'cancelled'
    assert compute.wait_for_server(compute.get_server(restless)).compute_host == 'compute1'
    with pytest.raises(exceptions.ConflictException):
        compute.abort_server_migration(migration, restless, ignore_missing=False)

    compute.live_migrate_server(restless, host='compute2')
    cloud.wait_running(restless)
    [migration] = compute.server_migrations(restless)
    compute.force_complete_server_migration(migration, restless)
    assert cloud.wait_migrated(restless)['status'] == 'completed'
    assert compute.get_server(restless).compute_host == 'compute2'


def test_inventory_when_listed_then_is_the_clouds(compute):
    assert {each.name for each in compute.hypervisors(details=True)} == set(HOSTS)
    services = list(compute.services(binary='nova-compute'))
    assert {each.host: each.state for each in services} == dict.fromkeys(HOSTS, 'up')
    disabled = compute.disable_service(services[2], disabled_reason='new disk')
    assert (disabled.status, disabled.disabled_reason) == ('disabled', 'new disk')
    assert compute.enable_service(services[2]).status == 'enabled'
    assert {each.name for each in compute.flavors()} >= {'tick.small', 'tick.disk'}
    assert {each.name for each in compute.availability_zones()} == {'nova'}
    assert compute.get_limits().absolute.instances is not None
