# SPDX-License-Identifier: Apache-2.0
import socket
import sys

import pytest
import webob

from nova_lite import exception
from nova_lite.api import auth, wsgi, wsgi_app
from nova_lite.conf import CONF
from tests.unit.api.conftest import Client

FORGED = {'X_User_Id': 'root', 'X_Project_Id': 'elsewhere', 'X_Roles': 'admin',
          'X_Role': 'admin', 'X_Is_Admin': 'True', 'X_Identity_Status': 'Confirmed'}


@pytest.mark.parametrize('roles, full', [
    (['admin'], ['admin', 'manager', 'member', 'reader']),
    (['manager'], ['manager', 'member', 'reader']), (['member'], ['member', 'reader']),
    (['reader'], ['reader']), ([], []), (['gardener'], ['gardener']),
    (['reader', 'gardener', 'manager'], ['reader', 'gardener', 'manager', 'member'])])
def test_roles_imply_the_lower_ones(roles, full):
    assert auth.implied(roles) == full


def test_context_of_a_user_is_that_of_the_files(api, wire, make_server):
    server = make_server()
    assert api.post(f'/v2.1/servers/{server.uuid}/action', {'pause': None},
                    user='member').status_int == 202
    ctxt = wire.contexts[-1]
    assert (ctxt.user_id, ctxt.project_id, ctxt.is_admin) == ('member', 'demo', False)
    assert ctxt.roles == ['member', 'reader']


@pytest.mark.parametrize('user', ['reader', 'nobody'])
def test_headers_of_a_client_do_not_make_it_an_administrator(api, hosts, user):
    assert api.get('/v2.1/os-services', user=user, **FORGED).status_int == 403


def test_headers_of_a_client_are_no_credentials(api, hosts):
    assert api.get('/v2.1/os-services', user=None, **FORGED).status_int == 401


def test_rule_says_who_is_an_administrator(api, rules, server):
    rules.write_text('"context_is_admin": "role:reader"\n')
    assert api.get('/v2.1/os-services', user='reader').status_int == 200


class TestNoAuth:
    @pytest.fixture
    def open_api(self, database, rules, options):
        options.set('api', auth_strategy='noauth2')
        return Client(wsgi_app.build(CONF))

    @pytest.mark.parametrize('token, user, project', [
        ('alice:red', 'alice', 'red'), ('alice', 'alice', 'alice'), (None, 'admin', 'admin')])
    def test_token_says_who_it_is(self, open_api, token, user, project):
        request = wsgi.Request.blank('/')
        if token:
            request.headers['X-Auth-Token'] = token
        ctxt = auth.NoAuth(CONF).context(request)
        assert (ctxt.user_id, ctxt.project_id, ctxt.is_admin) == (user, project, True)

    def test_everybody_may_everything(self, open_api):
        assert open_api.get('/v2.1/os-services', user=None, X_Auth_Token='a:b').status_int == 200

    @pytest.mark.parametrize('family, address, refused', [
        (socket.AF_INET, '127.0.0.1', False), (socket.AF_INET, '127.8.9.1', False),
        (socket.AF_INET, '0.0.0.0', True)])
    def test_is_refused_beyond_loopback(self, family, address, refused):
        with socket.socket(family) as listener:
            listener.bind((address, 0))
            if refused:
                with pytest.raises(exception.ConfigInvalid, match='noauth2'):
                    auth.check_address('noauth2', listener)
            else:
                auth.check_address('noauth2', listener)
            auth.check_address('http_basic', listener)


class TestKeystone:
    """keystonemiddleware with a Keystone that cannot be reached: what happens before one is."""

    @pytest.fixture
    def keystone_api(self, database, rules, options):
        from keystonemiddleware import auth_token  # noqa: F401  (registers its options)
        from keystonemiddleware.auth_token import _opts
        for group, found in _opts.list_opts():
            CONF.register_opts([opt for opt in found], group=group)
        options.set('api', auth_strategy='keystone')
        options.set('keystone_authtoken', www_authenticate_uri='http://127.0.0.1:9/v3')
        return Client(wsgi_app.build(CONF))

    def test_no_token_is_unauthorized_and_told_where_to_get_one(self, keystone_api):
        response = keystone_api.get('/v2.1/servers', user=None)
        assert response.status_int == 401
        assert response.json['unauthorized']['code'] == 401
        assert response.headers['WWW-Authenticate'] == (
            'Keystone uri="http://127.0.0.1:9/v3"')
        assert response.headers['x-openstack-request-id']

    def test_forged_headers_do_not_get_through(self, keystone_api):
        assert keystone_api.get('/v2.1/os-services', user=None, **FORGED).status_int == 401

    def test_version_documents_need_no_token(self, keystone_api):
        assert keystone_api.get('/v2.1', user=None).status_int == 200

    def test_context_is_made_of_what_keystonemiddleware_found(self, keystone_api):
        request = wsgi.Request(webob.Request.blank('/', headers={
            'X-Identity-Status': 'Confirmed', 'X-User-Id': 'u', 'X-Project-Id': 'p',
            'X-Roles': 'member,reader'}).environ)
        request.environ['openstack.request_id'] = 'req-1'
        ctxt = auth.Keystone(CONF).context(request)
        assert (ctxt.user_id, ctxt.project_id, ctxt.roles) == ('u', 'p', ['member', 'reader'])
        assert (ctxt.is_admin, ctxt.request_id) == (False, 'req-1')


def test_keystone_when_keystonemiddleware_is_not_installed_then_the_error_names_what_to_do(
        monkeypatch):
    monkeypatch.setitem(sys.modules, 'keystonemiddleware', None)
    with pytest.raises(exception.ConfigInvalid, match="pip install 'nova-lite.keystone.'"):
        auth.Keystone(None).wrap(None)
