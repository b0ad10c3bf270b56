# SPDX-License-Identifier: Apache-2.0
"""The other half of the concurrency seam: starting work, and crossing to native threads and back.

A call into a C library such as libvirt would stop every green thread of the process, so it goes
through :func:`tpool_execute`. A library that calls back from its own thread delivers into a
:class:`Mailbox`, since green locks must never be shared with native threads.
"""
import collections
import concurrent.futures
import contextvars
import functools
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Any

from oslo_context import context as oslo_context
from oslo_log import log as logging

from nova_lite import monkey_patch

LOG = logging.getLogger(__name__)


def spawn(fn: Callable, *args: Any, name: str | None = None, **kwargs: Any) -> threading.Thread:
    """Run ``fn`` in a daemon thread (a green one under eventlet) that keeps the caller's context.

    An exception out of ``fn`` is logged: there is nobody else to see it.
    """
    work = in_context(fn)

    def run() -> None:
        try:
            work(*args, **kwargs)
        except Exception:
            LOG.exception('Unexpected error in thread %s', thread.name)

    thread = threading.Thread(target=run, name=name or getattr(fn, '__name__', None), daemon=True)
    thread.start()
    return thread


def in_context(fn: Callable) -> Callable:
    """``fn`` with the context that the caller has now, for another thread to call once."""
    current = oslo_context.get_current()
    variables = contextvars.copy_context()

    def run(*args: Any, **kwargs: Any) -> Any:
        if current is not None:
            current.update_store()
        return variables.run(fn, *args, **kwargs)

    return run


def begin(fn: Callable, *args: Any) -> concurrent.futures.Future:
    """Run ``fn`` in a thread of its own as :func:`spawn` does; the future has what comes of it."""
    future: concurrent.futures.Future = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(fn(*args))
        except Exception as error:
            future.set_exception(error)

    spawn(run, name=getattr(fn, '__name__', None))
    return future


def tpool_execute(fn: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call ``fn`` in a native thread and wait for it without stopping other green threads."""
    if not monkey_patch.is_patched():
        return fn(*args, **kwargs)
    from eventlet import tpool
    return tpool.execute(fn, *args, **kwargs)


def native_thread(fn: Callable, name: str) -> Any:
    """Start ``fn`` in a daemon thread of the operating system under either model."""
    thread_class = threading.Thread
    if monkey_patch.is_patched():
        from eventlet import patcher
        thread_class = patcher.original('threading').Thread
    thread = thread_class(target=fn, name=name, daemon=True)
    thread.start()
    return thread


def native_lock() -> threading.Lock:
    """A lock that green and native threads can share: to be held for some instructions only, since
    all green threads stand still while one of them waits for it."""
    if not monkey_patch.is_patched():
        return threading.Lock()
    from eventlet import patcher
    return patcher.original('threading').Lock()


def sleep(seconds: float) -> None:
    """Sleep: other green threads go on meanwhile where there are any, and a native thread makes no
    event loop of its own for it."""
    if monkey_patch.is_patched() and threading.get_native_id() != os.getpid():
        from eventlet import patcher
        patcher.original('time').sleep(seconds)
    else:
        time.sleep(seconds)


def _native_os() -> Any:
    """``os`` without eventlet in it: whose write may be called in a signal handler, where there
    is no green thread to wait in."""
    if not monkey_patch.is_patched():
        return os
    from eventlet import patcher
    return patcher.original('os')


class Mailbox:
    """A queue from any number of native threads to one waiting (green) thread.

    ``put`` never blocks; ``get`` waits at most ``timeout`` seconds. A pipe carries the wake-up:
    it is the one thing that both kinds of thread can wait on.
    """

    def __init__(self) -> None:
        self._items: collections.deque = collections.deque()
        self._os = _native_os()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        os.set_blocking(self._reader, False)

    def put(self, item: Any) -> None:
        self._items.append(item)
        try:
            self._os.write(self._writer, b'.')
        except BlockingIOError:
            pass    # a full pipe wakes the reader as well as one more byte would

    def get(self, timeout: float) -> Any:
        """Return the oldest item, or None when none came within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not self._items:
            left = max(0.0, deadline - time.monotonic())
            # select is cooperative when the standard library is patched
            readable, _, _ = select.select([self._reader], [], [], left)
            if not readable:
                return None
            # a byte may be left of an item that was taken before its byte was written
            self._os.read(self._reader, 4096)
        return self._items.popleft()

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


@functools.cache
def process_name() -> str:
    """Name of this process for owners and leases: unique on a host while it lives."""
    return f'{os.uname().nodename}:{os.getpid()}'
