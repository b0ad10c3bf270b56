# SPDX-License-Identifier: Apache-2.0
"""Guests that have changed are looked at until there is something to write of them."""
import queue
import threading

import pytest

from nova_lite.compute import guest_changes


@pytest.fixture
def changes(monkeypatch):
    """``make(*answers)``: what each look returns or raises; ``looks`` has what was asked."""
    monkeypatch.setattr(guest_changes, 'QUIET', 0.01)
    made = []

    def make(*answers):
        waiting = iter(answers)

        def look(uuids):
            made[0].looks.put(set(uuids))
            answer = next(waiting, set())
            if isinstance(answer, Exception):
                raise answer
            return answer

        made.append(guest_changes.GuestChanges(look))
        made[0].looks = queue.Queue()
        return made[0]

    yield make
    for one in made:
        one.stop()


def test_change_when_noted_then_it_is_looked_at_once(changes):
    changed = changes()
    changed.note('a')
    assert changed.looks.get(timeout=10) == {'a'}
    changed.note('b')
    assert changed.looks.get(timeout=10) == {'b'}


def test_change_when_its_server_is_busy_then_it_is_looked_at_until_it_is_free(changes):
    changed = changes({'a'}, {'a'}, set())
    changed.note('a')
    assert [changed.looks.get(timeout=10) for _ in range(3)] == [{'a'}] * 3
    changed.note('b')
    assert changed.looks.get(timeout=10) == {'b'}


def test_change_when_nothing_can_be_written_then_it_is_tried_again_and_said_once(changes, caplog):
    changed = changes(RuntimeError('away'), RuntimeError('away'))
    changed.note('a')
    assert [changed.looks.get(timeout=10) for _ in range(3)] == [{'a'}] * 3
    assert caplog.text.count('Cannot write what guests are') == 1


def test_changes_when_many_threads_note_them_then_none_is_lost(changes):
    changed = changes()
    threads = [threading.Thread(target=changed.note, args=(str(number),)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    seen = set()
    while len(seen) < 50:
        seen |= changed.looks.get(timeout=10)
