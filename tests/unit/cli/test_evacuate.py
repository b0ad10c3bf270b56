# SPDX-License-Identifier: Apache-2.0
"""host-evacuate-live: a line for every server, and an exit code that tells of a refusal."""
import pytest

from nova_lite.cli import watch
from tests.unit.cli import fake_api

TITLES = ['Server UUID', 'Name', 'Migration', 'Status', 'Dest Compute', 'Error Message']


@pytest.fixture
def crowd(api):
    api.lists['os-services'] = [{'id': 'u1', 'binary': 'nova-compute', 'host': 'host1'}]
    api.script = [{'status': 'queued', 'dest_compute': 'host2'},
                  {'status': 'queued', 'dest_compute': 'host3'}]
    return [api.add_server(1, 'a'), api.add_server(2, 'b', tenant_id='other')]


@pytest.fixture(autouse=True)
def still(api, monkeypatch):
    """Only the fate that a test has written moves a migration on."""
    monkeypatch.setattr(api, 'moves_of', lambda params: [
        dict(move) for move in api.migrations
        if params.get('instance_uuid') in (None, move['instance_uuid'])])


def bodies(api):
    return [body['os-migrateLive'] for method, path, _, body in api.requests
            if method == 'POST' and path.endswith('/action')]


def test_every_server_of_the_host_moves_and_has_its_line(crowd, api, run):
    result = run('host-evacuate-live', 'host1', '--deadline', '60')
    assert (result.code, result.err) == (0, '')
    assert result.rows == [TITLES, [crowd[0]['id'], 'a', '1', 'queued', 'host2', '-'],
                           [crowd[1]['id'], 'b', '2', 'queued', 'host3', '-']]
    assert '/v2.1/servers/detail?host=host1&all_tenants=1' in [path for _, path, *_ in
                                                               api.requests]
    assert bodies(api) == [{'host': None, 'block_migration': 'auto',
                            'nova-lite:goals': {'deadline_s': 60}}] * 2


def test_refusal_by_the_api_has_its_line_and_the_others_move(crowd, api, run):
    api.refuse[f"POST /v2.1/servers/{crowd[0]['id']}/action"] = fake_api.error(409, 'It is locked')
    result = run('host-evacuate-live', 'host1')
    assert result.code == 1
    assert result.err == 'ERROR (CommandError): 1 of 2 servers do not leave host host1.\n'
    assert [row[3] for row in result.rows[1:]] == ['refused', 'queued']
    assert result.rows[1][5].startswith('It is locked (HTTP 409)')


def test_refusal_by_the_checks_counts_though_the_api_accepted(crowd, api, run):
    api.script[1] = {'status': 'error', 'nova-lite:reason': 'No valid host was found.'}
    result = run('host-evacuate-live', 'host1', '-f', 'json')
    assert result.code == 1
    assert [(row['Status'], row['Error Message']) for row in result.json] == [
        ('queued', None), ('error', 'No valid host was found.')]


def test_migration_that_does_not_begin_is_told_in_its_line(crowd, api, run, monkeypatch):
    monkeypatch.setattr(watch, 'APPEAR_TIMEOUT', 0.02)
    monkeypatch.setattr(api, 'moves_of', lambda params: [])
    result = run('host-evacuate-live', 'host1', '--max-servers', '1')
    assert result.code == 1 and len(result.rows) == 2
    assert 'has not begun' in result.rows[1][5]


def test_target_is_given_to_all_and_force_needs_one(crowd, api, run):
    assert run('host-evacuate-live', 'host1', '--force').code == 2 and bodies(api) == []
    assert run('host-evacuate-live', 'host1', '--target-host', 'host3', '--force').code == 0
    assert [body['host'] for body in bodies(api)] == ['host3', 'host3']


def test_host_that_does_not_exist_is_no_empty_success(crowd, api, run):
    result = run('host-evacuate-live', 'host9')
    assert result.code == 1 and "'host9'" in result.err and bodies(api) == []
