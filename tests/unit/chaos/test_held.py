# SPDX-License-Identifier: Apache-2.0
"""Where servers are held, with simulated hosts and with real ones alike."""
import threading

import pytest

from nova_lite import moments
from tests.chaos import held
from tests.fixtures.waiting import wait_until

LIMIT = 10


@pytest.fixture
def at(tmp_path, monkeypatch):
    monkeypatch.setattr(moments, 'DIRECTORY', str(tmp_path))
    return held.Held(tmp_path)


@pytest.mark.parametrize('subject', ['uuid', ''])
def test_held_when_somebody_comes_then_is_held_until_the_release(at, subject):
    order, over = at.order('edge-queue-start', subject), threading.Event()
    order.touch()
    held.in_thread(lambda: (moments.reach('edge-queue-start', 'uuid'), over.set()))
    assert wait_until(at.met(order).exists, LIMIT) and not over.is_set()
    at.release()
    assert over.wait(LIMIT)


def test_release_when_nobody_has_come_then_nobody_is_held_later(at, tmp_path):
    at.order('edge-queue-start', 'uuid').touch()
    at.release()
    moments.reach('edge-queue-start', 'uuid')
    assert list(tmp_path.iterdir()) == []


def test_clear_when_a_group_ends_then_nothing_of_it_is_left(at, tmp_path):
    at.order('a').touch()
    at.met(at.order('b')).touch()
    at.clear()
    assert list(tmp_path.iterdir()) == []
