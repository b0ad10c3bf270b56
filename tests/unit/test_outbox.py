# SPDX-License-Identifier: Apache-2.0
"""What is put is sent in order, by nobody who waits."""
import threading

from nova_lite import outbox

LIMIT = 10


def test_put_when_sending_is_slow_then_nobody_waits_and_the_order_stays():
    box, sent, may_send = outbox.Outbox('test'), [], threading.Event()

    def send(number):
        assert may_send.wait(LIMIT)
        sent.append(number)

    for number in range(5):
        assert box.put(lambda number=number: send(number))
    assert sent == [] and not box.drain(0)
    may_send.set()
    assert box.drain(LIMIT)
    assert sent == [0, 1, 2, 3, 4]


def test_put_when_one_cannot_be_sent_then_the_others_are():
    box, sent = outbox.Outbox('test'), []

    def fail():
        raise ValueError('away')

    box.put(fail)
    box.put(lambda: sent.append(True))
    assert box.drain(LIMIT) and sent == [True]


def test_put_when_too_many_wait_then_it_says_so(monkeypatch):
    monkeypatch.setattr(outbox, 'LIMIT', 2)
    box, may_send = outbox.Outbox('test'), threading.Event()
    box.put(lambda: may_send.wait(LIMIT))
    answers = [box.put(lambda: None) for _ in range(4)]
    assert answers[-1] is False and answers[0] is True
    may_send.set()
    assert box.drain(LIMIT)
    assert box.put(lambda: None) and box.drain(LIMIT)


def test_drain_when_nothing_was_put_then_at_once():
    assert outbox.Outbox('test').drain(0)
