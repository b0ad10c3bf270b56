# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import objects
from tests.unit.api.tables import walk


@pytest.fixture
def url(make_server):
    server = make_server(metadata={'a': '1', 'b': '2'})
    return f'/v2.1/servers/{server.uuid}/metadata'


def test_read(api, url):
    assert api.get(url, user='reader').json == {'metadata': {'a': '1', 'b': '2'}}
    assert api.get(f'{url}/a', user='reader').json == {'meta': {'a': '1'}}
    assert api.get(f'{url}/c', user='reader').status_int == 404


def test_write(api, url):
    def now():
        return api.get(url).json['metadata']

    assert api.post(url, {'metadata': {'b': '3', 'c': '4'}}, user='member').json == {
        'metadata': {'a': '1', 'b': '3', 'c': '4'}}
    assert now() == {'a': '1', 'b': '3', 'c': '4'}
    assert api.put(f'{url}/a', {'meta': {'a': '5'}}, user='member').json == {'meta': {'a': '5'}}
    assert now()['a'] == '5'
    assert api.delete(f'{url}/a', user='member').status_int == 204
    assert now() == {'b': '3', 'c': '4'}
    assert api.put(url, {'metadata': {'z': '9'}}, user='member').json == {'metadata': {'z': '9'}}
    assert now() == {'z': '9'}


WRONG_WRITES = [
    ('POST', '', {'metadata': {'a': 1}}, 400), ('POST', '', {'metadata': {'a/b': '1'}}, 400),
    ('POST', '', {'metadata': {'k' * 256: '1'}}, 400), ('POST', '', {'a': 'b'}, 400),
    ('PUT', '/a', {'meta': {'b': '1'}}, 400), ('PUT', '/a', {'meta': {}}, 400),
    ('PUT', '/a', {'meta': {'a': '1', 'b': '1'}}, 400), ('DELETE', '/c', None, 404),
    ('POST', '', {'metadata': {f'k{n}': 'v' for n in range(200)}}, 403)]


def test_write_wrongly(api, url):
    def check(method, path, body, code):
        assert api(method, url + path, body).status_int == code
        assert api.get(url).json == {'metadata': {'a': '1', 'b': '2'}}

    walk(WRONG_WRITES, check)


def test_locked_server_keeps_its_metadata(api, ctxt, url):
    server = objects.Instance.get_by_uuid(ctxt, url.split('/')[3])
    server.locked = True
    server.save()
    assert api.post(url, {'metadata': {'x': 'y'}}, user='member').status_int == 409
    assert api.post(url, {'metadata': {'x': 'y'}}, user='admin').status_int == 200
