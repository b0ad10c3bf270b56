# SPDX-License-Identifier: Apache-2.0
"""The old program ``nova``: it negotiates the highest microversion that both sides have."""
import pytest

from tests.clients.test_hosts import HOSTS


@pytest.fixture
def cloud(keystone_cloud):
    """It knows no http_basic."""
    return keystone_cloud


@pytest.mark.parametrize('options', [[], ['compute3']], ids=['any host', 'a host'])
def test_live_migration_when_asked_for_then_server_moves(cloud, boot, options):
    server = boot('compute1')
    assert cloud.nova('live-migration', server, *options).out == ''
    record = cloud.wait_migrated(server)
    assert record['status'] == 'completed'
    assert record['dest_compute'] in (options or HOSTS[1:])
    shown = cloud.nova('show', server).fields
    assert shown['OS-EXT-SRV-ATTR:host'] == record['dest_compute']
    assert (shown['status'], shown['flavor:original_name']) == ('ACTIVE', 'tick.small')
    [row] = cloud.nova('migration-list', '--instance-uuid', server).table
    assert (row['Status'], row['Source Compute'], row['Type']) == (
        'completed', 'compute1', 'live-migration')


def test_live_migration_when_disk_is_private_then_block_migrate_copies_it(cloud, boot):
    server = boot('compute1', 'tick-disk', 'tick.disk')
    cloud.nova('live-migration', '--block-migrate', server, 'compute2')
    assert cloud.wait_migrated(server)['status'] == 'completed'


def test_server_migration_when_running_then_is_listed_aborted_and_forced(cloud, restless):
    cloud.nova('live-migration', restless, 'compute2')
    number = str(cloud.wait_running(restless)['id'])
    [row] = cloud.nova('server-migration-list', restless).table
    assert (row['Id'], row['Status'], row['Server UUID']) == (number, 'running', restless)
    assert (row['Source Compute'], row['Dest Compute']) == ('compute1', 'compute2')
    assert int(row['Total Memory Bytes']) > 0
    shown = cloud.nova('server-migration-show', restless, number).fields
    assert (shown['status'], shown['server_uuid']) == ('running', restless)
    cloud.nova('live-migration-abort', restless, number)
    assert cloud.wait_migrated(restless)['status'] == 'cancelled'
    assert cloud.nova('server-migration-list', restless).table == []

    cloud.nova('live-migration', restless, 'compute2')
    number = str(cloud.wait_running(restless)['id'])
    cloud.nova('live-migration-force-complete', restless, number)
    assert cloud.wait_migrated(restless)['status'] == 'completed'
    actions = [row['Action'] for row in cloud.nova('instance-action-list', restless).table]
    assert sorted(actions) == ['create', 'live-migration', 'live-migration',
                               'live_migration_cancel', 'live_migration_force_complete']


def test_host_evacuate_live_when_host_has_servers_then_all_leave_it(cloud, boot):
    servers = [boot('compute1'), boot('compute1')]
    bystander = boot('compute2')
    rows = cloud.nova('host-evacuate-live', 'compute1').table
    assert {row['Server UUID']: row['Live Migration Accepted'] for row in rows} \
        == dict.fromkeys(servers, 'True')
    for server in servers:
        assert cloud.wait_migrated(server)['status'] == 'completed'
        assert cloud.host_of(server) in HOSTS[1:]
    assert cloud.host_of(bystander) == 'compute2'
    assert cloud.get('/servers?host=compute1&all_tenants=1')['servers'] == []


def test_services_and_hypervisors_when_listed_then_are_the_hosts(cloud):
    rows = cloud.nova('service-list', '--binary', 'nova-compute').table
    assert {row['Host']: (row['Status'], row['State']) for row in rows} \
        == dict.fromkeys(HOSTS, ('enabled', 'up'))
    rows = cloud.nova('hypervisor-list').table
    assert {row['Hypervisor hostname']: (row['State'], row['Status']) for row in rows} \
        == dict.fromkeys(HOSTS, ('up', 'enabled'))


def test_version_list_when_asked_then_is_that_of_the_server(cloud):
    said = cloud.nova('version-list')
    [row] = [row for row in said.table if row.get('Id') == 'v2.1']
    assert (row['Status'], row['Min Version'], row['Version']) == ('CURRENT', '2.1', '2.80')
