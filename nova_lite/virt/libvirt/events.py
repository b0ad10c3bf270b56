# SPDX-License-Identifier: Apache-2.0
"""News from libvirt, and from calls that last as long as a migration, brought to waiting threads.

libvirt calls back from its own event thread, and migrateToURI3 runs in a thread of its own. Both
are native threads that must touch no (green) lock and no log; so they post into one mailbox, and
one dispatcher of the process hands each item to the queue of whoever waits for it.
"""
import collections
import contextlib
import functools
import queue
import threading
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from oslo_log import log as logging

from nova_lite import background, utils

LOG = logging.getLogger(__name__)
T = TypeVar('T')

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


class _Dispatcher:
    """The one mailbox and thread of a process, which may drive many simulated hosts. The mailbox
    stays when nobody needs the thread: a late native thread may still post to it. None of what it
    carries is delivered to who would block, so it is empty but for a moment."""

    def __init__(self) -> None:
        self._users, self._runs = 0, False
        self._changing = threading.Lock()
        # a pipe wakes it, since a native thread must touch none of the writer's locks
        self._writer = background.BackgroundWriter('libvirt-events', wake=self._look_up)

    @functools.cached_property
    def mailbox(self) -> utils.Mailbox:
        return utils.Mailbox()

    def start(self) -> None:
        with self._changing:
            self._users += 1
            if not self._runs:
                self._runs = self._writer.put(self._dispatch) is not None

    def stop(self) -> None:
        """End the thread's work, when no other courier needs it."""
        with self._changing:
            self._users -= 1
        self._look_up()

    def _look_up(self) -> None:
        self.mailbox.put(None)

    def _is_over(self) -> bool:
        with self._changing:
            if self._users == 0 or self._writer.closed:
                self._runs = False
            return not self._runs

    def _dispatch(self) -> None:
        while True:
            item = self.mailbox.get(_IDLE)
            if item is None:
                if self._is_over():
                    return
                continue
            deliver, content = item
            try:
                deliver(content)
            except Exception:
                LOG.exception('Cannot deliver %r', content)


_dispatcher = _Dispatcher()


class Courier:
    """Carries items from native threads to queues: those of one host."""

    def __init__(self) -> None:
        self._subscribers: dict[str, list[queue.Queue[Event]]] = collections.defaultdict(list)
        self._listeners: list[Callable[[Event], None]] = []
        self._started = False

    def start(self) -> None:
        if not self._started:
            self._started = True
            _dispatcher.start()

    def stop(self) -> None:
        if self._started:
            self._started = False
            _dispatcher.stop()

    def post(self, deliver: Callable[[T], None], item: T) -> None:
        """From any thread: have the dispatcher call ``deliver(item)``, which must not block."""
        _dispatcher.mailbox.put((deliver, item))

    def publish(self, event: Event) -> None:
        """From any thread: hand ``event`` to everybody who watches its guest."""
        self.post(self._deliver, event)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have the dispatcher call ``listener``, which must not block, with the events of all
        guests, for the life of the process."""
        self._listeners.append(listener)

    @contextlib.contextmanager
    def subscribe(self, uuid: str) -> Iterator[queue.Queue[Event]]:
        """A queue of the guest's events for as long as the block lasts."""
        events: queue.Queue[Event] = queue.Queue()
        self._subscribers[uuid].append(events)
        try:
            yield events
        finally:
            remaining = self._subscribers[uuid]
            remaining.remove(events)
            if not remaining:
                del self._subscribers[uuid]

    def call(self, fn: Callable[[], T], name: str, timeout: float) -> T:
        """Run ``fn`` in a native thread of its own and return its result or raise its error.

        TimeoutError after ``timeout`` seconds; the thread then ends on its own, unheard.
        """
        answers: queue.Queue[tuple[T | None, Exception | None]] = queue.Queue()

        def run() -> None:
            result: T | None = None
            error: Exception | None = None
            try:
                result = fn()
            except Exception as caught:
                error = caught
            self.post(answers.put, (result, error))

        utils.native_thread(run, name)
        try:
            result, error = answers.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f'{name}: no answer within {timeout:g} s') from None
        if error is not None:
            raise error
        return typing.cast(T, result)

    def _deliver(self, event: Event) -> None:
        for events in tuple(self._subscribers.get(event.uuid, ())):
            events.put(event)
        for listener in self._listeners:
            listener(event)


def wait(events: queue.Queue[Event], timeout: float) -> Event | None:
    """The next event, or None when none came within ``timeout`` seconds."""
    try:
        return events.get(timeout=max(0.0, timeout))
    except queue.Empty:
        return None
