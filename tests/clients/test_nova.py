# SPDX-License-Identifier: Apache-2.0
"""The old program ``nova``: it negotiates the highest microversion that both sides have."""
import re

import pytest

from tests.clients.all_in_one import HOSTS, RESTLESS


@pytest.fixture
def cloud(keystone_cloud):
    """It knows no http_basic."""
    return keystone_cloud


@pytest.fixture
def server(cloud, boot):
    return boot('compute1')


@pytest.fixture
def restless(cloud, boot):
    """A server that is on its way to compute2, and the number of the migration."""
    server = boot('compute1', flavor='m1.tiny', **RESTLESS)
    cloud.nova('live-migration', server, 'compute2')
    return server, cloud.wait_running(server)['id']


def test_list_and_show_when_server_runs_then_print_it(cloud, server):
    [row] = [row for row in cloud.nova('list').table if row['ID'] == server]
    assert (row['Status'], row['Task State'], row['Power State']) == ('ACTIVE', '-', 'Running')
    shown = cloud.nova('show', server).fields
    assert shown['OS-EXT-SRV-ATTR:host'] == 'compute1'
    assert (shown['flavor:original_name'], shown['host_status']) == ('m1.nano', 'UP')
    assert re.match(r'tiny \(|.*6f1c6b0e', shown['image'])


@pytest.mark.parametrize('options', [[], ['compute3']], ids=['any host', 'a host'])
def test_live_migration_when_asked_for_then_server_moves(cloud, server, options):
    cloud.nova('live-migration', server, *options)
    record = cloud.wait_migrated(server)
    assert record['status'] == 'completed'
    assert record['dest_compute'] in (options or HOSTS[1:])
    assert cloud.host_of(server) == record['dest_compute']
    [row] = [row for row in cloud.nova('migration-list', '--instance-uuid', server).table]
    assert (row['Status'], row['Source Compute'], row['Type']) == (
        'completed', 'compute1', 'live-migration')


def test_live_migration_when_disk_is_private_then_block_migrate_copies_it(cloud, boot):
    server = boot('compute1', image='tiny-disk', flavor='m1.tiny')
    cloud.nova('live-migration', '--block-migrate', server, 'compute2')
    assert cloud.wait_migrated(server)['status'] == 'completed'


def test_server_migration_list_when_running_then_shows_it_and_abort_ends_it(cloud, restless):
    server, number = restless
    [row] = cloud.nova('server-migration-list', server).table
    assert (row['Id'], row['Status'], row['Server UUID']) == (str(number), 'running', server)
    assert (row['Source Compute'], row['Dest Compute']) == ('compute1', 'compute2')
    assert int(row['Total Memory Bytes']) == 512 * 2 ** 20
    shown = cloud.nova('server-migration-show', server, str(number)).fields
    assert (shown['status'], shown['server_uuid']) == ('running', server)
    cloud.nova('live-migration-abort', server, str(number))
    assert cloud.wait_migrated(server)['status'] == 'cancelled'
    assert cloud.nova('server-migration-list', server).table == []
    assert cloud.host_of(server) == 'compute1'
    actions = [row['Action'] for row in cloud.nova('instance-action-list', server).table]
    assert sorted(actions) == ['create', 'live-migration', 'live_migration_cancel']


def test_live_migration_force_complete_when_running_then_it_completes(cloud, restless):
    server, number = restless
    cloud.nova('live-migration-force-complete', server, str(number))
    assert cloud.wait_migrated(server)['status'] == 'completed'
    assert cloud.host_of(server) == 'compute2'


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
    assert [(row['Host'], row['Status'], row['State']) for row in rows] \
        == [(host, 'enabled', 'up') for host in HOSTS]
    rows = cloud.nova('hypervisor-list').table
    assert [(row['Hypervisor hostname'], row['State'], row['Status']) for row in rows] \
        == [(host, 'up', 'enabled') for host in HOSTS]


def test_version_list_when_asked_then_is_that_of_the_server(cloud):
    said = cloud.nova('version-list')
    [row] = [row for row in said.table if row.get('Id') == 'v2.1']
    assert (row['Status'], row['Min Version'], row['Version']) == ('CURRENT', '2.1', '2.80')
