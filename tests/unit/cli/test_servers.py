# SPDX-License-Identifier: Apache-2.0
"""Servers, and what there is to work with."""
import pytest

from nova_lite.cli import servers
from tests.unit.cli import fake_api

IMAGE = '00000000-0000-4000-9000-000000000001'


@pytest.fixture
def things(api):
    api.lists['flavors'] = [
        {'id': '1', 'name': 'small', 'ram': 512, 'disk': 1, 'OS-FLV-EXT-DATA:ephemeral': 0,
         'swap': '', 'vcpus': 1, 'rxtx_factor': 1.0, 'os-flavor-access:is_public': True,
         'description': None, 'extra_specs': {}},
        {'id': 'small', 'name': 'named-as-an-id', 'swap': 8}]
    api.lists['images'] = [{'id': IMAGE, 'name': 'tick', 'status': 'active', 'size': 1536}]
    return api


# -- finding ------------------------------------------------------------------------------------
def test_server_is_found_by_name_and_by_id(api, run, server):
    assert ['id', server['id']] in run('show', 'web1').rows
    assert ['id', server['id']] in run('show', server['id']).rows


def test_name_with_the_signs_of_a_regular_expression_is_meant_literally(api, run):
    api.add_server(1, 'a.b')
    api.add_server(2, 'axb')
    api.add_server(3, 'A.B')
    assert ['name', 'a.b'] in run('show', 'a.b').rows


def test_unknown_server_exits_with_1(api, run):
    result = run('show', 'nobody')
    assert (result.code, result.err) == (
        1, "ERROR (CommandError): No server with a name or ID of 'nobody' exists.\n")
    assert run('show', '00000000-0000-4000-8000-000000000042').code == 1


def test_ambiguous_name_is_refused_with_the_list(api, run):
    first, second = api.add_server(1, 'twin'), api.add_server(2, 'twin', status='SHUTOFF')
    result = run('delete', 'twin')
    assert result.code == 1 and len(api.servers) == 2
    assert f"{first['id']}  ACTIVE" in result.err and f"{second['id']}  SHUTOFF" in result.err


def test_server_of_another_project_is_found_by_who_may_look_there(api, run):
    api.add_server(1, 'theirs', tenant_id='other')
    assert run('show', 'theirs').code == 0
    api.refuse = {}
    inner = api._servers

    def own_only(method, params, body):
        if params.get('all_tenants'):
            return fake_api.error(403, 'no', 'forbidden')
        return inner(method, params, body)
    api._servers = own_only
    result = run('show', 'theirs')
    assert result.code == 1 and 'No server with a name or ID' in result.err


# -- list and show ------------------------------------------------------------------------------
def test_list_has_novaclients_columns_and_order(api, run):
    api.add_server(2, 'b', **{'OS-EXT-STS:task_state': 'migrating', 'status': 'MIGRATING'})
    api.add_server(1, 'a', addresses={'net': [{'addr': '10.0.0.5'}]})
    rows = run('list').rows
    assert rows[0] == ['ID', 'Name', 'Status', 'Task State', 'Power State', 'Networks']
    assert [row[1] for row in rows[1:]] == ['a', 'b']
    assert rows[1][3:] == ['-', 'Running', 'net=10.0.0.5'] and rows[2][3] == 'migrating'


@pytest.mark.parametrize('argv, titles', [
    (('--minimal',), ['ID', 'Name']),
    (('--all-tenants',), ['ID', 'Name', 'Tenant ID', 'Status', 'Task State', 'Power State',
                          'Networks']),
    (('--fields', 'name,host'), ['ID', 'Name', 'Host'])])
def test_list_columns_follow_the_options(argv, titles, api, run, server):
    rows = run('list', *argv).rows
    assert rows[0] == titles and rows[1][1] == 'web1'
    if 'Host' in titles:
        assert rows[1][2] == 'host1'


def test_list_sends_filters_and_sort_keys(api, run, server):
    run('list', '--status', 'ACTIVE', '--host', 'host1', '--sort', 'created_at:asc,name')
    assert api.requests[-1][1] == ('/v2.1/servers/detail?status=ACTIVE&host=host1'
                                   '&sort_key=created_at&sort_key=name'
                                   '&sort_dir=asc&sort_dir=desc')
    assert run('list', '--sort', 'name:up').code == 1
    assert run('list', '--fields', 'shoe_size').code == 1


def test_show_flattens_flavor_and_names_the_image(things, run, server):
    rows = run('show', 'web1').rows
    assert ['flavor:original_name', 'small'] in rows
    assert ['image', f'tick ({IMAGE})'] in rows
    assert ['OS-EXT-SRV-ATTR:host', 'host1'] in rows
    assert [row[0] for row in rows[1:]] == sorted(row[0] for row in rows[1:])
    things.lists['images'] = []
    assert ['image', f'Image not found ({IMAGE})'] in run('show', 'web1').rows


def test_show_json_is_what_the_api_said(api, run, server):
    assert run('show', 'web1', '--json').json == server


# -- boot ---------------------------------------------------------------------------------------
def test_boot_sends_ids_and_shows_the_server(things, run):
    result = run('boot', 'db', '--flavor', 'small', '--image', 'tick', '--host', 'host2',
                 '--availability-zone', 'nova', '--meta', 'a=1', '--meta', 'b=x=y')
    body, = things.sent('POST', '/v2.1/servers')
    assert body == {'server': {
        'name': 'db', 'flavorRef': 'small', 'imageRef': IMAGE, 'host': 'host2',
        'availability_zone': 'nova', 'metadata': {'a': '1', 'b': 'x=y'}, 'networks': 'auto'}}
    assert result.code == 0 and ['name', 'db'] in result.rows


@pytest.mark.parametrize('argv, words', [
    (('--flavor', 'big', '--image', 'tick'), "No flavor with a name or ID of 'big'"),
    (('--flavor', '1', '--image', 'tock'), "No image with a name or ID of 'tock'"),
    (('--flavor', '1', '--image', 'tick', '--meta', 'x'), "'x' is not in the format key=value")])
def test_boot_with_what_does_not_exist_asks_for_nothing(argv, words, things, run):
    result = run('boot', 'db', *argv)
    assert result.code == 1 and words in result.err
    assert things.sent('POST', '/v2.1/servers') == []


def test_boot_on_a_host_needs_a_server_that_knows_it(things, run):
    things.max_version = (2, 60)
    result = run('boot', 'db', '--flavor', '1', '--image', 'tick', '--host', 'host2')
    assert result.code == 1 and 'nova:host2' in result.err


@pytest.mark.parametrize('end, code, words', [
    ({'status': 'ACTIVE'}, 0, ''),
    ({'status': 'ERROR', 'fault': {'message': 'No valid host was found.'}}, 1,
     'Server db is in status ERROR: No valid host was found.')])
def test_boot_with_poll_waits_for_the_end(end, code, words, things, run, monkeypatch):
    def advance(_seconds):
        server = next(iter(things.servers.values()))
        server.update(end)
    monkeypatch.setattr(servers.time, 'sleep', advance)
    result = run('boot', 'db', '--flavor', '1', '--image', 'tick', '--poll')
    assert result.code == code and words in result.err
    assert ['status', end['status']] in result.rows


# -- actions ------------------------------------------------------------------------------------
@pytest.mark.parametrize('argv, body', [
    (('start', 'web1'), {'os-start': None}), (('stop', 'web1'), {'os-stop': None}),
    (('pause', 'web1'), {'pause': None}), (('unpause', 'web1'), {'unpause': None}),
    (('lock', 'web1'), {'lock': None}), (('unlock', 'web1'), {'unlock': None}),
    (('lock', '--reason', 'disks', 'web1'), {'lock': {'locked_reason': 'disks'}})])
def test_action_sends_novas_body(argv, body, api, run, server):
    assert run(*argv).code == 0
    assert api.sent('POST', f"/v2.1/servers/{server['id']}/action") == [body]


def test_delete_of_many_goes_on_after_a_failure(api, run):
    api.add_server(1, 'a')
    api.add_server(2, 'b')
    result = run('delete', 'a', 'nobody', 'b')
    assert result.code == 1 and api.servers == {}
    assert result.out == ('Request to delete server a has been accepted.\n'
                          'Request to delete server b has been accepted.\n')
    assert "'nobody'" in result.err and 'Unable to delete the specified server(s).' in result.err


# -- inventory ----------------------------------------------------------------------------------
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


def test_flavor_list_has_novaclients_columns(things, run):
    rows = run('flavor-list').rows
    assert rows[0] == ['ID', 'Name', 'Memory_MiB', 'Disk', 'Ephemeral', 'Swap', 'VCPUs',
                       'RXTX_Factor', 'Is_Public', 'Description']
    assert rows[1] == ['1', 'small', '512', '1', '0', '0', '1', '1.0', 'True', '-']
    run('flavor-list', '--all')
    assert things.requests[-1][1].endswith('?is_public=None')


def test_image_list(things, run):
    assert run('image-list').rows == [['ID', 'Name', 'Status', 'Size'],
                                      [IMAGE, 'tick', 'active', '1.5 KiB']]


def test_instance_actions_are_sorted_and_shown_with_events(api, run, server):
    api.actions = [{'action': name, 'request_id': f'req-{name}', 'message': None,
                    'start_time': start, 'updated_at': start, 'events': [{'event': 'e'}]}
                   for name, start in (('live-migration', '2026-02'), ('create', '2026-01'))]
    rows = run('instance-action-list', 'web1').rows
    assert rows[0] == ['Action', 'Request_ID', 'Message', 'Start_Time', 'Updated_At']
    assert [row[0] for row in rows[1:]] == ['create', 'live-migration']
    shown = run('instance-action', server['id'], 'req-live-migration').rows
    assert ['events', "[{'event': 'e'}]"] in shown
