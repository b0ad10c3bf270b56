# SPDX-License-Identifier: Apache-2.0
"""What is done to servers that stay where they are: what is sent, for one and for several."""
import pytest

from tests.unit.cli import fake_api


@pytest.mark.parametrize('argv, body', [
    (('start', 'web1'), {'os-start': None}), (('stop', 'web1'), {'os-stop': None}),
    (('pause', 'web1'), {'pause': None}), (('unpause', 'web1'), {'unpause': None}),
    (('lock', 'web1'), {'lock': None}), (('unlock', 'web1'), {'unlock': None}),
    (('lock', '--reason', 'disks', 'web1'), {'lock': {'locked_reason': 'disks'}}),
    (('suspend', 'web1'), {'suspend': None}), (('resume', 'web1'), {'resume': None}),
    (('reboot', 'web1'), {'reboot': {'type': 'SOFT'}}),
    (('reboot', '--hard', 'web1'), {'reboot': {'type': 'HARD'}}),
    (('reset-state', 'web1'), {'os-resetState': {'state': 'error'}}),
    (('reset-state', '--active', '--force', 'web1'),
     {'os-resetState': {'state': 'active', 'nova-lite:force': True}})])
def test_action_sends_novas_body(argv, body, api, run, server):
    assert run(*argv).code == 0
    assert api.sent('POST', f"/v2.1/servers/{server['id']}/action") == [body]


def test_delete_of_many_goes_on_after_a_failure(api, run):
    api.add_server(1, 'a')
    api.add_server(2, 'b')
    result = run('delete', 'a', 'nobody', 'b')
    assert result.code == 1 and api.servers == {}
    assert result.out == ('Request to delete server a has been accepted.\n'
                          'Request to delete server b has been accepted.\n')
    assert "'nobody'" in result.err and 'Unable to delete the specified server(s).' in result.err


@pytest.mark.parametrize('verb', ['reboot', 'suspend', 'resume', 'pause', 'reset-state'])
def test_refusal_of_one_server_does_not_keep_the_others_from_their_turn(verb, api, run):
    first, second = api.add_server(1, 'a'), api.add_server(2, 'b')
    path = '/v2.1/servers/{id}/action'.format
    api.refuse[f'POST {path(**first)}'] = fake_api.error(409, 'Instance is locked')
    result = run(verb, 'a', 'b')
    assert result.code == 1
    assert result.err.splitlines()[0] == ('ERROR (Conflict): Instance is locked (HTTP 409) '
                                          f'(Request-ID: {fake_api.REQUEST_ID})')
    assert len(api.sent('POST', path(**second))) == 1


def test_lock_with_a_reason_needs_a_server_that_knows_it(api, run, server):
    api.max_version = (2, 60)
    result = run('lock', 'web1', '--reason', 'disks')
    assert result.code == 1 and '2.73' in result.err
