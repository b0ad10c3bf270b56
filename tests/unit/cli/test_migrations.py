# SPDX-License-Identifier: Apache-2.0
"""What is done about a migration that was ordered: look at it, end it, force it."""
import json

import pytest

MOVE = {'id': 7, 'uuid': '00000000-0000-4000-8000-000000000007', 'status': 'completed',
        'source_compute': 'host1', 'dest_compute': 'host2', 'instance_uuid': 'web1',
        'migration_type': 'live-migration',
        'nova-lite:phases_ms': {'checks': 12, 'copy': 3456},
        'nova-lite:receipt': {'at': {}, 'copy': {'iteration': 3, 'downtime_ms': 40,
                                                 'throttle': None},
                              'goals': {'max_downtime_ms': 400, 'deadline_s': None},
                              'decisions': [{'at': '2026-01-02T03:04:05+00:00', 'value': 100,
                                             'kind': 'set_downtime', 'reason': 'as asked'}]}}


@pytest.mark.parametrize('wanted', ['7', MOVE['uuid']])
def test_migration_show_when_there_is_one_then_its_receipt_is_printed(api, run, wanted):
    api.migrations.append(dict(MOVE))
    done = run('migration-show', wanted, '-f', 'json')
    assert done.code == 0, done.err
    shown = json.loads(done.out)
    assert (shown['phase copy (ms)'], shown['copy iteration']) == (3456, 3)
    assert 'copy throttle' not in shown
    assert shown['goal max_downtime_ms'] == 400 and 'goal deadline_s' not in shown
    assert shown['decision 1'] == '2026-01-02T03:04:05+00:00 set_downtime 100: as asked'


def test_migration_show_when_there_is_none_then_it_says_so(api, run):
    done = run('migration-show', '8')
    assert done.code == 1
    assert "'8'" in done.err


def test_server_migration_list_has_novaclients_columns(api, run, server):
    api.migrations.append(api.migration(server, status='running', memory_total_bytes=5))
    result = run('server-migration-list', 'web1')
    assert result.rows[0] == [
        'Id', 'Source Node', 'Dest Node', 'Source Compute', 'Dest Compute', 'Dest Host',
        'Status', 'Server UUID', 'Created At', 'Updated At', 'Project ID', 'User ID',
        'Total Memory Bytes', 'Processed Memory Bytes', 'Remaining Memory Bytes',
        'Total Disk Bytes', 'Processed Disk Bytes', 'Remaining Disk Bytes']
    assert result.rows[1][6] == 'running' and result.rows[1][12] == '5 B'
    assert result.rows[1][4] == '-'


def test_migration_list_has_novaclients_columns_and_filters(api, run, server):
    api.migrations.append(api.migration(server))
    result = run('migration-list', '--status', 'accepted', '--host', 'host1')
    assert result.rows[0] == [
        'Id', 'UUID', 'Source Node', 'Dest Node', 'Source Compute', 'Dest Compute', 'Dest Host',
        'Status', 'Instance UUID', 'Old Flavor', 'New Flavor', 'Created At', 'Updated At',
        'Type', 'Project ID', 'User ID']
    assert api.requests[-1][1] == '/v2.1/os-migrations?host=host1&status=accepted'
    api.max_version = (2, 12)
    assert run('migration-list').rows[0][0] == 'Source Node'


@pytest.mark.parametrize('migration', ['1', '00000000-0000-4000-a000-000000000001'])
def test_abort_and_force_complete_take_a_number_or_a_uuid(api, run, server, migration):
    api.migrations.append(api.migration(server, status='running'))
    path = f"/v2.1/servers/{server['id']}/migrations/1"
    assert run('live-migration-force-complete', 'web1', migration).code == 0
    assert api.sent('POST', f'{path}/action') == [{'force_complete': None}]
    assert run('live-migration-abort', 'web1', migration).code == 0
    assert api.sent('DELETE', path) == [None]
    result = run('server-migration-show', 'web1', migration)
    assert ['status', 'running'] in result.rows
    shown = json.loads(run('server-migration-show', 'web1', migration, '--json').out)
    assert shown['id'] == 1


def test_bytes_are_readable_in_a_table_and_exact_for_programs(api, run, server):
    api.migrations.append(api.migration(server, status='running', memory_total_bytes=3 << 29))
    shown = run('server-migration-show', 'web1', '1')
    assert ['memory_total_bytes', '1.5 GiB'] in shown.rows
    assert run('server-migration-show', 'web1', '1', '-f', 'value', '-c',
               'memory_total_bytes').out == f'{3 << 29}\n'
    for form in ('json', 'yaml', 'csv', 'value'):
        assert str(3 << 29) in run('server-migration-list', 'web1', '-f', form).out, form


def test_empty_list_prints_no_ruler(api, run, server):
    assert run('server-migration-list', 'web1').out.strip() == ''
    assert run('server-migration-list', 'web1', '-f', 'json').json == []
