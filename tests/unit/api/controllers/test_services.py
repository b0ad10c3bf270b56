# SPDX-License-Identifier: Apache-2.0
import datetime

import pytest
from oslo_utils import timeutils

from nova_lite import objects
from tests.fixtures.db import make_migration
from tests.unit.api.tables import walk

HOST = {'host': 'host1', 'binary': 'nova-compute'}
URL = '/v2.1/os-services'


def the(ctxt, binary='nova-compute', host='host1'):
    return objects.Service.get_by_host_and_binary(ctxt, host, binary)


@pytest.fixture
def conductor(ctxt, hosts):
    return objects.Service.register(ctxt, 'controller', 'nova-conductor', 'conductor')


LIST = [
    ('', ['host1', 'host2', 'controller']), ('host=host2', ['host2']),
    ('binary=nova-conductor', ['controller']), ('host=host1&binary=nova-conductor', [])]


def test_list(api, conductor):
    def check(query, found):
        services = api.get(f'{URL}?{query}').json['services']
        assert [service['host'] for service in services] == found

    walk(LIST, check)


def test_zone_is_internal_for_all_but_computes(api, conductor):
    zones = {service['binary']: service['zone'] for service in api.get(URL).json['services']}
    assert zones == {'nova-compute': 'nova', 'nova-conductor': 'internal'}


@pytest.mark.parametrize('values, state', [
    ({}, 'up'), ({'forced_down': True}, 'down'),
    ({'last_seen_up': timeutils.utcnow(with_timezone=True) - datetime.timedelta(hours=1)},
     'down')])
def test_state(api, ctxt, hosts, values, state):
    service = the(ctxt)
    for name, value in values.items():
        setattr(service, name, value)
    service.save()
    assert api.get(f'{URL}?host=host1').json['services'][0]['state'] == state


def test_clock_skew_is_shown_to_who_asks_for_our_extensions(api, ctxt, hosts):
    assert 'clock_skew' not in api.get(f'{URL}?host=host1').json['services'][0]
    objects.Service.report(ctxt, the(ctxt).id, 301.23456)
    shown = api.get(URL, X_Nova_Lite_Extensions='1').json['services']
    assert [service['clock_skew'] for service in shown] == [301.235, None]


# -- below 2.53 -------------------------------------------------------------------------------
def test_change_by_host_and_binary(api, ctxt, hosts):
    def put(action, **more):
        response = api.put(f'{URL}/{action}', {**HOST, **more}, version='2.52')
        assert response.status_int == 200
        return response.json['service']

    assert put('disable') == {**HOST, 'status': 'disabled'}
    assert (the(ctxt).disabled, the(ctxt).disabled_reason) == (True, None)
    assert put('disable-log-reason', disabled_reason='broken fan') == {
        **HOST, 'status': 'disabled', 'disabled_reason': 'broken fan'}
    assert the(ctxt).disabled_reason == 'broken fan'
    assert put('enable') == {**HOST, 'status': 'enabled'}
    assert (the(ctxt).disabled, the(ctxt).disabled_reason) == (False, None)
    assert put('force-down', forced_down='true') == {**HOST, 'forced_down': True}
    assert the(ctxt).forced_down is True


WRONG_CHANGES = [
    ('enable', {'host': 'host1'}, 400), ('enable', {**HOST, 'x': 1}, 400),
    ('enable', {**HOST, 'host': 'nowhere'}, 404), ('disable', {**HOST, 'binary': 'x'}, 404),
    ('disable-log-reason', HOST, 400), ('disable-log-reason', {**HOST, 'disabled_reason': ''},
                                        400),
    ('force-down', HOST, 400), ('force-down', {**HOST, 'forced_down': 'perhaps'}, 400),
    ('dance', HOST, 404)]


def test_change_wrongly(api, hosts):
    def check(action, body, code):
        assert api.put(f'{URL}/{action}', body, version='2.52').status_int == code

    walk(WRONG_CHANGES, check)


# -- from 2.53 --------------------------------------------------------------------------------
def test_change_by_uuid(api, ctxt, hosts):
    url = f'{URL}/{the(ctxt).uuid}'
    shown = api.put(url, {'status': 'disabled', 'disabled_reason': 'fan'}).json['service']
    assert (shown['status'], shown['disabled_reason']) == ('disabled', 'fan')
    assert shown['host'] == 'host1'
    shown = api.put(url, {'status': 'enabled', 'forced_down': True}).json['service']
    assert (shown['status'], shown['disabled_reason']) == ('enabled', None)
    assert (shown['forced_down'], shown['state']) == (True, 'down')


WRONG_BODIES = [{}, {'status': 'on'}, {'disabled_reason': 'fan'}, {'x': 1},
                {'status': 'enabled', 'disabled_reason': 'fan'},
                {'forced_down': 'perhaps'}, []]


def test_change_by_uuid_with_a_wrong_body_is_a_bad_request(api, ctxt, hosts):
    def check(body):
        assert api.put(f'{URL}/{the(ctxt).uuid}', body).status_int == 400

    walk(WRONG_BODIES, check)


def test_change_of_what_is_no_compute_is_a_bad_request(api, conductor):
    response = api.put(f'{URL}/{conductor.uuid}', {'status': 'disabled'})
    assert response.status_int == 400
    assert 'nova-conductor' in response.json['badRequest']['message']


UNKNOWN = [
    ('2.53', 'c4a0a3a0-0000-4000-8000-000000000000', 404), ('2.53', '1', 400),
    ('2.52', '99', 404), ('2.52', 'x', 404), ('2.52', '9' * 30, 404)]


def test_unknown_service(api, hosts):
    def check(version, service_id, code):
        assert api.delete(f'{URL}/{service_id}', version=version).status_int == code

    walk(UNKNOWN, check)


# -- delete -----------------------------------------------------------------------------------
@pytest.mark.parametrize('version', ['2.1', '2.80'])
def test_delete_forgets_the_host_too(api, ctxt, hosts, version):
    service = the(ctxt, host='host2')
    number = service.uuid if version == '2.80' else service.id
    assert api.delete(f'{URL}/{number}', version=version).status_int == 204
    assert [one['host'] for one in api.get(URL).json['services']] == ['host1']
    assert len(api.get('/v2.1/os-hypervisors').json['hypervisors']) == 1


def test_delete_of_a_host_with_servers_is_a_conflict(api, ctxt, server):
    response = api.delete(f'{URL}/{the(ctxt).uuid}')
    assert response.status_int == 409
    assert 'host1' in response.json['conflictingRequest']['message']


def test_delete_of_a_destination_is_a_conflict(api, ctxt, server):
    migration = make_migration(ctxt, server, source_compute='host1', dest_compute='host2')
    url = f'{URL}/{the(ctxt, host="host2").uuid}'
    assert api.delete(url).status_int == 409
    migration.advance('reject')
    assert api.delete(url).status_int == 204
