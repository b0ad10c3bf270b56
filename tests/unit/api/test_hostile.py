# SPDX-License-Identifier: Apache-2.0
"""Values that no database wants: each is refused, or finds nothing; none is a failure."""
from urllib.parse import quote

import jsonschema
import pytest

from nova_lite import objects
from nova_lite.api import openapi
from tests.fixtures.db import make_migration
from tests.unit.api.tables import walk

HUGE = '9' * 30
# regular expressions that are none in some engine or other
PATTERNS = ['(?P<x>a)', '(?i)a', r'\Z', '(?<=a)b', 'a{1,65000}', '[[:nothing:]]', '(?#c)a',
            r'(a)\1', '[[.a.]]', r'\N{DIGIT ONE}', '(?a:x)', '(' * 40 + ')' * 40]
BROKEN_TEXTS = ['%00', '%ff', 'a%00b', '%ed%a0%80', '%f4%90%80%80']
NUMBERS = [HUGE, '18446744073709551616', '9223372036854775808', '2147483648', '-1', '1e3',
           '%d9%a3',
           '0x10', '%00', '%ff', '']


def check(answer, *codes):
    assert answer.status_int in codes, (answer.status_int, answer.body)
    if answer.status_int >= 400:
        jsonschema.validate(answer.json, openapi.error_schema(answer.status_int))


def test_pattern_that_the_database_refuses_is_a_bad_request(api, server):
    walk(PATTERNS, lambda pattern: check(
        api.get(f'/v2.1/servers?name={quote(pattern)}'), 200, 400))
    walk(PATTERNS, lambda pattern: check(
        api.get(f'/v2.1/os-hypervisors?hypervisor_hostname_pattern={quote(pattern)}'),
        200, 400, 404))


@pytest.mark.parametrize('path', [
    '/v2.1/servers?name={}', '/v2.1/servers?host={}', '/v2.1/servers?vm_state={}',
    '/v2.1/flavors?marker={}', '/v2.1/os-migrations?host={}', '/v2.1/os-services?host={}',
    '/v2.1/os-services?binary={}', '/v2.1/limits?tenant_id={}', '/v2.1/servers/{}',
    '/v2.1/flavors/{}', '/v2.1/os-services/{}', '/v2.1/os-hypervisors/{}', '/v2/images?name={}',
    '/v2/images/{}', '/v2.1/extensions/{}', '/v2.1/os-keypairs/{}'])
def test_text_that_is_none_is_refused(api, server, path):
    walk(BROKEN_TEXTS, lambda text: check(api.get(path.format(text)), 400, 404))


@pytest.mark.parametrize('version', ['2.1', '2.52', '2.80'])
@pytest.mark.parametrize('path', [
    '/v2.1/servers?limit={}', '/v2.1/servers?power_state={}', '/v2.1/servers?progress={}',
    '/v2.1/os-migrations?limit={}', '/v2.1/os-hypervisors?limit={}',
    '/v2.1/os-hypervisors?marker={}', '/v2.1/os-hypervisors/{}', '/v2.1/flavors?minRam={}',
    '/v2.1/flavors?limit={}', '/v2.1/flavors/{}', '/v2.1/os-aggregates/{}'])
def test_number_that_is_too_large_or_none_is_refused(api, server, path, version):
    walk(NUMBERS, lambda number: check(api.get(path.format(number), version=version),
                                       200, 400, 404))


def test_id_of_a_migration_that_is_too_large_or_none_is_not_found(api, server):
    path = f'/v2.1/servers/{server.uuid}/migrations/'
    for number in NUMBERS[:-1]:
        check(api.get(path + number), 400, 404)
        check(api.delete(path + number), 400, 404, 409)
        check(api.post(f'{path}{number}/action', {'force_complete': None}), 400, 404, 409)


def test_id_of_a_service_that_is_too_large_is_not_found(api, hosts):
    for number in NUMBERS[:-1]:
        check(api.delete(f'/v2.1/os-services/{number}', version='2.52'), 400, 404)


@pytest.mark.parametrize('text', ['a\0b', '\ud800', 'x' * 70000, '\U0001f600'])
def test_body_with_text_that_is_none_is_refused(api, server, text):
    check(api.put(f'/v2.1/servers/{server.uuid}', {'server': {'name': text}}), 200, 400)
    check(api.post(f'/v2.1/servers/{server.uuid}/metadata', {'metadata': {'k': text}}), 200, 400)
    check(api.put('/v2.1/os-services/disable-log-reason', {
        'host': 'host1', 'binary': 'nova-compute', 'disabled_reason': text},
        version='2.52'), 200, 400)


@pytest.mark.parametrize('path', ['/v2.1/servers', '/v2.1/os-migrations',
                                  '/v2.1/servers/{}/os-instance-actions'])
@pytest.mark.parametrize('name, time', [('changes-since', '0001-01-01T00:00:00+14:00'),
                                        ('changes-before', '9999-12-31T23:59:59-14:00')])
def test_time_that_no_year_of_utc_has_is_refused_by_name(api, server, path, name, time):
    answer = api.get(f'{path.format(server.uuid)}?{name}={quote(time)}', version='2.80')
    check(answer, 400)
    assert name in answer.json['badRequest']['message'] and 'SELECT' not in answer.text


def test_time_that_no_calendar_has_is_refused(api, server):
    for time in ('0000-01-01', '9999-12-31T23:59:59Z', '99999-01-01T00:00:00Z', '2024-02-30',
                 '0001-01-01T00:00:00%2B14:00', '9999-12-31T23:59:59-14:00', 'now', '%00'):
        check(api.get(f'/v2.1/servers?changes-since={time}'), 200, 400)
        check(api.get(f'/v2.1/os-migrations?changes-before={time}'), 200, 400)


UNBOUNDED = ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '(.*a){25}', '^(([a-z])+.)+[A-Z]([a-z])+$']


@pytest.mark.parametrize('field', ['name', 'description', 'ip', 'ip6'])
def test_pattern_cannot_stop_the_process(api, make_server, field):
    """Each takes longer than anybody lives for one row, where an engine tries all the ways."""
    make_server(display_name='a' * 200 + '!', display_description='a' * 200 + '!')
    walk(UNBOUNDED, lambda pattern: check(
        api.get(f'/v2.1/servers?{field}={quote(pattern)}'), 200, 400))
    walk(UNBOUNDED, lambda pattern: check(
        api.get(f'/v2.1/servers/detail?{field}={quote(pattern)}', user='member'), 200, 400))


@pytest.mark.parametrize('pattern', [r'(a)\1', '(?=a)', '(?<!a)b', '(', 'a{1,65000}',
                                     '((a{99}){99}){99}'])
def test_pattern_without_a_bound_is_a_bad_request_that_names_it(api, server, pattern):
    answer = api.get(f'/v2.1/servers?name={quote(pattern)}')
    check(answer, 400)
    assert 'name' in answer.json['badRequest']['message']


def test_marker_of_another_project_is_not_found(api, make_server, ctxt):
    """It would tell that it exists, and where it stands."""
    mine, other = make_server(), make_server(project_id='elsewhere')
    for path in ('/v2.1/servers', '/v2.1/servers/detail'):
        check(api.get(f'{path}?marker={other.uuid}', user='member'), 400)
        check(api.get(f'{path}?marker={mine.uuid}', user='member'), 200)
        check(api.get(f'{path}?marker={other.uuid}'), 400)
        check(api.get(f'{path}?marker={other.uuid}&all_tenants=1'), 200)


def test_marker_of_another_list_is_not_found(api, make_server, ctxt, flavor):
    one, two = make_server(), make_server(project_id='elsewhere')
    hidden = objects.Flavor(ctxt, flavorid='9', name='hidden', memory_mb=1, vcpus=1, root_gb=0,
                            is_public=False)
    hidden.create()
    check(api.get('/v2.1/flavors?marker=9', user='member'), 400)
    check(api.get('/v2.1/flavors?marker=9&is_public=none'), 200)
    moved = make_migration(ctxt, two, project_id='elsewhere')
    path = '/v2.1/os-migrations?marker=' + moved.uuid
    check(api.get(path), 200)
    check(api.get(f'{path}&project_id=demo'), 400)
    objects.InstanceAction.action_start(ctxt, two.uuid, 'stop', request_id='req-of-two')
    check(api.get(f'/v2.1/servers/{one.uuid}/os-instance-actions?marker=req-of-two'), 400)
    check(api.get(f'/v2.1/servers/{one.uuid}/os-instance-actions?marker=nothing'), 400)
