# SPDX-License-Identifier: Apache-2.0
import queue
import threading

import pytest

from nova_lite import utils
from nova_lite.virt.libvirt import events
from nova_lite.virt.libvirt.events import Courier, Event


@pytest.fixture
def courier():
    courier = Courier()
    courier.start()
    yield courier
    courier.stop()


def test_event_when_published_by_a_native_thread_then_reaches_who_watches_that_guest(courier):
    with courier.subscribe('a') as first, courier.subscribe('a') as second, \
            courier.subscribe('b') as other:
        utils.native_thread(lambda: courier.publish(Event('a', events.ITERATION, 2)), 'test')
        for news in (first, second):
            assert events.wait(news, 10) == ('a', 'iteration', 2)
        assert events.wait(other, 0) is None


def test_event_when_somebody_listens_then_hears_of_all_guests_and_others_as_before(courier):
    heard = queue.Queue()
    courier.listen(heard.put)
    with courier.subscribe('a') as news:
        for uuid in 'ab':
            courier.publish(Event(uuid, events.LIFECYCLE, (3, 0)))
        assert [heard.get(timeout=10).uuid for _ in 'ab'] == ['a', 'b']
        assert events.wait(news, 10).uuid == 'a' and news.empty()


def test_event_when_nobody_watches_any_more_then_is_dropped(courier):
    with courier.subscribe('a') as news:
        pass
    courier.publish(Event('a', events.ITERATION, 1))
    with courier.subscribe('b') as other:
        courier.publish(Event('b', events.ITERATION, 2))
        assert events.wait(other, 10).detail == 2
    assert news.empty()


def test_events_when_many_threads_publish_then_none_is_lost(courier):
    with courier.subscribe('a') as news:
        for number in range(20):
            utils.native_thread(lambda number=number: [
                courier.publish(Event('a', events.ITERATION, (number, count)))
                for count in range(10)], f'test-{number}')
        got = {events.wait(news, 10).detail for _ in range(200)}
    assert len(got) == 200


def test_delivery_when_it_fails_then_next_one_is_made(courier):
    answers = queue.Queue()
    courier.post(lambda item: 1 / 0, 'x')
    courier.post(answers.put, 'y')
    assert answers.get(timeout=10) == 'y'


def test_call_when_made_then_result_or_error_comes_back(courier):
    assert courier.call(lambda: 42, 'test', 10) == 42
    with pytest.raises(KeyError):
        courier.call(lambda: {}['x'], 'test', 10)


def test_call_when_it_hangs_then_is_given_up(courier):
    held = threading.Event()
    try:
        with pytest.raises(TimeoutError, match='opening: no answer within 0.05 s'):
            courier.call(lambda: held.wait(20), 'opening', 0.05)
    finally:
        held.set()
