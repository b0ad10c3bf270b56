# SPDX-License-Identifier: Apache-2.0
"""Exactly which fields an answer has at which microversion: no more, no fewer.

Each table is (version from which, fields that come, fields that go), read off the history of
Nova's API and not off our views.
"""
import pytest

from nova_lite import objects
from tests.fixtures.db import make_migration

VERSIONS = ('2.1', '2.3', '2.9', '2.11', '2.16', '2.19', '2.23', '2.25', '2.26', '2.28', '2.30',
            '2.33', '2.34', '2.35', '2.36', '2.39', '2.47', '2.51', '2.53', '2.55', '2.57', '2.58',
            '2.59', '2.61', '2.62', '2.63', '2.65', '2.68', '2.71', '2.73', '2.75', '2.80')
EXT = 'OS-EXT-SRV-ATTR:'


def fields(table, version, *also):
    minor = int(version[2:])
    found = set(also)
    for since, come, *go in table:
        if since <= minor:
            found |= set(come.split())
            found -= set(go[0].split()) if go else set()
    return found


def keys(value):
    return set(value)


def at_every_version(check):
    """Run ``check(version)`` for all VERSIONS; the failure says at which it was."""
    for version in VERSIONS:
        try:
            check(version)
        except AssertionError as error:
            raise AssertionError(f'at {version}: {error}') from error


# -- servers ----------------------------------------------------------------------------------
BASE = ('id name status tenant_id user_id metadata hostId image flavor created updated addresses '
        'accessIPv4 accessIPv6 links OS-DCF:diskConfig progress')
DETAIL = [
    (1, BASE + ' OS-EXT-AZ:availability_zone config_drive key_name OS-SRV-USG:launched_at '
     'OS-SRV-USG:terminated_at OS-EXT-STS:task_state OS-EXT-STS:vm_state OS-EXT-STS:power_state '
     'os-extended-volumes:volumes_attached'),
    (9, 'locked'), (19, 'description'), (26, 'tags'), (63, 'trusted_image_certificates'),
    (73, 'locked_reason')]
ADMIN = [(1, f'{EXT}host {EXT}instance_name {EXT}hypervisor_hostname'),
         (3, ' '.join(EXT + name for name in (
             'reservation_id', 'launch_index', 'hostname', 'kernel_id', 'ramdisk_id',
             'root_device_name', 'user_data'))), (16, 'host_status')]
GROUPS = [(71, 'server_groups')]
UPDATE = [(1, BASE), (9, 'locked'), (19, 'description'), (26, 'tags'),
          (63, 'trusted_image_certificates'), (71, 'server_groups'), (73, 'locked_reason')]
FLAVOR_IN_SERVER = [(1, 'id links'),
                    (47, 'original_name vcpus ram disk ephemeral swap extra_specs', 'id links')]


@pytest.mark.parametrize('user', ['admin', 'reader'])
def test_server(api, server, user):
    admin = ADMIN if user == 'admin' else []
    url = f'/v2.1/servers/{server.uuid}'

    def check(version):
        shown = api.get(url, version=version, user=user).json['server']
        assert keys(shown) == fields(DETAIL + admin + GROUPS, version)
        assert keys(shown['flavor']) == fields(FLAVOR_IN_SERVER, version)
        [listed] = api.get('/v2.1/servers/detail', version=version, user=user).json['servers']
        assert keys(listed) == fields(DETAIL + admin, version)
        [brief] = api.get('/v2.1/servers', version=version, user=user).json['servers']
        assert keys(brief) == {'id', 'name', 'links'}

    at_every_version(check)


def test_updated_server(api, server):
    def check(version):
        whole = int(version[2:]) >= 75
        shown = api.put(f'/v2.1/servers/{server.uuid}', {'server': {'name': 'n'}}, version=version)
        assert keys(shown.json['server']) == fields(
            DETAIL + ADMIN + GROUPS if whole else UPDATE, version)

    at_every_version(check)


@pytest.mark.parametrize('version, networks', [('2.1', {}), ('2.80', {'networks': 'none'})])
def test_created_server(api, flavor, images, version, networks):
    from tests.unit.api.conftest import IMAGE_ID
    answer = api.post('/v2.1/servers', {'server': {
        'name': 'n', 'imageRef': IMAGE_ID, 'flavorRef': '1', **networks}}, version=version)
    assert answer.status_int == 202
    assert keys(answer.json['server']) == {'id', 'links', 'OS-DCF:diskConfig', 'adminPass',
                                           'security_groups'}


# -- migrations -------------------------------------------------------------------------------
SERVER_MIGRATION = [
    (23, 'id status server_uuid source_node source_compute dest_node dest_compute dest_host '
     'created_at updated_at memory_total_bytes memory_processed_bytes memory_remaining_bytes '
     'disk_total_bytes disk_processed_bytes disk_remaining_bytes'),
    (59, 'uuid'), (80, 'user_id project_id')]
MIGRATION = [
    (1, 'id status instance_uuid source_node source_compute dest_node dest_compute dest_host '
     'old_instance_type_id new_instance_type_id created_at updated_at'),
    (23, 'migration_type links'), (59, 'uuid'), (80, 'user_id project_id')]


def test_migration(api, ctxt, server):
    migration = make_migration(ctxt, server, project_id='demo', user_id='u')
    migration.advance('queue')
    url = f'/v2.1/servers/{server.uuid}/migrations'

    def check(version):
        if int(version[2:]) >= 23:
            [listed] = api.get(url, version=version).json['migrations']
            shown = api.get(f'{url}/{migration.id}', version=version).json['migration']
            assert keys(listed) == keys(shown) == fields(SERVER_MIGRATION, version)
        else:
            assert api.get(url, version=version).status_int == 404
        [listed] = api.get('/v2.1/os-migrations', version=version).json['migrations']
        assert keys(listed) == fields(MIGRATION, version)

    at_every_version(check)


def test_migration_that_has_ended_has_no_link(api, ctxt, server):
    make_migration(ctxt, server).advance('reject', reason='full')
    [listed] = api.get('/v2.1/os-migrations').json['migrations']
    assert keys(listed) == fields(MIGRATION, '2.80') - {'links'}


# -- actions ----------------------------------------------------------------------------------
ACTION = [(1, 'action instance_uuid request_id user_id project_id start_time message'),
          (58, 'updated_at')]
EVENT = [(1, 'event start_time finish_time result'), (62, 'hostId')]


def test_action(api, ctxt, server):
    objects.InstanceAction.action_start(ctxt, server.uuid, 'live-migration', 'req-1')
    objects.InstanceActionEvent.event_start(ctxt, server.uuid, 'compute_x', 'host1')
    url = f'/v2.1/servers/{server.uuid}/os-instance-actions'

    def check(version):
        for user in ('admin', 'reader'):
            [listed] = api.get(url, version=version, user=user).json['instanceActions']
            assert keys(listed) == fields(ACTION, version)
            shown = api.get(f'{url}/req-1', version=version, user=user).json['instanceAction']
            events = shown.pop('events', None)
            assert keys(shown) == fields(ACTION, version)
            assert (events is not None) == (user == 'admin' or int(version[2:]) >= 51)
            more = [(1, 'traceback'), (62, 'host')] if user == 'admin' else []
            if events:
                assert keys(events[0]) == fields(EVENT + more, version)

    at_every_version(check)


# -- hosts ------------------------------------------------------------------------------------
SERVICE = [(1, 'binary host zone id status state updated_at disabled_reason'), (11, 'forced_down')]
HYPERVISOR = ('id hypervisor_hostname state status hypervisor_type hypervisor_version host_ip '
              'disk_available_least cpu_info service vcpus vcpus_used memory_mb memory_mb_used '
              'local_gb local_gb_used free_ram_mb free_disk_gb current_workload running_vms')


def test_service(api, hosts):
    def check(version):
        for service in api.get('/v2.1/os-services', version=version).json['services']:
            assert keys(service) == fields(SERVICE, version)
            assert isinstance(service['id'], str if int(version[2:]) >= 53 else int)

    at_every_version(check)


def test_hypervisor(api, hosts):
    def check(version):
        by_uuid = int(version[2:]) >= 53
        for brief in api.get('/v2.1/os-hypervisors', version=version).json['hypervisors']:
            assert keys(brief) == {'id', 'hypervisor_hostname', 'state', 'status'}
            url = f'/v2.1/os-hypervisors/{brief["id"]}'
            shown = api.get(url, version=version).json['hypervisor']
            assert keys(shown) == set(HYPERVISOR.split())
            assert keys(shown['service']) == {'host', 'id', 'disabled_reason'}
            assert isinstance(shown['id'], str if by_uuid else int)
            assert isinstance(shown['service']['id'], str if by_uuid else int)
            assert isinstance(shown['cpu_info'], dict if int(version[2:]) >= 28 else str)
        for listed in api.get('/v2.1/os-hypervisors/detail', version=version).json['hypervisors']:
            assert keys(listed) == set(HYPERVISOR.split())

    at_every_version(check)


@pytest.mark.parametrize('version, with_servers, shown', [
    ('2.53', True, [True, False]), ('2.53', False, [False, False]),
    ('2.75', True, [True, True]), ('2.75', False, [False, False])])
def test_servers_of_a_hypervisor(api, server, version, with_servers, shown):
    """host1 has a server, host2 none."""
    url = f'/v2.1/os-hypervisors?with_servers={with_servers}'
    found = api.get(url, version=version).json['hypervisors']
    assert ['servers' in hypervisor for hypervisor in found] == shown
    if with_servers:
        assert found[0]['servers'] == [{'name': server.name, 'uuid': server.uuid}]


# -- surroundings -----------------------------------------------------------------------------
FLAVOR = [(1, 'id name links ram vcpus disk swap rxtx_factor OS-FLV-EXT-DATA:ephemeral '
           'OS-FLV-DISABLED:disabled os-flavor-access:is_public'), (55, 'description'),
          (61, 'extra_specs')]
LIMITS = [
    (1, 'maxServerMeta maxPersonality maxPersonalitySize maxImageMeta maxTotalInstances '
     'maxTotalCores maxTotalRAMSize maxTotalKeypairs maxServerGroups maxServerGroupMembers '
     'totalServerGroupsUsed maxTotalFloatingIps totalFloatingIpsUsed maxSecurityGroups '
     'maxSecurityGroupRules totalSecurityGroupsUsed totalInstancesUsed totalCoresUsed '
     'totalRAMUsed'),
    (36, '', 'maxTotalFloatingIps totalFloatingIpsUsed maxSecurityGroups maxSecurityGroupRules '
     'totalSecurityGroupsUsed'),
    (39, '', 'maxImageMeta'), (57, '', 'maxPersonality maxPersonalitySize')]


def test_flavor(api, flavor):
    def check(version):
        minor = int(version[2:])
        shown = api.get('/v2.1/flavors/1', version=version).json['flavor']
        [listed] = api.get('/v2.1/flavors/detail', version=version).json['flavors']
        assert keys(shown) == keys(listed) == fields(FLAVOR, version)
        assert shown['swap'] == (0 if minor >= 75 else '')
        [brief] = api.get('/v2.1/flavors', version=version).json['flavors']
        assert keys(brief) == {'id', 'name', 'links'} | ({'description'} if minor >= 55 else set())

    at_every_version(check)


def test_limits(api):
    def check(version):
        limits = api.get('/v2.1/limits', version=version).json['limits']
        assert keys(limits) == {'rate', 'absolute'}
        assert keys(limits['absolute']) == fields(LIMITS, version)

    at_every_version(check)


def test_image_proxy(api):
    def check(version):
        served = int(version[2:]) <= 35
        answer = api.get('/v2.1/images/detail', version=version)
        assert answer.status_int == (200 if served else 404)
        if served:
            assert keys(answer.json['images'][0]) == {
                'id', 'name', 'links', 'status', 'progress', 'minDisk', 'minRam', 'created',
                'updated', 'metadata', 'OS-EXT-IMG-SIZE:size'}

    at_every_version(check)
