# SPDX-License-Identifier: Apache-2.0
"""live-migration: what is sent, what is shown, and the exit code."""
import os
import re
import signal
import subprocess
import sys

import pytest

from nova_lite.cli import watch
from tests.unit.cli import fake_api

GOOD_WAY = [{'status': status} for status in ('accepted', 'queued', 'preparing')] + [
    {'status': 'running', 'dest_compute': 'host2', 'memory_total_bytes': 1000,
     'memory_processed_bytes': done, 'memory_remaining_bytes': 1000 - done}
    for done in (0, 600, 400, 800)] + [{'status': 'completed', 'nova-lite:progress': 100}]
REFUSED = {'status': 'error', 'nova-lite:failed_check': 'NoValidHost',
           'nova-lite:reason': 'No valid host was found. Of 3 hosts: 2 refused by RamFilter.'}


@pytest.fixture
def sent(api, server):
    """The body and the microversion of the os-migrateLive that was sent."""
    def get():
        path = f"/v2.1/servers/{server['id']}/action"
        (headers, body), = [(headers, body) for method, target, headers, body in api.requests
                            if (method, target) == ('POST', path)]
        return body['os-migrateLive'], headers['X-OpenStack-Nova-API-Version']
    return get


@pytest.fixture(autouse=True)
def look(api, monkeypatch):
    """Looking at the list of what is in progress takes a migration one further, too."""
    answer = api.answer_server_migrations

    def further(method, parts):
        result = answer(method, parts)
        if method == 'GET' and not parts:
            result = 200, {'migrations': [dict(move) for move in api.migrations if
                                          move['status'] in watch.IN_PROGRESS]}
            if api.script:
                api.migrations[-1].update(api.script.pop(0))
        return result
    monkeypatch.setattr(api, 'answer_server_migrations', further)


# -- what is sent -------------------------------------------------------------------------------
@pytest.mark.parametrize('newest, argv, version, body', [
    ((2, 80), (), '2.80', {'host': None, 'block_migration': 'auto'}),
    ((2, 80), ('host2',), '2.80', {'host': 'host2', 'block_migration': 'auto'}),
    ((2, 80), ('--block-migrate',), '2.80', {'host': None, 'block_migration': True}),
    ((2, 80), ('host2', '--force'), '2.67',
     {'host': 'host2', 'block_migration': 'auto', 'force': True}),
    ((2, 80), ('--disk-over-commit',), '2.24',
     {'host': None, 'block_migration': False, 'disk_over_commit': True}),
    ((2, 80), ('host2', '--block-migrate', '--disk-over-commit', '--force'), '2.24',
     {'host': 'host2', 'block_migration': True, 'disk_over_commit': True}),
    ((2, 25), ('host2', '--force'), '2.25', {'host': 'host2', 'block_migration': 'auto'}),
    ((2, 12), (), '2.12', {'host': None, 'block_migration': False, 'disk_over_commit': False})])
def test_body_has_the_form_of_the_microversion(newest, argv, version, body, api, run, server,
                                               sent):
    api.max_version = newest
    api.script = [{'status': 'queued'}]
    assert run('live-migration', 'web1', *argv).code == 0
    assert sent() == (body, version)


# -- without --watch ----------------------------------------------------------------------------
def test_without_watch_it_returns_once_the_checks_are_over(api, run, server):
    api.script = [{'status': 'accepted'}, {'status': 'accepted'},
                  {'status': 'queued', 'dest_compute': 'host2'}]
    result = run('live-migration', 'web1')
    assert (result.code, result.out) == (
        0, 'Live migration 1 of server web1 is queued, from host1 to host2.\n')


def test_without_watch_a_refusal_by_the_checks_prints_the_reason(api, run, server):
    api.script = [{'status': 'accepted'}, REFUSED]
    result = run('live-migration', 'web1')
    assert result.code == 1 and result.out == ''
    assert result.err == (
        'ERROR (MigrationError): Live migration 1 of server web1 ended with an error, the server '
        'is ACTIVE on host1: No valid host was found. Of 3 hosts: 2 refused by RamFilter. '
        '[NoValidHost]\n')


def test_a_refusal_by_the_api_prints_the_reason(api, run, server):
    api.refuse[f"POST /v2.1/servers/{server['id']}/action"] = fake_api.error(
        409, 'Instance is locked')
    result = run('live-migration', 'web1', '--watch')
    assert (result.code, result.err) == (
        1, 'ERROR (Conflict): Instance is locked (HTTP 409) '
           f'(Request-ID: {fake_api.REQUEST_ID})\n')


def test_an_older_migration_is_not_taken_for_the_new_one(api, run, server):
    api.migrations.append(api.migration(server, status='completed'))
    api.script = [REFUSED]
    result = run('live-migration', 'web1', '--watch')
    assert result.code == 1 and 'Live migration 2 ' in result.err


def test_a_migration_that_never_begins_is_told(api, run, server, monkeypatch):
    monkeypatch.setattr(watch, 'APPEAR_TIMEOUT', 0.05)
    monkeypatch.setattr(api, 'moves_of', lambda params: [])
    api.script = [{}]
    result = run('live-migration', 'web1')
    assert result.code == 1 and 'has not begun' in result.err and 'conductor' in result.err


def test_a_project_manager_asks_for_the_own_project_only(api, run, server, monkeypatch):
    moved = api.moves_of

    def only_the_own(params):
        if params.get('project_id') != fake_api.PROJECT:
            raise PermissionError
        return moved(params)

    def route(*args):
        try:
            return routed(*args)
        except PermissionError:
            return fake_api.error(403, "Policy doesn't allow it", 'forbidden')
    routed = api.answer_request
    monkeypatch.setattr(api, 'moves_of', only_the_own)
    monkeypatch.setattr(api, 'answer_request', route)
    api.script = [{'status': 'queued'}]
    assert run('live-migration', 'web1').code == 0


# -- with --watch -------------------------------------------------------------------------------
def test_watch_shows_each_status_and_a_percentage_that_does_not_go_back(api, run, server):
    api.script = list(GOOD_WAY)
    result = run('live-migration', 'web1', '--watch')
    assert (result.code, result.err) == (0, '')
    lines = [line.partition('] ')[2] for line in result.out.splitlines()[:-1]]
    words = [line.split()[0] for line in lines]
    assert list(dict.fromkeys(words)) == [
        'accepted', 'queued', 'preparing', 'running', 'completed']
    assert '(passed)' not in result.out
    assert [int(found) for found in re.findall(r'(\d+)%', result.out)] == [0, 60, 80]
    assert re.search(r'remaining 200 B  speed \S+ .?i?B/s', lines[-2])
    assert lines[3].startswith('running  host1 -> host2  0%')
    assert re.fullmatch(r'Live migration 1 of server web1 completed after \d+\.\d s: '
                        r'from host1 to host2\.', result.out.splitlines()[-1])


@pytest.mark.parametrize('end, words', [
    ({'status': 'failed', 'nova-lite:reason': 'the disk is full'},
     'failed after .*, the server is ACTIVE on host1: the disk is full'),
    ({'status': 'cancelled'}, 'was cancelled after .*: the API gives no reason'),
    (REFUSED, 'ended with an error after .*RamFilter.*NoValidHost')])
def test_watch_of_a_migration_that_does_not_complete_exits_with_1(api, run, server, end, words):
    api.script = [{'status': 'accepted'}, {'status': 'queued'}, end]
    result = run('live-migration', 'web1', '--watch')
    assert result.code == 1
    assert re.search(words, result.err), result.err


def test_watch_with_json_leaves_only_the_record_on_the_output(api, run, server):
    api.script = list(GOOD_WAY)
    result = run('live-migration', 'web1', '--watch', '--json')
    assert result.code == 0 and result.json['status'] == 'completed'
    assert 'running' in result.err


def test_watch_lives_through_an_api_that_is_away(api, run, server):
    api.script = [{'status': 'queued'}, {'status': 'running', 'dest_compute': 'host2'}]
    answers = iter([(503, None), (502, None)])
    inner = api.answer_request

    def shaky(method, path, params, body):
        if path.endswith('/migrations') and (answer := next(answers, None)):
            return answer
        if path.endswith('/migrations') and api.migrations[-1]['status'] == 'running':
            api.script = [{'status': 'completed'}]
        return inner(method, path, params, body)
    api.answer_request = shaky
    result = run('live-migration', 'web1', '--watch')
    assert result.code == 0 and result.out.count('does not answer') == 1


def test_watch_of_an_api_that_stays_away_ends(api, run, server, monkeypatch):
    monkeypatch.setattr(watch, 'SILENCE_TIMEOUT', 0.05)
    api.script = [{'status': 'queued'}]
    api.refuse[r'GET /v2.1/servers/.*/migrations'] = 503, None
    result = run('live-migration', 'web1', '--watch')
    assert result.code == 1 and 'the migration may well go on' in result.err


def test_show_with_watch_follows_a_migration_that_runs_already(api, run, server):
    api.migrations.append(api.migration(server, status='running', dest_compute='host2'))
    api.script = [{'status': 'completed'}]
    result = run('server-migration-show', '--watch', server['id'], '1')
    assert result.code == 0
    assert 'completed after 7.0 s: from host1 to host2' in result.out
    assert 'queued' not in result.out, 'nobody has seen it'
    assert run('server-migration-show', '--watch', 'web1', '77').code == 1


# -- in a process of its own --------------------------------------------------------------------
def process(*argv, **how):
    return subprocess.Popen([sys.executable, '-m', 'nova_lite.cmd.shell', *argv], text=True,
                            **how)


def test_interrupted_watch_leaves_the_migration_and_tells_how_to_go_on(api, server):
    api.script = [{'status': 'running'}]
    child = process('live-migration', 'web1', '--watch', stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE)
    line = ''
    while 'running' not in line:
        line = child.stdout.readline()
        assert line, 'it ended before it was interrupted'
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert f"nova-lite server-migration-show --watch {server['id']} 1" in err
    assert f"nova-lite live-migration-abort {server['id']} 1" in err
    assert api.sent('DELETE', f"/v2.1/servers/{server['id']}/migrations/1") == []


def test_watch_on_a_terminal_draws_a_bar(api, server, monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', '100')
    api.script = list(GOOD_WAY)
    master, slave = os.openpty()
    child = process('live-migration', 'web1', '--watch', stdout=slave, stderr=slave)
    os.close(slave)
    drawn = b''
    try:
        while data := os.read(master, 4096):
            drawn += data
    except OSError:
        pass    # the other end of a terminal is closed: there is no more
    os.close(master)
    assert child.wait(30) == 0
    text = re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', drawn.decode())
    for expected in ('accepted', 'preparing', '\u2501', '60%', '100%', 'completed after'):
        assert expected in text
    shown = [int(found) for found in re.findall(r'(\d+)%', text)]
    assert shown == sorted(shown)
