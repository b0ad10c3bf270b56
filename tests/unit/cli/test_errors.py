# SPDX-License-Identifier: Apache-2.0
"""The line that tells what went wrong."""
import types

import pytest
from keystoneauth1 import exceptions

from nova_lite.cli import errors


def answer(status, body=None, reason='Bad Gateway', **headers):
    def json():
        if body is None:
            raise ValueError('no JSON')
        return body
    return types.SimpleNamespace(status_code=status, reason=reason, json=json, headers=headers)


@pytest.mark.parametrize(('body', 'message'), [
    ({'conflictingRequest': {'code': 409, 'message': 'busy'}}, 'busy'),
    ({'message': 'busy'}, 'busy'), (['busy'], 'Bad Gateway'), (None, 'Bad Gateway')])
def test_api_error_when_the_body_has_novas_form_or_not_then_something_is_told(body, message):
    error = errors.ApiError.of(answer(409, body))
    assert (error.message, error.kind, str(error)) == (
        message, 'Conflict', f'{message} (HTTP 409)')


def test_api_error_when_there_is_a_request_id_then_one_can_ask_with_it():
    error = errors.ApiError.of(answer(500, **{'X-Compute-Request-Id': 'req-1'}))
    assert str(error).endswith('(Request-ID: req-1)') and error.kind == 'ClientException'


@pytest.mark.parametrize(('said', 'hint'), [
    ('https://h: WRONG_VERSION_NUMBER', 'http:// instead of https://'),
    ('http://h: Connection aborted', 'https:// instead of http://'),
    ('http://h: Connection refused', None)])
def test_scheme_hint_when_the_port_speaks_the_other_one_then_says_so(said, hint):
    assert (hint in errors.scheme_hint(said)) if hint else errors.scheme_hint(said) == ''


def test_as_command_error_when_nobody_listens_then_the_url_is_told_once():
    error = errors.as_command_error(exceptions.ConnectFailure(
        'Unable to establish connection to http://h/: HTTPConnectionPool(host=h)'))
    assert (error.kind, str(error)) == (
        'ConnectFailure', 'Unable to establish connection to http://h/')


def test_as_command_error_when_it_is_a_bug_then_none():
    assert errors.as_command_error(ZeroDivisionError()) is None
    ours = errors.UsageError('both')
    assert errors.as_command_error(ours) is ours
