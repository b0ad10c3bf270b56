# SPDX-License-Identifier: Apache-2.0
"""Who is wrong too often waits, and nobody else does."""
import pytest

from nova_lite.api import throttle
from nova_lite.conf import CONF
from tests.fixtures.conf import options  # noqa: F401

FREE = 5        # of [api]wrong_passwords_per_name


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
    assert waits[FREE:FREE + 3] == [1.0, 2.0, 4.0]
    assert waits[-1] == CONF.api.wrong_password_longest_wait
    assert made.wait('a', 'bob') == 0.0 == made.wait('b', 'alice')
    clock[0] += CONF.api.wrong_password_longest_wait
    assert made.wait('a', 'alice') == 0.0


def test_wait_when_a_client_tries_many_names_then_they_count_together(clock):
    made = throttle.Throttle()
    for number in range(CONF.api.wrong_passwords_per_client):
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
    clock[0] += CONF.api.wrong_passwords_forgiven_after + 1
    assert made.wait('a', 'alice') == 0.0


def test_wait_when_the_options_say_otherwise_then_as_they_say(clock, options):      # noqa: F811
    options.set('api', wrong_passwords_per_name=1, wrong_passwords_per_client=3,
                wrong_password_longest_wait=1800.0)
    made = throttle.Throttle()
    for _ in range(13):
        made.failed('a', 'alice')
    assert made.wait('a', 'alice') == 1800.0        # else 2 ** 12
    assert made.wait('a', 'bob') == 1024.0          # of the address: 13 wrong ones, 3 free
    options.set('api', wrong_passwords_forgiven_after=5.0)
    clock[0] += 6
    assert made.wait('a', 'alice') == 0.0


def test_failed_when_very_many_are_wrong_then_the_latest_are_kept(clock, monkeypatch):
    monkeypatch.setattr(throttle, 'MOST_KEPT', 10)
    made = throttle.Throttle()
    for number in range(100):
        made.failed(f'client{number}', 'alice')
    assert len(made._failures) == 10
