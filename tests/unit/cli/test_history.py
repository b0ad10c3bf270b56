# SPDX-License-Identifier: Apache-2.0
"""instance-action-list and instance-action."""


def test_instance_actions_are_sorted_and_shown_with_events(api, run, server):
    api.actions = [{'action': name, 'request_id': f'req-{name}', 'message': None,
                    'start_time': start, 'updated_at': start, 'events': [{'event': 'e'}]}
                   for name, start in (('live-migration', '2026-02'), ('create', '2026-01'))]
    rows = run('instance-action-list', 'web1').rows
    assert rows[0] == ['Action', 'Request_ID', 'Message', 'Start_Time', 'Updated_At']
    assert [row[0] for row in rows[1:]] == ['create', 'live-migration']
    shown = run('instance-action', server['id'], 'req-live-migration').rows
    assert ['events', '{"event": "e"}'] in shown
