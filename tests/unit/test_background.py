# SPDX-License-Identifier: Apache-2.0
"""What is put is done in order, by nobody who waits; it has a bound and an end."""
import contextvars
import threading

import pytest

from nova_lite import background

LIMIT = 10


@pytest.fixture
def writer():
    made = background.BackgroundWriter('test')
    yield made
    assert made.close(LIMIT)


def test_put_when_the_work_is_slow_then_nobody_waits_and_the_order_stays(writer):
    done, may_go = [], threading.Event()

    def work(number):
        assert may_go.wait(LIMIT)
        done.append(number)

    for number in range(5):
        assert writer.put(work, number)
    assert done == [] and not writer.flush(0)
    may_go.set()
    assert writer.flush(LIMIT)
    assert done == [0, 1, 2, 3, 4]


def test_put_when_one_cannot_be_done_then_the_others_are(writer):
    done = []

    def fail():
        raise ValueError('away')

    writer.put(fail)
    writer.put(done.append, True)
    assert writer.flush(LIMIT) and done == [True]


def test_put_when_too_many_wait_then_it_says_so():
    writer, may_go = background.BackgroundWriter('test', limit=2), threading.Event()
    writer.put(may_go.wait, LIMIT)
    answers = [writer.put(lambda: None) for _ in range(4)]
    assert answers[-1] is None and answers[0] is not None
    may_go.set()
    assert writer.flush(LIMIT)
    assert writer.put(lambda: None) and writer.close(LIMIT)


def test_put_when_several_are_done_at_once_then_one_that_hangs_holds_up_none():
    writer, may_go, done = background.BackgroundWriter('test', at_once=2), threading.Event(), []
    writer.put(may_go.wait, LIMIT)
    assert concurrently_done(writer, done)
    may_go.set()
    assert writer.close(LIMIT)


def concurrently_done(writer, done):
    over = threading.Event()
    writer.put(done.append, True)
    writer.put(over.set)
    return over.wait(LIMIT) and done == [True]


def test_put_when_the_caller_has_a_context_then_the_work_has_it_too(writer):
    variable, seen = contextvars.ContextVar('variable', default=None), []
    for value in ('a', 'b'):
        token = variable.set(value)
        writer.put(lambda: seen.append(variable.get()))
        variable.reset(token)
    assert writer.flush(LIMIT) and seen == ['a', 'b']


def test_put_newest_when_the_work_is_slow_then_what_is_between_is_left_out(writer):
    done, begun, may_go = [], threading.Event(), threading.Event()

    def work(number):
        begun.set()
        assert may_go.wait(LIMIT)
        done.append(number)

    writer.put_newest(work, 0)
    assert begun.wait(LIMIT)
    for number in range(1, 5):
        writer.put_newest(work, number)
    may_go.set()
    assert writer.flush(LIMIT)
    assert done == [0, 4]
    writer.put_newest(work, 5)
    assert writer.flush(LIMIT) and done == [0, 4, 5]


def test_close_when_something_is_under_way_then_only_that_is_waited_for(writer):
    done, begun, may_go = [], threading.Event(), threading.Event()

    def work():
        begun.set()
        assert may_go.wait(LIMIT)
        done.append('under way')

    writer.put(work)
    assert begun.wait(LIMIT)
    waiting = writer.put(done.append, 'waiting')
    writer.put_newest(done.append, 'newest')
    assert not writer.close(0) and waiting.cancelled()
    may_go.set()
    assert writer.close(LIMIT) and done == ['under way']
    assert writer.put(done.append, 'late') is None
    writer.put_newest(done.append, 'late')
    assert done == ['under way']


def test_close_when_the_work_has_no_end_of_its_own_then_it_is_woken():
    over = threading.Event()
    writer = background.BackgroundWriter('test', wake=over.set)
    writer.put(over.wait)
    assert writer.close(LIMIT) and over.is_set()


def test_flush_when_nothing_was_put_then_at_once(writer):
    assert writer.flush(0)
