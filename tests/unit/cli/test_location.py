# SPDX-License-Identifier: Apache-2.0
"""server-locate: what the hosts have of a guest, and taking a place over."""
import pytest

HOSTS = [{'host': 'host1', 'guest': 'nothing', 'service': 'up'},
         {'host': 'host2', 'guest': 'running', 'service': 'up'}]


@pytest.fixture
def found(api, server):
    api.location = {'hosts': HOSTS, 'place': 'host2', 'reasons': [], 'remarks': ['Moved by hand.'],
                    'record': {'host': 'host1', 'vm_state': 'error'}}
    return api.location


def test_place_that_is_proved_is_told_beside_the_table(found, run):
    result = run('server-locate', 'web1')
    assert result.code == 0
    assert result.rows == [['Host', 'Guest', 'Service', 'Record'],
                           ['host1', 'nothing', 'up', 'error'], ['host2', 'running', 'up', '-']]
    assert result.err == 'Moved by hand.\nProved to be on host host2.\n'
    assert run('server-locate', 'web1', '--json').json == found


def test_accept_takes_the_proved_place(found, api, run, server):
    result = run('server-locate', 'web1', '--accept')
    assert result.code == 0 and 'lives on host host2 now' in result.err
    assert api.sent('POST', f"/v2.1/servers/{server['id']}/location") == [
        {'location': {'host': 'host2'}}]


def test_accept_of_what_is_not_proved_shows_the_hosts_and_exits_with_1(found, api, run, server):
    found.update(place=None, reasons=['host3 does not answer'])
    result = run('server-locate', 'web1', '--accept')
    assert result.code == 1 and len(result.rows) == 3
    assert result.err.splitlines()[-1] == (
        'ERROR (CommandError): No place is proved: host3 does not answer')
    assert api.sent('POST', f"/v2.1/servers/{server['id']}/location") == []
