# SPDX-License-Identifier: Apache-2.0
"""The concurrency seam."""
import contextvars
import threading

import pytest

from nova_lite import context, utils

variable = contextvars.ContextVar('variable')


def test_spawn_when_started_then_it_keeps_the_callers_context():
    variable.set('kept')
    asked = context.RequestContext(user_id='u', overwrite=True)
    seen = []

    def work():
        from oslo_context import context as store
        seen.append((variable.get(), store.get_current().request_id))

    utils.spawn(work).join(5)
    assert seen == [('kept', asked.request_id)]


def test_begin_when_it_ends_then_the_future_has_what_came_of_it():
    assert utils.begin(lambda number: number + 1, 1).result(5) == 2
    with pytest.raises(ZeroDivisionError):
        utils.begin(lambda: 1 / 0).result(5)


def test_mailbox_when_filled_by_native_threads_then_the_order_is_kept():
    box = utils.Mailbox()
    thread = utils.native_thread(lambda: [box.put(number) for number in range(5)], 'filler')
    assert [box.get(timeout=5) for _ in range(5)] == list(range(5))
    thread.join(5)
    assert box.get(timeout=0) is None
    box.close()


def test_mailbox_when_nothing_comes_then_the_wait_ends():
    box = utils.Mailbox()
    assert box.get(timeout=0) is None
    timer = threading.Timer(0.01, lambda: box.put('late'))
    timer.start()
    assert box.get(timeout=5) == 'late'
    box.close()
