# SPDX-License-Identifier: Apache-2.0
"""Values that no database wants: each is refused, or finds nothing; none is a failure."""
import jsonschema
import pytest

from nova_lite.api import openapi
from tests.unit.api.tables import walk

HUGE = '9' * 30
# regular expressions of Python that are none elsewhere
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


@pytest.mark.filterwarnings('ignore::FutureWarning')    # of Python's own, for such classes
def test_pattern_that_the_database_refuses_is_a_bad_request(api, server):
    from urllib.parse import quote
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


def test_time_that_no_calendar_has_is_refused(api, server):
    for time in ('0000-01-01', '9999-12-31T23:59:59Z', '99999-01-01T00:00:00Z', '2024-02-30',
                 '0001-01-01T00:00:00%2B14:00', '9999-12-31T23:59:59-14:00', 'now', '%00'):
        check(api.get(f'/v2.1/servers?changes-since={time}'), 200, 400)
        check(api.get(f'/v2.1/os-migrations?changes-before={time}'), 200, 400)
