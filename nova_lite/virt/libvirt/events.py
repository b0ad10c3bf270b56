# SPDX-License-Identifier: Apache-2.0
"""News from libvirt, and from calls that last as long as a migration, brought to waiting threads.

libvirt calls back from its own event thread, and migrateToURI3 runs in a thread of its own. Both
are native threads that must touch no (green) lock and no log; so they post into one mailbox, and
one dispatcher of the process hands each item to the queue of whoever waits for it.
"""
import collections
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from oslo_log import log as logging

from nova_lite import utils

LOG = logging.getLogger(__name__)

LIFECYCLE = 'lifecycle'             # detail: (event, detail) of libvirt
ITERATION = 'iteration'             # detail: number of the pass over memory
JOB_COMPLETED = 'job completed'     # detail: the job's statistics
OPERATION_ENDED = 'operation ended'     # detail: operation.End
WAKE_UP = 'wake up'                 # somebody asked for something

_IDLE = 60.0    # s; nothing is polled, it only bounds the dispatcher's wait


class Event(NamedTuple):
    uuid: str
    kind: str
    detail: Any = None


class Courier:
    """Carries items from native threads to queues."""

    def __init__(self) -> None:
        self._mailbox = utils.Mailbox()
        self._subscribers: dict[str, list[queue.Queue]] = collections.defaultdict(list)
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = utils.spawn(self._dispatch, name='libvirt-events')

    def stop(self) -> None:
        """End the dispatcher. The pipe stays: a late native thread may still post to it."""
        self._stopping = True
        self._mailbox.put(None)

    def post(self, deliver: Callable[[Any], None], item: Any) -> None:
        """From any thread: have the dispatcher call ``deliver(item)``, which must not block."""
        self._mailbox.put((deliver, item))

    def publish(self, event: Event) -> None:
        """From any thread: hand ``event`` to everybody who watches its guest."""
        self.post(self._deliver, event)

    @contextlib.contextmanager
    def subscribe(self, uuid: str) -> Iterator[queue.Queue]:
        """A queue of the guest's events for as long as the block lasts."""
        events: queue.Queue = queue.Queue()
        self._subscribers[uuid].append(events)
        try:
            yield events
        finally:
            remaining = self._subscribers[uuid]
            remaining.remove(events)
            if not remaining:
                del self._subscribers[uuid]

    def call(self, fn: Callable[[], Any], name: str, timeout: float) -> Any:
        """Run ``fn`` in a native thread of its own and return its result or raise its error.

        TimeoutError after ``timeout`` seconds; the thread then ends on its own, unheard.
        """
        answers: queue.Queue = queue.Queue()

        def run() -> None:
            try:
                result, error = fn(), None
            except Exception as caught:
                result, error = None, caught
            self.post(answers.put, (result, error))

        utils.native_thread(run, name)
        try:
            result, error = answers.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f'{name}: no answer within {timeout:g} s') from None
        if error is not None:
            raise error
        return result

    def _deliver(self, event: Event) -> None:
        for events in tuple(self._subscribers.get(event.uuid, ())):
            events.put(event)

    def _dispatch(self) -> None:
        while not self._stopping:
            item = self._mailbox.get(_IDLE)
            if item is None:
                continue
            deliver, content = item
            try:
                deliver(content)
            except Exception:
                LOG.exception('Cannot deliver %r', content)


def wait(events: queue.Queue, timeout: float) -> Event | None:
    """The next event, or None when none came within ``timeout`` seconds."""
    try:
        return events.get(timeout=max(0.0, timeout))
    except queue.Empty:
        return None
