# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import objects
from tests.unit.api.tables import walk

GOOD = {'name': 'm1.new', 'ram': 512, 'vcpus': 2, 'disk': 10}


@pytest.fixture
def flavors(ctxt, flavor):
    """1 (public), 2 (larger), 3 (not public), 4 (disabled)."""
    for number, values in ((2, {'memory_mb': 1024, 'root_gb': 20}), (3, {'is_public': False}),
                           (4, {'disabled': True})):
        objects.Flavor(ctxt, **{'flavorid': str(number), 'name': f'f{number}', 'memory_mb': 256,
                                'vcpus': 1, 'root_gb': 1, **values}).create()


def ids(response):
    assert response.status_int == 200, response.text
    return [flavor['id'] for flavor in response.json['flavors']]


LIST = [
    ('reader', '', ['1', '2']), ('admin', '', ['1', '2', '4']),
    ('admin', 'is_public=None', ['1', '2', '3', '4']), ('admin', 'is_public=false', ['3']),
    ('reader', 'is_public=None', ['1', '2']), ('reader', 'minRam=512', ['2']),
    ('reader', 'minDisk=2', ['2']), ('reader', 'limit=1', ['1']),
    ('reader', 'marker=1', ['2']), ('reader', 'sort_key=memory_mb&sort_dir=desc', ['2', '1'])]


def test_list(api, flavors):
    def check(user, query, found):
        assert ids(api.get(f'/v2.1/flavors?{query}', user=user)) == found
        assert ids(api.get(f'/v2.1/flavors/detail?{query}', user=user)) == found

    walk(LIST, check)


def test_list_in_pages(api, flavors):
    page = api.get('/v2.1/flavors?limit=1', user='reader').json
    link = page['flavors_links'][0]
    assert link == {'rel': 'next', 'href': 'http://localhost/v2.1/flavors?limit=1&marker=1'}


WRONG_QUERIES = ['marker=9', 'limit=x', 'minRam=x', 'sort_key=secret',
                 'is_public=maybe', 'unknown=1']


def test_list_with_a_wrong_query_is_a_bad_request(api, flavors):
    def check(query):
        assert api.get(f'/v2.1/flavors?{query}').status_int == 400

    walk(WRONG_QUERIES, check)


SHOW = [
    ('reader', '1', 200), ('reader', '3', 404), ('admin', '3', 200), ('reader', '9', 404)]


def test_show(api, flavors):
    def check(user, flavor_id, code):
        assert api.get(f'/v2.1/flavors/{flavor_id}', user=user).status_int == code

    walk(SHOW, check)


def test_create_and_delete(api):
    made = api.post('/v2.1/flavors', {'flavor': {
        **GOOD, 'id': 'own-1', 'swap': '64', 'OS-FLV-EXT-DATA:ephemeral': 5, 'rxtx_factor': '2.5',
        'os-flavor-access:is_public': 'false', 'description': 'd'}})
    assert made.status_int == 200
    shown = made.json['flavor']
    assert shown == api.get('/v2.1/flavors/own-1').json['flavor']
    assert (shown['ram'], shown['vcpus'], shown['disk'], shown['swap']) == (512, 2, 10, 64)
    assert (shown['OS-FLV-EXT-DATA:ephemeral'], shown['rxtx_factor']) == (5, 2.5)
    assert (shown['os-flavor-access:is_public'], shown['description']) == (False, 'd')
    assert api.delete('/v2.1/flavors/own-1').status_int == 202
    assert api.get('/v2.1/flavors/own-1').status_int == 404
    assert api.delete('/v2.1/flavors/own-1').status_int == 404


@pytest.mark.parametrize('given', [{}, {'id': None}, {'id': 'auto'}])
def test_create_makes_an_id_up(api, given):
    shown = api.post('/v2.1/flavors', {'flavor': {**GOOD, **given}}).json['flavor']
    assert len(shown['id']) == 36


@pytest.mark.parametrize('given', [{'id': '1'}, {'name': 'm1.tiny'}])
def test_create_what_is_there_is_a_conflict(api, flavor, given):
    response = api.post('/v2.1/flavors', {'flavor': {**GOOD, **given}})
    assert response.status_int == 409


WRONG_BODIES = [
    ('2.80', {'ram': 0}), ('2.80', {'ram': 'x'}), ('2.80', {'vcpus': 0}), ('2.80', {'disk': -1}),
    ('2.80', {'ram': 2 ** 31}), ('2.80', {'ram': '99999999999'}), ('2.80', {'id': 'a/b'}),
    ('2.80', {'id': ' a'}), ('2.80', {'name': ''}), ('2.80', {'rxtx_factor': 0}),
    ('2.80', {'rxtx_factor': 'x'}), ('2.80', {'os-flavor-access:is_public': 2}),
    ('2.80', {'ram': True}), ('2.80', {'unknown': 1}), ('2.54', {'description': 'd'}),
    ('2.80', {'ram': 1.5}), ('2.80', {'ram': '0'}), ('2.80', {'ram': '4294967296'})]


def test_create_with_a_wrong_body_is_a_bad_request(api):
    def check(version, given):
        response = api.post('/v2.1/flavors', {'flavor': {**GOOD, **given}}, version=version)
        assert response.status_int == 400, response.text

    walk(WRONG_BODIES, check)


def test_extra_specs(api, flavors):
    url = '/v2.1/flavors/1/os-extra_specs'
    assert api.get(url, user='reader').json == {'extra_specs': {'hw:cpu_policy': 'shared'}}
    assert api.get(f'{url}/hw:cpu_policy').json == {'hw:cpu_policy': 'shared'}
    assert api.get(f'{url}/nothing').status_int == 404
    assert api.get('/v2.1/flavors/9/os-extra_specs').status_int == 404
    assert api.get('/v2.1/flavors/3/os-extra_specs', user='reader').status_int == 404
