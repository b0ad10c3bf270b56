# SPDX-License-Identifier: Apache-2.0
"""Hosts and processes: how they are listed, and what is sent to change them."""
import pytest

from tests.unit.cli import fake_api

SERVICE = {'id': 'u1', 'binary': 'nova-compute', 'host': 'host1', 'status': 'enabled'}


def test_service_list_has_novaclients_columns(api, run):
    api.lists['os-services'] = [{
        'id': 'u1', 'binary': 'nova-compute', 'host': 'host1', 'zone': 'nova',
        'status': 'enabled', 'state': 'up', 'updated_at': 'now', 'disabled_reason': None,
        'forced_down': False}]
    rows = run('service-list', '--host', 'host1').rows
    assert rows == [
        ['Id', 'Binary', 'Host', 'Zone', 'Status', 'State', 'Updated_at', 'Disabled Reason',
         'Forced down'],
        ['u1', 'nova-compute', 'host1', 'nova', 'enabled', 'up', 'now', '-', 'False']]
    assert api.requests[-1][1].endswith('?host=host1')


def test_service_list_when_long_then_it_tells_the_clocks_skew(api, run):
    api.lists['os-services'] = [{'id': 'u1', 'binary': 'nova-compute', 'forced_down': False,
                                 'clock_skew': -301.5}]
    rows = run('service-list', '--long').rows
    assert (rows[0][-1], rows[1][-1]) == ('Clock skew (s)', '-301.5')


def test_hypervisor_list_has_novaclients_columns(api, run):
    api.lists['os-hypervisors'] = [{'id': 'u1', 'hypervisor_hostname': 'host1', 'state': 'up',
                                    'status': 'enabled'}]
    assert run('hypervisor-list', '--matching', 'host').rows == [
        ['ID', 'Hypervisor hostname', 'State', 'Status'], ['u1', 'host1', 'up', 'enabled']]
    assert 'hypervisor_hostname_pattern=host' in api.requests[-1][1]


@pytest.mark.parametrize('service', ['u1', 'host1'])
@pytest.mark.parametrize('argv, body', [
    (('service-enable',), {'status': 'enabled'}),
    (('service-disable',), {'status': 'disabled'}),
    (('service-disable', '--reason', 'disks'),
     {'status': 'disabled', 'disabled_reason': 'disks'}),
    (('service-force-down',), {'forced_down': True}),
    (('service-force-down', '--unset'), {'forced_down': False})])
def test_service_is_changed_by_its_id_or_the_name_of_its_host(api, run, argv, body, service):
    api.lists['os-services'] = [dict(SERVICE)]
    result = run(*argv, service)
    assert (result.code, result.err) == (0, '')
    assert api.sent('PUT', '/v2.1/os-services/u1') == [body]
    assert ['host', 'host1'] in result.rows


@pytest.mark.parametrize('argv, path, body', [
    (('service-enable',), 'enable', {}),
    (('service-disable', '--reason', 'disks'), 'disable-log-reason',
     {'disabled_reason': 'disks'}),
    (('service-force-down',), 'force-down', {'forced_down': True})])
def test_service_of_an_older_server_is_named_by_host_and_binary(api, run, argv, path, body):
    api.max_version = (2, 52)
    api.lists['os-services'] = [dict(SERVICE)]
    assert run(*argv, 'host1').code == 0
    assert api.sent('PUT', f'/v2.1/os-services/{path}') == [
        {'host': 'host1', 'binary': 'nova-compute', **body}]


def test_service_that_is_not_there_is_named_with_where_to_look(api, run):
    result = run('service-disable', 'nowhere')
    assert result.code == 1 and "'nowhere'" in result.err and 'service-list' in result.err


def test_service_that_may_not_be_changed_is_told(api, run):
    api.lists['os-services'] = [dict(SERVICE)]
    api.refuse['PUT .*'] = fake_api.error(403, 'Policy does not allow it', 'forbidden')
    result = run('service-enable', 'host1')
    assert result.code == 1 and result.err.startswith('ERROR (Forbidden): Policy does not allow')
