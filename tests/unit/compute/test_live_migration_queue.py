# SPDX-License-Identifier: Apache-2.0
"""How often a host looks into its queue by itself."""
import pytest

from nova_lite.compute import live_migration_queue
from nova_lite.compute.live_migration_queue import LONGEST_LOOK_INTERVAL, LiveMigrationQueue

pytestmark = pytest.mark.usefixtures('database')


class Wakes:
    """Stands for the event that wakes the queue: tells of each wait whether somebody called, and
    ends the queue's thread after the last one."""

    def __init__(self, answers):
        self.queue, self._answers, self.pauses = None, list(answers), []

    def wait(self, pause):
        self.pauses.append(pause)
        if not self._answers:
            self.queue.stop()
            return True
        return self._answers.pop(0)

    def set(self):
        pass

    clear = set


def pauses(answers):
    wakes = Wakes(answers)
    wakes.queue = queue = LiveMigrationQueue('h1', driver=None, wake=wakes)
    queue._serve()
    return wakes.pauses


def test_queue_when_nothing_happens_then_it_looks_less_and_less_often():
    assert pauses([False] * 6) == [5, 10, 20, 40, 80, 80, LONGEST_LOOK_INTERVAL]


def test_queue_when_it_is_woken_then_it_looks_as_often_as_at_first():
    assert pauses([False, False, True, False]) == [5, 10, 20, 5, 10]


def test_queue_when_a_look_fails_then_the_next_ones_are_soon(monkeypatch):
    def fail(*_arguments):
        raise live_migration_queue.exception.DatabaseUnavailable(reason='away')

    monkeypatch.setattr(LiveMigrationQueue, '_take_up', lambda _self: None)
    monkeypatch.setattr(LiveMigrationQueue, '_start_next', fail)
    assert pauses([False] * 4) == [5] * 5


def test_queue_when_it_looks_by_itself_then_also_for_what_nobody_works_on(monkeypatch):
    """A conductor may have carried out an order after its answer was given up."""
    looks = []
    monkeypatch.setattr(LiveMigrationQueue, '_take_up', lambda _self: looks.append('take up'))
    monkeypatch.setattr(LiveMigrationQueue, '_start_next', lambda _self: looks.append('start'))
    pauses([False, True])
    assert looks == ['take up', 'start', 'start']
