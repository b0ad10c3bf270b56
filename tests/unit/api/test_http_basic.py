# SPDX-License-Identifier: Apache-2.0
import base64
import os

import bcrypt
import pytest
import webob.exc

from nova_lite import exception
from nova_lite.api import http_basic, wsgi_app
from nova_lite.conf import CONF


def environ(user, password, scheme='Basic'):
    token = base64.b64encode(f'{user}:{password}'.encode()).decode()
    return {'HTTP_AUTHORIZATION': f'{scheme} {token}'}


def write(path, text):
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10 ** 9, before + 10 ** 9))


def entry(name, password):
    return f'{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()}\n'


@pytest.fixture
def htpasswd(tmp_path):
    path = tmp_path / 'htpasswd'
    path.write_text('# users\n\n' + entry('alice', 'wonder: land') + entry('bøb', 'päss'))
    return path


@pytest.fixture
def passwords(htpasswd):
    return http_basic.Passwords(str(htpasswd))


@pytest.fixture
def checks(monkeypatch):
    """Every real check of a password against a hash, as it happens."""
    seen = []
    real = bcrypt.checkpw

    def check(password, crypted):
        seen.append(password)
        return real(password, crypted)

    monkeypatch.setattr(bcrypt, 'checkpw', check)
    monkeypatch.setattr(http_basic, 'NOBODY', bcrypt.hashpw(b'x', bcrypt.gensalt(rounds=4)))
    return seen


@pytest.mark.parametrize('name, password', [('alice', 'wonder: land'), ('bøb', 'päss')])
def test_right_password_returns_the_name(passwords, name, password):
    assert passwords.authenticate(environ(name, password)) == name


@pytest.mark.parametrize('given', [
    {}, environ('alice', 'wrong'), environ('alice', ''), environ('nobody', 'wonder: land'),
    environ('', ''), environ('alice', 'x' * 5000), environ('alice', 'a\0b'),
    environ('alice', 'wonder: land', 'Bearer'), {'HTTP_AUTHORIZATION': 'Basic'},
    {'HTTP_AUTHORIZATION': ''}, {'HTTP_AUTHORIZATION': 'Basic !!!'},
    {'HTTP_AUTHORIZATION': 'Basic ' + base64.b64encode(b'no colon').decode()},
    {'HTTP_AUTHORIZATION': 'Basic ' + base64.b64encode(b'\xff\xfe:x').decode()}],
    ids=lambda given: str(given)[:40])
def test_anything_else_is_unauthorized_with_a_challenge(passwords, given):
    with pytest.raises(webob.exc.HTTPUnauthorized) as caught:
        passwords.authenticate(given)
    assert caught.value.headers['WWW-Authenticate'].startswith('Basic realm=')


def test_success_is_remembered_and_failure_is_not(passwords, checks):
    for _ in range(3):
        passwords.authenticate(environ('alice', 'wonder: land'))
    assert len(checks) == 1
    for _ in range(3):
        with pytest.raises(webob.exc.HTTPUnauthorized):
            passwords.authenticate(environ('alice', 'wrong'))
    assert len(checks) == 4


def test_unknown_name_costs_a_check_too(passwords, checks):
    with pytest.raises(webob.exc.HTTPUnauthorized):
        passwords.authenticate(environ('nobody', 'x'))
    assert len(checks) == 1


def test_memory_ends_after_a_while(passwords, checks, monkeypatch):
    monkeypatch.setattr(http_basic, 'REMEMBER', -1.0)
    for _ in range(2):
        passwords.authenticate(environ('alice', 'wonder: land'))
    assert len(checks) == 2


def test_memory_has_a_bound(passwords, monkeypatch):
    monkeypatch.setattr(http_basic, 'REMEMBER_AT_MOST', 1)
    for name, password in (('alice', 'wonder: land'), ('bøb', 'päss')):
        passwords.authenticate(environ(name, password))
    assert len(passwords._remembered) == 1


def test_memory_holds_no_password(passwords):
    passwords.authenticate(environ('alice', 'wonder: land'))
    assert b'wonder' not in repr(passwords._remembered).encode()


def test_changed_password_is_not_remembered(passwords, htpasswd):
    passwords.authenticate(environ('alice', 'wonder: land'))
    write(htpasswd, entry('alice', 'new'))
    with pytest.raises(webob.exc.HTTPUnauthorized):
        passwords.authenticate(environ('alice', 'wonder: land'))
    assert passwords.authenticate(environ('alice', 'new')) == 'alice'


def test_removed_user_is_out_at_once(passwords, htpasswd):
    passwords.authenticate(environ('alice', 'wonder: land'))
    write(htpasswd, entry('bøb', 'päss'))
    with pytest.raises(webob.exc.HTTPUnauthorized):
        passwords.authenticate(environ('alice', 'wonder: land'))


@pytest.mark.parametrize('text', ['alice:{SHA}abc=\n', 'alice:plain\n'])
def test_file_with_other_hashes_is_refused_at_start(tmp_path, text):
    (tmp_path / 'h').write_text(text)
    with pytest.raises(exception.ConfigInvalid, match='bcrypt'):
        http_basic.Passwords(str(tmp_path / 'h'))


def test_missing_file_is_refused_at_start(tmp_path):
    with pytest.raises(exception.ConfigInvalid, match='nowhere'):
        http_basic.Passwords(str(tmp_path / 'nowhere'))


def test_file_that_breaks_later_leaves_the_users_in(passwords, htpasswd, caplog):
    write(htpasswd, 'alice:plain\n')
    assert passwords.authenticate(environ('alice', 'wonder: land')) == 'alice'
    assert 'stays in force' in caplog.text


# -- the users file ---------------------------------------------------------------------------
def test_users_get_defaults():
    assert http_basic.parse_users('alice: {project_id: red, roles: [Admin]}\nbob: {project_id: 7}'
                                  ) == {
        'alice': {'user_id': 'alice', 'project_id': 'red', 'roles': ['admin']},
        'bob': {'user_id': 'bob', 'project_id': '7', 'roles': []}}


@pytest.mark.parametrize('text, word', [
    ('- a list', 'mapping'), ('alice: admin', 'project_id'), ('alice: {roles: []}', 'project_id'),
    ('alice: {project_id: p, roles: admin}', 'list'),
    ('alice: {project_id: p, role: [admin]}', 'role')])
def test_users_file_that_makes_no_sense_is_refused(text, word):
    with pytest.raises(ValueError, match=word):
        http_basic.parse_users(text)


def test_user_without_a_project_is_unauthorized(api, basic, caplog):
    (basic / 'users.yaml').write_text('admin: {project_id: p}\n')
    assert api.get('/v2.1/servers', user='reader').status_int == 401
    assert 'reader' in caplog.text


def test_unusable_users_file_stops_the_start(basic, database):
    (basic / 'users.yaml').write_text('admin: 1\n')
    with pytest.raises(exception.ConfigInvalid, match='users.yaml'):
        wsgi_app.build(CONF)


def test_client_that_is_wrong_too_often_costs_no_check(passwords, checks):
    wrong = {**environ('alice', 'wrong'), 'REMOTE_ADDR': '192.0.2.1'}
    for _ in range(CONF.api.wrong_passwords_per_name):
        with pytest.raises(webob.exc.HTTPUnauthorized):
            passwords.authenticate(wrong)
    checks.clear()
    with pytest.raises(webob.exc.HTTPTooManyRequests) as refusal:
        passwords.authenticate(wrong)
    assert refusal.value.headers['Retry-After'] == '1' and checks == []
    other = {**environ('alice', 'wonder: land'), 'REMOTE_ADDR': '192.0.2.2'}
    assert passwords.authenticate(other) == 'alice'


def test_user_who_is_remembered_does_not_wait_for_another_at_its_address(passwords, checks):
    right = {**environ('alice', 'wonder: land'), 'REMOTE_ADDR': '192.0.2.1'}
    assert passwords.authenticate(right) == 'alice'
    for number in range(CONF.api.wrong_passwords_per_client):
        with pytest.raises(webob.exc.HTTPUnauthorized):
            passwords.authenticate({**environ(f'n{number}', 'x'), 'REMOTE_ADDR': '192.0.2.1'})
    with pytest.raises(webob.exc.HTTPTooManyRequests):
        passwords.authenticate({**environ('bob', 'x'), 'REMOTE_ADDR': '192.0.2.1'})
    assert passwords.authenticate(right) == 'alice'
