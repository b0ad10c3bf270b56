# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import objects
from tests.unit.api.tables import walk

# action, body, state it starts from, RPC, task_state meanwhile, user
MOVES = [
    ('os-start', None, 'stopped', 'start_instance', 'powering-on'),
    ('os-stop', None, 'active', 'stop_instance', 'powering-off'),
    ('pause', None, 'active', 'pause_instance', 'pausing'),
    ('unpause', None, 'paused', 'unpause_instance', 'unpausing'),
    ('suspend', None, 'active', 'suspend_instance', 'suspending'),
    ('resume', None, 'suspended', 'resume_instance', 'resuming'),
    ('reboot', {'type': 'SOFT'}, 'active', 'reboot_instance', 'rebooting'),
    ('reboot', {'type': 'Hard'}, 'stopped', 'reboot_instance', 'rebooting_hard')]


@pytest.fixture
def act(api, server):
    def post(action, body=None, user='member', version='2.80'):
        return api.post(f'/v2.1/servers/{server.uuid}/action', {action: body}, user=user,
                        version=version)
    return post


def put_in(server, **values):
    for name, value in values.items():
        setattr(server, name, value)
    server.save()


@pytest.mark.parametrize('action, body, state, method, task', MOVES)
def test_action_is_handed_to_the_host(act, wire, ctxt, server, action, body, state, method, task):
    put_in(server, vm_state=state)
    response = act(action, body)
    assert (response.status_int, response.body) == (202, b'')
    [(interface, name, values)] = wire.sent
    assert (interface, name) == ('ComputeAPI', method)
    fresh = objects.Instance.get_by_uuid(ctxt, server.uuid)
    assert (fresh.vm_state, fresh.task_state) == (state, task)


@pytest.mark.parametrize('action, body, state, method, task', MOVES)
def test_action_while_migrating_or_in_another_state_is_a_conflict(act, wire, server, action, body,
                                                                  state, method, task):
    put_in(server, vm_state=state, task_state='migrating')
    assert act(action, body).status_int == 409
    put_in(server, vm_state='building', task_state=None)
    assert act(action, body).status_int == 409
    assert wire.sent == []


@pytest.mark.parametrize('action', ['os-start', 'pause', 'unlock', 'suspend'])
@pytest.mark.parametrize('body', [None, {}, ''])
def test_action_without_arguments_takes_what_clients_send(act, server, action, body):
    assert act(action, body).status_int in (202, 409)


WRONG_REBOOTS = [None, {}, {'type': 'GENTLE'}, {'type': 'soft', 'x': 1}]


def test_reboot_with_a_wrong_body_is_a_bad_request(act):
    def check(body):
        assert act('reboot', body).status_int == 400

    walk(WRONG_REBOOTS, check)


# -- lock -------------------------------------------------------------------------------------
def test_lock_keeps_others_out_until_unlocked(act, ctxt, server):
    assert act('lock').status_int == 202
    fresh = objects.Instance.get_by_uuid(ctxt, server.uuid)
    assert (fresh.locked, fresh.locked_by) == (True, 'owner')
    assert act('pause').status_int == 409
    assert act('unlock').status_int == 202
    assert act('pause').status_int == 202


@pytest.mark.parametrize('version, body, code, reason', [
    ('2.72', None, 202, None), ('2.72', {'locked_reason': 'r'}, 202, None), ('2.73', None, 202,
                                                                             None),
    ('2.73', {'locked_reason': 'r'}, 202, 'r'), ('2.73', {'locked_reason': ''}, 400, None),
    ('2.73', {'locked_reason': 'x' * 256}, 400, None), ('2.73', {'why': 'r'}, 400, None),
    ('2.73', 'r', 400, None)])
def test_lock_has_a_reason_from_2_73(act, ctxt, server, version, body, code, reason):
    assert act('lock', body, version=version).status_int == code
    assert objects.Instance.get_by_uuid(ctxt, server.uuid).locked_reason == reason


def test_lock_of_an_administrator_is_for_administrators_to_take_off(act, server):
    assert act('lock', user='other_admin').status_int == 202
    assert act('unlock').status_int == 403
    assert act('unlock', user='admin').status_int == 202


# -- the operator's word ----------------------------------------------------------------------
@pytest.mark.parametrize('state', ['active', 'error'])
def test_reset_state_sets_it_and_ends_the_task(act, ctxt, server, state):
    put_in(server, task_state='migrating')
    assert act('os-resetState', {'state': state}, user='admin').status_int == 202
    fresh = objects.Instance.get_by_uuid(ctxt, server.uuid)
    assert (fresh.vm_state, fresh.task_state) == (state, None)


WRONG_STATES = [None, {}, {'state': 'stopped'}, {'state': 'active', 'x': 1}]


def test_reset_state_with_a_wrong_body_is_a_bad_request(act):
    def check(body):
        assert act('os-resetState', body, user='admin').status_int == 400

    walk(WRONG_STATES, check)
