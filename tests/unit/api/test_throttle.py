# SPDX-License-Identifier: Apache-2.0
"""Who is wrong too often waits, and nobody else does."""
import pytest

from nova_lite.api import throttle

FREE = throttle.FREE_OF_NAME


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(throttle.time, 'monotonic', lambda: now[0])
    return now


def test_wait_when_a_name_fails_again_and_again_then_longer_each_time(clock):
    made = throttle.Throttle()
    waits = []
    for _ in range(FREE + 9):
        waits.append(made.wait('a', 'alice'))
        made.failed('a', 'alice')
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE:FREE + 3] == [1.0, 2.0, 4.0] and waits[-1] == throttle.LONGEST_WAIT
    assert made.wait('a', 'bob') == 0.0 == made.wait('b', 'alice')
    clock[0] += throttle.LONGEST_WAIT
    assert made.wait('a', 'alice') == 0.0


def test_wait_when_a_client_tries_many_names_then_they_count_together(clock):
    made = throttle.Throttle()
    for number in range(throttle.FREE_OF_CLIENT):
        assert made.wait('a', f'n{number}') == 0.0
        made.failed('a', f'n{number}')
    assert made.wait('a', 'another') > 0 == made.wait('b', 'another')


def test_wait_when_it_was_right_or_long_ago_then_none(clock):
    made = throttle.Throttle()
    for _ in range(FREE):
        made.failed('a', 'alice')
    made.succeeded('a', 'alice')
    assert made.wait('a', 'alice') == 0.0
    for _ in range(FREE + 20):
        made.failed('a', 'alice')
    clock[0] += throttle.FORGIVEN_AFTER + 1
    assert made.wait('a', 'alice') == 0.0


def test_failed_when_very_many_are_wrong_then_the_latest_are_kept(clock, monkeypatch):
    monkeypatch.setattr(throttle, 'MOST_KEPT', 10)
    made = throttle.Throttle()
    for number in range(100):
        made.failed(f'client{number}', 'alice')
    assert len(made._failures) == 10
