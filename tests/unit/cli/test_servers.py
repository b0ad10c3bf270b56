# SPDX-License-Identifier: Apache-2.0
"""boot, list and show: what is sent, and what is printed."""
import pytest

from nova_lite.cli import servers
from tests.unit.cli import fake_api
from tests.unit.cli.fake_api import IMAGE


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
    inner = api.answer_servers

    def own_only(method, params, body):
        if params.get('all_tenants'):
            return fake_api.error(403, 'no', 'forbidden')
        return inner(method, params, body)
    api.answer_servers = own_only
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
