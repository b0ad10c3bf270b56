# SPDX-License-Identifier: Apache-2.0
import pytest
import webob.exc

from nova_lite.api import microversion
from tests.unit.api.tables import walk

HEADER, LEGACY = 'OpenStack-API-Version', 'X-OpenStack-Nova-API-Version'


@pytest.mark.parametrize('headers, minor', [
    ({}, 1), ({HEADER: 'compute 2.1'}, 1), ({HEADER: 'compute 2.34'}, 34),
    ({HEADER: 'compute latest'}, 80), ({LEGACY: '2.6'}, 6), ({LEGACY: 'latest'}, 80),
    ({HEADER: 'compute 2.53', LEGACY: '2.6'}, 53), ({HEADER: 'volume 3.50'}, 1),
    ({HEADER: 'volume 3.50', LEGACY: '2.6'}, 6), ({HEADER: 'volume 3.50, compute 2.80'}, 80)])
def test_negotiate_returns_the_minor_number(headers, minor):
    assert microversion.negotiate(headers) == minor


@pytest.mark.parametrize('asked', ['2.0', '2.81', '2.100', '1.1', '3.0', '3.1', '2.999999999'])
def test_negotiate_a_version_we_do_not_have_is_not_acceptable(asked):
    with pytest.raises(webob.exc.HTTPNotAcceptable, match='2.1 to 2.80'):
        microversion.negotiate({HEADER: f'compute {asked}'})


@pytest.mark.parametrize('asked', ['2', 'two', '2.', '.1', '2.01', '02.1', '2.1.1', '+2.1', '2.-1',
                                   'LATEST', '2,1', '2.٣', '9' * 400 + '.1'])
def test_negotiate_what_is_no_version_is_a_bad_request(asked):
    with pytest.raises(webob.exc.HTTPBadRequest):
        microversion.negotiate({HEADER: f'compute {asked}'})


ANSWERS = [
    ('/v2.1/servers', 'admin', '2.34', 200, '2.34'),
    ('/v2.1/servers', 'admin', 'latest', 200, '2.80'),
    ('/v2.1/servers', 'admin', None, 200, '2.1'),
    ('/v2.1/nothing', 'admin', '2.34', 404, '2.34'),
    ('/v2.1/servers?limit=x', 'admin', '2.34', 400, '2.34'),
    ('/v2.1/servers', 'admin', '2.99', 406, '2.1'),
    ('/v2.1/servers', 'admin', 'x', 400, '2.1'),
    ('/v2.1/servers', None, '2.34', 401, '2.1'),
    ('/', None, '2.34', 200, '2.1'), ('/elsewhere', None, None, 300, '2.1')]


def test_every_answer_says_its_version(api):
    def check(path, user, version, status, said):
        response = api.get(path, user=user, version=version)
        assert response.status_int == status
        assert response.headers[HEADER] == f'compute {said}'
        assert response.headers[LEGACY] == said
        assert response.headers['Vary'] == f'{HEADER}, {LEGACY}'

    walk(ANSWERS, check)


def test_not_acceptable_has_novas_form(api):
    body = api.get('/v2.1/servers', version='2.99').json
    assert set(body) == {'computeFault'}
    assert body['computeFault']['code'] == 406
