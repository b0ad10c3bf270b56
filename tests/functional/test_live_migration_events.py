# SPDX-License-Identifier: Apache-2.0
"""What is over is fully told: who reads that a migration is over finds what each step came to."""
import pytest

from nova_lite import action_events


@pytest.fixture
def patient(monkeypatch):
    """A step's success that could wait for others waits for ever, if no end takes it along."""
    monkeypatch.setattr(action_events, 'TOGETHER', 3600)
    monkeypatch.setattr(action_events, '_late', action_events._Late())


def test_events_when_the_migration_has_completed_then_all_are_there(cloud, patient):
    server = cloud.boot('src')
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    assert server.actions()['live-migration'] == dict.fromkeys((
        'conductor_live_migrate_instance', 'compute_check_can_live_migrate_destination',
        'compute_check_can_live_migrate_source', 'compute_live_migration',
        'compute_pre_live_migration', 'compute_post_live_migration_at_destination'), 'Success')


def test_events_when_the_migration_is_refused_then_the_error_is_there_with_its_end(
        cloud, patient):
    server = cloud.boot('src')
    assert server.live_migrate('src').status == 202
    assert server.wait_status().status == 'error'
    assert server.actions()['live-migration'] == {'conductor_live_migrate_instance': 'Error'}
