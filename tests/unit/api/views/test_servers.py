# SPDX-License-Identifier: Apache-2.0
import datetime
import urllib.parse

import pytest
from oslo_utils import timeutils

from nova_lite import objects
from nova_lite.api import server_status
from nova_lite.migration import vm_states
from tests.unit.api.tables import walk

NOW = timeutils.utcnow(with_timezone=True)


def names(response):
    assert response.status_int == 200, response.text
    return [server['name'] for server in response.json['servers']]


# -- status -----------------------------------------------------------------------------------
@pytest.mark.parametrize('vm, task, status', [
    ('active', None, 'ACTIVE'), ('active', 'migrating', 'MIGRATING'),
    ('active', 'powering-off', 'ACTIVE'), ('active', 'rebooting', 'REBOOT'),
    ('active', 'rebooting_hard', 'HARD_REBOOT'), ('paused', None, 'PAUSED'),
    ('paused', 'migrating', 'MIGRATING'), ('stopped', None, 'SHUTOFF'),
    ('building', 'scheduling', 'BUILD'), ('suspended', None, 'SUSPENDED'),
    ('error', None, 'ERROR'), ('error', 'deleting', 'ERROR'), ('deleted', None, 'DELETED'),
    (None, None, 'UNKNOWN')])
def test_status_of_states(vm, task, status):
    assert server_status.status_of(vm, task) == status


def test_every_vm_state_has_a_status():
    for name in vars(vm_states):
        if name.isupper():
            assert server_status.status_of(getattr(vm_states, name), None) != 'UNKNOWN'


def test_states_of_a_status_and_back():
    assert server_status.states_of(['ACTIVE']) == (['active'], ['default'])
    assert server_status.states_of(['MIGRATING']) == (['active', 'paused'], ['migrating'])
    assert server_status.states_of(['resize']) == ([], [])


# -- one server -------------------------------------------------------------------------------
def test_show_is_the_server(api, server):
    shown = api.get(f'/v2.1/servers/{server.uuid}', version='2.1').json['server']
    assert shown['id'] == server.uuid
    assert shown['name'] == 'vm'
    assert shown['status'] == 'ACTIVE'
    assert shown['tenant_id'] == 'demo'
    assert shown['OS-EXT-STS:power_state'] == 1
    assert shown['OS-EXT-SRV-ATTR:host'] == 'host1'
    assert shown['OS-EXT-SRV-ATTR:instance_name'] == f'instance-{server.id:08x}'
    assert shown['OS-EXT-AZ:availability_zone'] == 'nova'
    assert shown['flavor']['id'] == '1'
    assert shown['links'][0]['href'] == f'http://localhost/v2.1/servers/{server.uuid}'
    assert shown['created'].endswith('Z') and '.' not in shown['created']
    assert not shown['OS-SRV-USG:launched_at'].endswith('Z')


def test_host_id_tells_hosts_apart_without_naming_them(api, server, make_server):
    same, other = make_server(), make_server(host='host2')
    ids = [api.get(f'/v2.1/servers/{one.uuid}', user='reader').json['server']['hostId']
           for one in (server, same, other)]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 56 and 'host1' not in ids[0]


def test_fault_shows_in_error_only(api, ctxt, server):
    objects.InstanceFault(ctxt, instance_uuid=server.uuid, code=500, message='burnt',
                          details='a traceback').create()
    url = f'/v2.1/servers/{server.uuid}'
    assert 'fault' not in api.get(url).json['server']
    server.vm_state = 'error'
    server.save()
    fault = api.get(url).json['server']['fault']
    assert (fault['code'], fault['message'], fault['details']) == (500, 'burnt', 'a traceback')
    assert 'details' not in api.get(url, user='reader').json['server']['fault']


@pytest.mark.parametrize('values, status', [
    ({}, 'UP'), ({'disabled': True}, 'MAINTENANCE'), ({'forced_down': True}, 'DOWN'),
    ({'last_seen_up': NOW - datetime.timedelta(hours=1)}, 'UNKNOWN')])
def test_host_status(api, ctxt, server, values, status):
    service = objects.Service.get_by_host_and_binary(ctxt, 'host1', 'nova-compute')
    for name, value in values.items():
        setattr(service, name, value)
    service.save()
    shown = api.get(f'/v2.1/servers/{server.uuid}').json['server']
    assert shown['host_status'] == status


def test_host_status_of_a_server_without_host_is_empty(api, make_server):
    server = make_server(host=None, node=None)
    assert api.get(f'/v2.1/servers/{server.uuid}').json['server']['host_status'] == ''


def test_host_status_unknown_may_be_shown_to_more_people(api, ctxt, rules, server):
    rules.write_text('"os_compute_api:servers:show:host_status:unknown-only": "role:reader"\n')
    url = f'/v2.1/servers/{server.uuid}'
    assert 'host_status' not in api.get(url, user='reader').json['server']
    service = objects.Service.get_by_host_and_binary(ctxt, 'host1', 'nova-compute')
    service.last_seen_up = NOW - datetime.timedelta(hours=1)
    service.save()
    assert api.get(url, user='reader').json['server']['host_status'] == 'UNKNOWN'


def test_deleted_server_is_not_found(api, server):
    server.destroy()
    assert api.get(f'/v2.1/servers/{server.uuid}').status_int == 404


# -- change and delete ------------------------------------------------------------------------
def test_update_changes_name_and_description(api, ctxt, server):
    response = api.put(f'/v2.1/servers/{server.uuid}',
                       {'server': {'name': 'new', 'description': 'about it'}}, user='member')
    assert response.status_int == 200
    fresh = objects.Instance.get_by_uuid(ctxt, server.uuid)
    assert (fresh.display_name, fresh.display_description) == ('new', 'about it')


WRONG_UPDATES = [
    ('2.18', {'description': 'd'}), ('2.80', {'name': ''}), ('2.80', {'name': ' a'}),
    ('2.80', {'name': 'a\n'}), ('2.80', {'name': 'x' * 256}), ('2.80', {'hostname': 'h'}),
    ('2.80', {'accessIPv4': '10.0.0.1'}), ('2.80', {'accessIPv4': 'x'}), ('2.80', {'name': 1})]


def test_update_with_a_wrong_body_is_a_bad_request(api, server):
    def check(version, body):
        url = f'/v2.1/servers/{server.uuid}'
        assert api.put(url, {'server': body}, version=version).status_int == 400

    walk(WRONG_UPDATES, check)


def test_delete_is_handed_to_the_host_in_the_middle_of_a_migration_too(api, wire, ctxt, server):
    server.task_state = 'migrating'
    server.save()
    response = api.delete(f'/v2.1/servers/{server.uuid}', user='member')
    assert (response.status_int, response.body) == (204, b'')
    assert wire.methods == ['terminate_instance']
    assert objects.Instance.get_by_uuid(ctxt, server.uuid).task_state == 'deleting'


# -- lists ------------------------------------------------------------------------------------
@pytest.fixture
def fleet(ctxt, make_server):
    """Six servers, oldest first."""
    make_server(display_name='web-1')
    make_server(display_name='web-2', task_state='migrating', host='host2')
    make_server(display_name='db', vm_state='paused', metadata={'a': 'b'}, locked=True)
    make_server(display_name='off', vm_state='stopped', display_description='old thing')
    make_server(display_name='foreign', project_id='elsewhere')
    make_server(display_name='gone').destroy()


def test_list_is_of_the_own_project_newest_first(api, fleet):
    for path in ('/v2.1/servers', '/v2.1/servers/detail'):
        assert names(api.get(path, user='reader')) == ['off', 'db', 'web-2', 'web-1']


FOR_EVERYBODY = [
    ('name=web', ['web-2', 'web-1']), ('name=%5Eweb-1%24', ['web-1']), ('name=nothing', []),
    ('status=ACTIVE', ['web-2', 'web-1']), ('status=migrating', ['web-2']),
    ('status=SHUTOFF&status=PAUSED', ['off', 'db']), ('status=RESIZE', []),
    ('status=ERROR', []), ('image=5a2ae91c-90b4-4ec4-b06c-5c1ca1c67c69',
                           ['off', 'db', 'web-2', 'web-1']),
    ('image=other', []), ('flavor=1', ['off', 'db', 'web-2', 'web-1']), ('flavor=2', []),
    ('flavor=1&limit=2', ['off', 'db']), ('locked=true', ['db']),
    ('locked=false', ['off', 'web-2', 'web-1']), ('ip=10.', []), ('tags=a', []),
    ('not-tags=a', ['off', 'db', 'web-2', 'web-1']), ('limit=0', []), ('limit=1', ['off']),
    ('sort_key=display_name&sort_dir=asc', ['db', 'off', 'web-1', 'web-2']),
    ('sort_key=display_name', ['web-2', 'web-1', 'off', 'db']),
    ('sort_key=vm_state&sort_key=display_name&sort_dir=desc&sort_dir=asc',
     ['off', 'db', 'web-1', 'web-2']), ('sort_dir=asc', ['web-1', 'web-2', 'db', 'off']),
    ('sort_key=root_device_name', ['off', 'db', 'web-2', 'web-1'])]


def test_list_is_narrowed_by_what_everybody_may_use(api, fleet):
    def check(query, found):
        assert names(api.get(f'/v2.1/servers?{query}', user='reader')) == found

    walk(FOR_EVERYBODY, check)


FOR_ADMINISTRATORS = [
    ('host=host2', ['web-2']), ('node=nowhere', []), ('task_state=migrating', ['web-2']),
    ('vm_state=paused', ['db']), ('power_state=1', ['off', 'db', 'web-2', 'web-1']),
    ('description=thing', ['off']), ('deleted=true', ['gone']), ('status=DELETED', []),
    ('all_tenants=1', ['foreign', 'off', 'db', 'web-2', 'web-1']),
    ('all_tenants=', ['foreign', 'off', 'db', 'web-2', 'web-1']),
    ('all_tenants=false', ['off', 'db', 'web-2', 'web-1']),
    ('all_tenants=1&project_id=elsewhere', ['foreign']),
    ('tenant_id=elsewhere', ['off', 'db', 'web-2', 'web-1']),
    ('project_id=demo', ['off', 'db', 'web-2', 'web-1']),
    ('sort_key=host', ['web-2', 'off', 'db', 'web-1'])]


def test_list_is_narrowed_further_by_an_administrator(api, fleet):
    def check(query, found):
        assert names(api.get(f'/v2.1/servers?{query}')) == found

    walk(FOR_ADMINISTRATORS, check)


IGNORED = ['host=host2', 'deleted=true', 'task_state=migrating',
           'project_id=elsewhere', 'tenant_id=elsewhere']


def test_list_ignores_what_is_the_administrators_to_ask(api, fleet):
    def check(query):
        assert len(names(api.get(f'/v2.1/servers?{query}', user='manager'))) == 4

    walk(IGNORED, check)


REFUSED = ['all_tenants=1', 'all_tenants', 'status=DELETED',
           'sort_key=host', 'sort_key=node']


def test_list_refuses_what_is_the_administrators_alone(api, fleet):
    def check(query):
        response = api.get(f'/v2.1/servers?{query}', user='manager')
        assert response.status_int == 403
        assert 'forbidden' in response.json

    walk(REFUSED, check)


WRONG_QUERIES = [
    ('2.80', 'limit=-1'), ('2.80', 'limit=x'), ('2.80', 'limit=1&limit=2'), ('2.80', 'limit='),
    ('2.80', 'marker=x'), ('2.80', 'marker=c4a0a3a0-0000-4000-8000-000000000000'),
    ('2.80', 'sort_key=secret'), ('2.80', 'sort_dir=up'), ('2.80', 'sort_dir=asc&sort_dir=desc'),
    ('2.38', 'status=NONSENSE'), ('2.80', 'changes-since=yesterday'), ('2.80', 'name=%28'),
    ('2.80', 'all_tenants=maybe'), ('2.75', 'unknown=1'), ('2.75', 'project=1'),
    ('2.80', 'name=%00'), ('2.80', 'name=%ff'),
    ('2.80', 'changes-since=2020-01-02T00:00:00Z&changes-before=2020-01-01T00:00:00Z')]


def test_list_with_a_wrong_query_is_a_bad_request(api, fleet):
    def check(version, query):
        response = api.get(f'/v2.1/servers?{query}', version=version)
        assert response.status_int == 400
        assert response.json['badRequest']['code'] == 400

    walk(WRONG_QUERIES, check)


OLDER = [
    ('2.37', 'status=NONSENSE', 0), ('2.74', 'unknown=1', 4), ('2.65', 'changes-before=x', 4),
    ('2.72', 'locked=true', 4), ('2.25', 'tags=a', 4)]


def test_list_of_an_older_version_knows_less(api, fleet):
    def check(version, query, count):
        assert len(names(api.get(f'/v2.1/servers?{query}', version=version))) == count

    walk(OLDER, check)


def test_list_of_changes_has_the_deleted_too(api, fleet, server):
    since = urllib.parse.quote((NOW - datetime.timedelta(days=1)).isoformat())
    later = urllib.parse.quote((NOW + datetime.timedelta(days=1)).isoformat())
    assert 'gone' in names(api.get(f'/v2.1/servers?changes-since={since}'))
    assert names(api.get(f'/v2.1/servers?changes-since={later}')) == []
    assert 'gone' not in names(api.get(f'/v2.1/servers?changes-before={later}'))


@pytest.mark.parametrize('path, also', [('/v2.1/servers', ''), ('/v2.1/demo/servers/detail', ''),
                                        ('/v2.1/servers', '&flavor=1&sort_key=display_name')])
def test_list_in_pages_has_every_server_once(api, fleet, path, also):
    url, found = f'{path}?limit=3{also}', []
    whole = names(api.get(f'{path}?{also}'))
    while url:
        page = api.get(url, user='reader')
        found += names(page)
        links = page.json.get('servers_links')
        url = links[0]['href'].removeprefix('http://localhost') if links else None
        assert url is None or url.startswith(path)
    assert found == whole and len(found) == 4


def test_list_has_no_more_than_the_limit_of_the_options(api, fleet, options):
    options.set('api', max_limit=2)
    page = api.get('/v2.1/servers?limit=1000')
    assert len(page.json['servers']) == 2
    assert 'servers_links' in page.json
