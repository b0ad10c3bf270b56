# SPDX-License-Identifier: Apache-2.0
import json
import logging
import sys

import oslo_messaging
import pytest
from oslo_messaging._drivers import common

from nova_lite import exception, rpc
from tests.unit.api.tables import walk

MIGRATE = {'os-migrateLive': {'host': None, 'block_migration': 'auto'}}


def migrate(api, server, body=MIGRATE, **more):
    return api.post(f'/v2.1/servers/{server.uuid}/action', body, **more)


NOT_JSON = [b'', b'{', b'nonsense', b'\xff', b'{"a": NaN}', b'{"a": Infinity}', b'[' * 100000,
            b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', b'{"\\u0000": 1}', b'1' * 5000]


@pytest.mark.parametrize('body', NOT_JSON, ids=lambda body: repr(body[:12]))
def test_body_that_is_no_json_is_a_bad_request(api, server, body):
    response = migrate(api, server, body)
    assert response.status_int == 400
    assert set(response.json) == {'badRequest'}


@pytest.mark.parametrize('body', [
    b'{"lock": {"locked_reason": "a", "locked_reason": "b"}}', b'{"lock": null, "lock": null}'])
def test_key_that_is_there_twice_is_a_bad_request(api, server, body):
    response = migrate(api, server, body)
    assert response.status_int == 400
    assert 'twice' in response.json['badRequest']['message']


NO_ACTIONS = [[], 'text', 1, None, {}, {'a': 1, 'b': 2}]


def test_body_that_is_no_action_is_a_bad_request(api, server):
    def check(body):
        assert migrate(api, server, json.dumps(body).encode()).status_int == 400

    walk(NO_ACTIONS, check)


def test_unknown_action_is_a_bad_request(api, server):
    response = migrate(api, server, {'os-dance': None})
    assert response.status_int == 400
    assert 'os-dance' in response.json['badRequest']['message']


OTHER_TYPES = ['text/plain', 'application/xml', '',
               'application/x-www-form-urlencoded']


def test_other_content_type_is_unsupported(api, server):
    """An HTML form of any site could send these with the browser's credentials."""
    def check(media_type):
        response = migrate(api, server, content_type=media_type)
        assert response.status_int == 415
        assert response.json['badMediaType']['code'] == 415

    walk(OTHER_TYPES, check)


@pytest.mark.parametrize('media_type', ['application/json', 'application/json; charset=utf-8',
                                        'application/vnd.openstack.compute+json'])
def test_json_content_types_are_taken(api, server, media_type):
    assert migrate(api, server, content_type=media_type).status_int == 202


def test_body_over_the_limit_is_too_large(api, server, options):
    options.set('api', max_request_body_size=2000)
    body = json.dumps({'lock': {'locked_reason': 'x' * 3000}}).encode()
    response = migrate(api, server, body)
    assert response.status_int == 413
    assert response.json['overLimit']['code'] == 413


def test_unexpected_error_tells_an_administrator(api, server, wire, caplog):
    wire.refusal = RuntimeError('the disk is on fire')
    response = migrate(api, server)
    assert response.status_int == 500
    message = response.json['computeFault']['message']
    assert message.startswith('Unexpected RuntimeError.') and 'fire' not in message
    assert response.headers['x-openstack-request-id'] in message
    assert 'the disk is on fire' in caplog.text


def test_error_that_came_by_rpc_has_the_name_of_its_class(api, server, wire):
    remote = type('MigrationError_Remote', (exception.MigrationError,), {})
    wire.refusal = remote(reason='x')
    message = migrate(api, server).json['computeFault']['message']
    assert message == 'MigrationError: Migration error: x'


@pytest.mark.parametrize('error, again', [
    (exception.DatabaseUnavailable(), True), (exception.DatabaseRefused(reason='secret'), False),
    (oslo_messaging.MessageDeliveryFailure('amqp://10.0.0.1 is away'), True),
    (exception.BrokerRefused(reason='secret'), False)], ids=lambda value: type(value).__name__)
def test_what_passes_is_503_and_says_when_to_come_again(api, server, wire, caplog, error, again):
    wire.refusal = error
    response = migrate(api, server, version='2.6', body={'os-migrateLive': {
        'host': None, 'block_migration': False, 'disk_over_commit': False}})
    assert response.status_int == 503
    assert ('Retry-After' in response.headers) == again
    assert 'secret' not in response.text and '10.0.0.1' not in response.text
    assert 'Traceback' not in caplog.text


def test_unexpected_error_tells_others_the_request_id_only(api, server, wire):
    wire.refusal = RuntimeError('the disk is on fire')
    response = migrate(api, server, user='manager')
    assert response.status_int == 500
    message = response.json['computeFault']['message']
    assert 'fire' not in message and 'RuntimeError' not in message
    assert response.headers['x-openstack-request-id'] in message


@pytest.mark.parametrize('refusal, code, name', [
    (exception.NoValidHost(reason='all full'), 400, 'badRequest'),
    (exception.ComputeServiceUnavailable(host='host2'), 400, 'badRequest'),
    (exception.UnexpectedTaskStateError(instance_uuid='u', expected='a', actual='b'), 409,
     'conflictingRequest'),
    (exception.MigrationSchedulerRPCError(reason='away'), 500, 'computeFault'),
    (oslo_messaging.MessagingTimeout('nobody answers'), 500, 'computeFault')])
def test_refusal_of_the_other_side_has_its_code(api, server, wire, refusal, code, name):
    wire.refusal = refusal
    response = migrate(api, server)
    assert response.status_int == code
    assert response.json[name]['code'] == code


def test_remote_error_keeps_its_message_and_loses_its_traceback(api, server, wire):
    try:
        raise exception.NoValidHost(reason='all full')
    except exception.NoValidHost:
        sent = common.serialize_remote_exception(sys.exc_info())
    wire.refusal = common.deserialize_remote_exception(sent, rpc.ALLOWED_EXMODS)
    assert 'Traceback' in str(wire.refusal)
    response = migrate(api, server, version='2.6', body={'os-migrateLive': {
        'host': None, 'block_migration': False, 'disk_over_commit': False}})
    assert response.status_int == 400
    assert response.json['badRequest']['message'] == 'No valid host was found. all full'


def test_password_of_a_refused_body_is_not_logged(api, flavor, caplog):
    caplog.set_level(logging.DEBUG)
    body = {'server': {'name': 'n', 'flavorRef': '1', 'networks': 'none',
                       'adminPass': ['hunter2-is-no-string']}}
    assert api.post('/v2.1/servers', body).status_int == 400
    assert 'hunter2' not in caplog.text


def test_request_id_is_in_every_answer(api):
    for path in ('/', '/v2.1/servers', '/v2.1/nothing', '/elsewhere'):
        headers = api.get(path).headers
        assert headers['x-openstack-request-id'].startswith('req-')
        assert headers['x-compute-request-id'] == headers['x-openstack-request-id']


def test_request_id_and_that_of_the_caller_go_with_the_context(api, server, wire):
    theirs = 'req-01234567-89ab-cdef-0123-456789abcdef'
    response = migrate(api, server, X_OpenStack_Request_ID=theirs)
    ctxt = wire.contexts[-1]
    assert ctxt.request_id == response.headers['x-openstack-request-id'] != theirs
    assert ctxt.global_request_id == theirs


def test_request_id_that_is_none_is_not_taken_over(api, server, wire):
    migrate(api, server, X_OpenStack_Request_ID='req-1; rm -rf /')
    assert wire.contexts[-1].global_request_id is None


def test_request_is_logged_in_one_line_without_query(api, caplog):
    caplog.set_level(logging.INFO, 'nova_lite.api.request_log')
    response = api.get('/v2.1/servers%0aX?name=secret')
    [line] = [record.getMessage() for record in caplog.records
              if record.name == 'nova_lite.api.request_log']
    assert response.headers['x-openstack-request-id'] in line
    assert '"GET /v2.1/servers%0AX" status: 404' in line
    assert 'secret' not in line and '\n' not in line
