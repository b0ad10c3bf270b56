# SPDX-License-Identifier: Apache-2.0
"""migration-show: any migration by ID or UUID, with its receipt."""
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
    done = run('migration-show', wanted, '--json')
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
