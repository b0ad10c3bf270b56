# SPDX-License-Identifier: Apache-2.0
"""Waiting for a guest whose post-copy broke."""
import threading

import oslo_messaging as messaging
import pytest

from nova_lite import exception
from nova_lite.compute import post_copy
from nova_lite.migration.observations import Outcome
from nova_lite.virt import driver as virt_driver

ARRIVING = 'its memory is still on the way'
SILENT = messaging.MessagingTimeout('no reply')
DEAD = exception.InstanceNotRunning(instance_id='u', host='there', reason='it is gone')


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(post_copy, 'ASK_INTERVAL', 0.005)
    monkeypatch.setattr(post_copy, 'RESUME_INTERVAL', 1000)
    monkeypatch.setattr(post_copy, 'STUCK_AFTER', 1000)


class Destination:
    """``answers``: to each question, the last one for ever; ``resumed``: what each attempt comes
    to."""

    def __init__(self, answers, resumed=()):
        self._answers, self._resumed = list(answers), list(resumed)
        self.told, self.attempts = [], 0
        self.split = post_copy.Split('here', 'there', 'instance-1', self._obstacle, self._resume,
                                     self.told.append)

    def _obstacle(self):
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _resume(self):
        self.attempts += 1
        return self._resumed[0] if len(self._resumed) == 1 else self._resumed.pop(0)


def test_wait_when_guest_is_whole_at_last_then_returns_and_never_resumed():
    there = Destination([ARRIVING, SILENT, ARRIVING, ''])
    there.split.wait_until_whole('socket closed')
    assert there.attempts == 0
    assert all('socket closed' in text and 'host there' in text for text in there.told)
    assert [ARRIVING in there.told[0], 'no reply' in there.told[1]] == [True, True]
    assert not any('virsh' in text for text in there.told)


def test_wait_when_half_at_destination_is_gone_then_lost():
    with pytest.raises(exception.LiveMigrationLost, match='it is gone'):
        Destination([ARRIVING, DEAD]).split.wait_until_whole('socket closed')


def test_wait_when_time_has_come_then_resumes_with_pauses_until_it_works(monkeypatch):
    monkeypatch.setattr(post_copy, 'RESUME_INTERVAL', 0.02)
    refused = Outcome(virt_driver.BROKEN, 'migration is still running')
    there = Destination([ARRIVING] * 40 + [''], [refused, refused, refused, refused])
    there.split.wait_until_whole('socket closed')
    assert 2 <= there.attempts < 20
    assert 'migration is still running' in there.told[-1]


def test_wait_when_destination_does_not_answer_then_is_not_resumed(monkeypatch):
    monkeypatch.setattr(post_copy, 'RESUME_INTERVAL', 0)
    monkeypatch.setattr(post_copy, 'STUCK_AFTER', 0)
    there = Destination([SILENT] * 5 + [''])
    there.split.wait_until_whole('socket closed')
    assert there.attempts == 0
    assert not any('virsh' in text for text in there.told)


def test_wait_when_destination_answers_for_long_then_says_what_an_operator_can_do(monkeypatch):
    monkeypatch.setattr(post_copy, 'STUCK_AFTER', 0.01)
    there = Destination([ARRIVING] * 10 + [''])
    there.split.wait_until_whole('socket closed')
    assert 'on here "virsh domjobabort --postcopy instance-1"' in there.told[-1]


def test_wait_when_abandoned_then_lost():
    there = Destination([ARRIVING])
    threading.Timer(0.03, there.split.abandon).start()
    with pytest.raises(exception.LiveMigrationLost, match='deleted'):
        there.split.wait_until_whole('socket closed')
