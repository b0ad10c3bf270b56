# SPDX-License-Identifier: Apache-2.0
"""Progress: the percentage, and that saving can fail without anybody noticing."""
import threading

import pytest

from nova_lite.compute import migration_progress
from nova_lite.migration import migration_states
from nova_lite.migration.observations import Progress

LIMIT = 10


class Record:
    """Takes the place of an object whose save() goes to the conductor."""

    def __init__(self, fail=False):
        self.saves, self.progress, self.uuid, self._fail = 0, None, 'u', fail
        self.status, self.reason, self.edges = migration_states.RUNNING, None, []
        self.steering = self.copied_at = None

    def save(self, **expected):
        if self._fail:
            raise TimeoutError('conductor away')
        self.saves += 1

    def advance(self, event):
        self.edges.append(event)
        self.status = migration_states.transition(migration_states.LIVE_MIGRATION, event).to


@pytest.mark.parametrize('progress, floor, expected', [
    (Progress(), 7, 7),
    (Progress(memory_total=100, memory_remaining=100), 0, 0),
    (Progress(memory_total=100, memory_remaining=25), 0, 75),
    (Progress(memory_total=100, memory_remaining=80), 75, 75),
    (Progress(memory_total=100, memory_remaining=0, disk_total=300, disk_remaining=300), 0, 25),
    (Progress(memory_total=100, memory_remaining=0), 0, 100),
])
def test_percent_when_computed_then_it_never_goes_back(progress, floor, expected):
    assert migration_progress.percent(progress, floor) == expected


def test_close_when_a_reading_was_noted_then_the_last_one_stands_in_the_record():
    instance, migration = Record(), Record()
    keeper = migration_progress.ProgressKeeper(instance, migration)
    keeper.note(Progress(memory_total=100, memory_remaining=50))
    keeper.close(Progress(memory_total=100, memory_remaining=0, iteration=3))
    assert migration.memory_remaining == 0
    assert (migration.progress['iteration'], migration.progress['percent']) == (3, 100)
    assert migration.copied_at is not None


def test_close_when_it_was_called_then_the_next_edge_writes_and_nobody_else():
    instance, migration = Record(), Record()
    keeper = migration_progress.ProgressKeeper(instance, migration)
    keeper.close(Progress(memory_total=100, memory_remaining=0))
    assert (migration.saves, instance.saves) == (0, 0)
    keeper.note(Progress(memory_total=100, memory_remaining=50, note='news'))
    assert (migration.saves, migration.memory_remaining, migration.reason) == (0, 0, None)


def test_close_when_nothing_can_be_saved_then_nobody_is_hurt():
    keeper = migration_progress.ProgressKeeper(Record(), Record(fail=True))
    keeper.note(Progress(memory_total=1, memory_remaining=1))
    keeper.close(Progress())


def test_note_when_copy_has_switched_then_status_is_written_once_and_at_once(options):
    options.set('libvirt', live_migration_monitor_interval=1000)
    instance, migration = Record(), Record()
    keeper = migration_progress.ProgressKeeper(instance, migration)
    keeper.note(Progress(memory_total=1, memory_remaining=1))
    keeper.save_decisions()     # after all that was noted
    assert migration.edges == []
    keeper.note(Progress(memory_total=1, memory_remaining=1, post_copy=True))
    keeper.save_decisions()
    assert migration.edges == ['postcopy']
    keeper.close(Progress(memory_total=1, memory_remaining=0, post_copy=True))
    assert migration.edges == ['postcopy']


def test_note_when_copy_waits_then_reason_stands_until_it_goes_on():
    instance, migration = Record(), Record()
    keeper = migration_progress.ProgressKeeper(instance, migration)
    keeper.note(Progress(memory_total=1, memory_remaining=1, post_copy=True, note='link is cut'))
    keeper.save_decisions()     # after what was noted
    assert migration.reason == 'link is cut'
    keeper.close(Progress(memory_total=1, memory_remaining=0, post_copy=True))
    assert migration.reason is None


def test_save_decisions_when_the_copy_is_over_then_they_are_written_all_the_same():
    migration = Record()
    keeper = migration_progress.ProgressKeeper(Record(), migration)
    keeper.close(Progress())
    keeper.save_decisions()
    assert migration.saves == 1


def test_note_when_saving_is_slow_then_the_newest_is_saved_next(options):
    begun, may_go, saved = threading.Event(), threading.Event(), []

    class Slow(Record):
        def save(self, **expected):
            begun.set()
            assert may_go.wait(LIMIT)
            saved.append(self.reason)

    keeper = migration_progress.ProgressKeeper(Record(), Slow())
    for number in range(5):
        keeper.note(Progress(memory_total=1, memory_remaining=1, note=str(number)))
        assert begun.wait(LIMIT)
    may_go.set()
    keeper.save_decisions()
    assert saved[:2] == ['0', '4']
