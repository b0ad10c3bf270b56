# SPDX-License-Identifier: Apache-2.0
import types

import pytest
from keystoneauth1 import discover

from nova_lite import exception, objects
from nova_lite.api import healthcheck

LINK = {'rel': 'self', 'href': 'http://localhost/v2.1/'}


def test_root_lists_the_versions_without_credentials(api):
    response = api.get('/', user=None)
    assert response.status_int == 200
    assert response.json == {'versions': [
        {'id': 'v2.1', 'status': 'CURRENT', 'version': '2.80', 'min_version': '2.1',
         'updated': '2013-07-23T11:33:21Z', 'links': [LINK]}]}


@pytest.mark.parametrize('path', ['/v2.1', '/v2.1/'])
def test_version_is_one_document(api, path):
    response = api.get(path, user=None)
    assert response.status_int == 200
    version = response.json['version']
    assert (version['id'], version['version'], version['min_version']) == ('v2.1', '2.80', '2.1')
    assert LINK in version['links']
    assert version['media-types'][0]['base'] == 'application/json'


class Session:
    """As much of a session as keystoneauth's discovery asks for."""

    def __init__(self, api):
        self._api = api

    def get(self, url, **_):
        answer = self._api.get(url.removeprefix('http://localhost') or '/', user=None)
        return types.SimpleNamespace(json=lambda: answer.json, headers=dict(answer.headers),
                                     url=url, status_code=answer.status_int)


@pytest.mark.parametrize('path', ['', '/', '/v2.1', '/v2.1/'])
def test_keystoneauth_finds_the_range_of_versions(api, path):
    found = discover.Discover(Session(api), f'http://localhost{path}')
    [data] = found.version_data()
    assert data['url'] == 'http://localhost/v2.1/'
    assert (data['min_microversion'], data['max_microversion']) == ((2, 1), (2, 80))


@pytest.mark.parametrize('path', ['/v3', '/v2.2/servers', '/servers', '/v2/servers', '/v2.1x/y'])
def test_other_path_is_a_choice_of_versions(api, path):
    response = api.get(path, user=None)
    assert response.status_int == 300
    [choice] = response.json['choices']
    assert choice['links'] == [{'rel': 'self', 'href': f'http://localhost/v2.1{path}'}]
    assert choice['media-types']


def test_healthcheck_is_real(api, monkeypatch):
    monkeypatch.setattr(healthcheck, '_state', healthcheck._State())
    monkeypatch.setattr(healthcheck, 'KEPT', 0.0)
    answer = api.get('/healthcheck', user=None)
    assert (answer.status_int, answer.text) == (200, 'OK\n')

    def away(*args, **kwargs):
        raise exception.DatabaseUnavailable()
    monkeypatch.setattr(objects.ServiceList, 'get_by_filters', away)
    assert api.get('/healthcheck', user=None).status_int == 503


@pytest.mark.parametrize('path', ['/metrics', '/healthz'])
def test_what_monitoring_asks_for_and_is_not_there_is_404(api, path):
    assert api.get(path, user=None).status_int == 404


def test_image_service_has_a_document_of_its_own(api):
    [version] = api.get('/v2/', user=None).json['versions']
    assert version['id'].startswith('v2')
    assert version['links'] == [{'rel': 'self', 'href': 'http://localhost/v2/'}]


@pytest.mark.parametrize('path', ['/', '/v2.1'])
def test_documents_are_read_only(api, path):
    response = api.post(path, {}, user=None)
    assert response.status_int == 405
    assert 'badMethod' in response.json


def test_endpoint_option_is_the_address_in_links(api, options):
    options.set('api', endpoint='https://cloud.example.org/compute/')
    assert (api.get('/', user=None).json['versions'][0]['links'][0]['href']
            == 'https://cloud.example.org/compute/v2.1/')
