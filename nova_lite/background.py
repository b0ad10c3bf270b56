# SPDX-License-Identifier: Apache-2.0
"""What is done beside the work, while nobody waits for it.

A broker's confirmation, a row of the database or a receiver can take longer than the step of a
migration that they are told of, and hang for as long as the other side is away. So it is handed
to a BackgroundWriter, whose owner ends it: with ``flush``, when all of it must still be done, or
with ``close``. So many wait at most; what comes then is refused, and its owner knows what to do.
"""
import atexit
import concurrent.futures
import threading
import weakref
from collections.abc import Callable
from typing import Any

import futurist
from futurist import rejection
from oslo_log import log as logging

from nova_lite import utils

LOG = logging.getLogger(__name__)

LIMIT = 1000        # that wait

Future = concurrent.futures.Future


class BackgroundWriter:
    """Does what it is given in the order in which it comes, so much of it ``at_once``.

    ``wake`` is called when it is closed: it ends what would otherwise go on for ever.
    """

    def __init__(self, name: str, limit: int = LIMIT, at_once: int = 1,
                 wake: Callable[[], None] = lambda: None) -> None:
        self._name, self._wake = name, wake
        self._lock = threading.Lock()
        self._pool = futurist.ThreadPoolExecutor(
            at_once, check_and_reject=rejection.reject_when_reached(limit))
        self._unfinished: set[Future] = set()
        self._newest: tuple[Callable, tuple] | None = None
        self.closed = False
        _writers.add(self)

    def put(self, work: Callable, *args: Any) -> Future | None:
        """Have ``work(*args)`` done, in the context that the caller has now. The future can be
        waited for, or cancelled before it is begun; what comes of it is logged when it is an
        error. None when too many wait, or after :meth:`close`."""
        with self._lock:
            if self.closed:
                return None
            try:
                future = self._pool.submit(utils.in_context(self._do), work, args)
            except futurist.RejectedSubmission:
                return None
            self._unfinished.add(future)
        future.add_done_callback(self._forget)
        return future

    def put_newest(self, work: Callable, *args: Any) -> None:
        """The same for what replaces all of its kind that was put so before and is not begun."""
        with self._lock:
            waits, self._newest = self._newest is not None, (work, args)
        if not waits and self.put(self._do_newest) is None:
            self._newest = None

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put is done; False when it is not after ``timeout`` seconds."""
        with self._lock:
            unfinished = list(self._unfinished)
        return not concurrent.futures.wait(unfinished, timeout).not_done

    def close(self, timeout: float | None) -> bool:
        """Take nothing more and drop what is not begun; wait for the rest as :meth:`flush` does.
        Can be repeated."""
        with self._lock:
            self.closed, self._newest = True, None
            unfinished = list(self._unfinished)
        for future in unfinished:
            future.cancel()
        self._wake()
        done = not concurrent.futures.wait(unfinished, timeout).not_done
        self._pool.shutdown(wait=False)
        return done

    def _do_newest(self) -> None:
        with self._lock:
            newest, self._newest = self._newest, None
        if newest is not None:
            work, args = newest
            work(*args)

    def _do(self, work: Callable, args: tuple) -> None:
        threading.current_thread().name = self._name
        try:
            work(*args)
        except Exception:
            LOG.exception('%s: not done', self._name)

    def _forget(self, future: Future) -> None:
        with self._lock:
            self._unfinished.discard(future)


_writers: weakref.WeakSet[BackgroundWriter] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Before futurist waits for its threads: what nobody has ended ends here."""
    for writer in list(_writers):
        writer.close(0)
