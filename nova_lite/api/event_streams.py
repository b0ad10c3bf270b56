# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: a migration's record each time that it changes, until it is over.

However many clients watch, one reader of this process asks the database, for all of their
migrations at once and only while there are any. A stream holds a connection and its thread, so
their number is bounded, and a comment now and then finds out which clients have gone.
"""
import collections
import json
import queue
import threading
from collections.abc import Callable
from typing import Any

import webob
from oslo_log import log as logging

from nova_lite import context, exception, objects, utils
from nova_lite.conf import CONF
from nova_lite.migration import migration_states
from nova_lite.objects import Migration

LOG = logging.getLogger(__name__)

READ_INTERVAL = 0.5     # s between two questions to the database
KEEP_ALIVE = 10.0       # s of silence before a comment is sent
KEPT_BACK = 8           # readings that a slow client may be behind; it gets the newest


class Hub:
    """Who watches what, and the thread that reads for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inboxes: dict[int, list[queue.Queue]] = collections.defaultdict(list)
        self._seen: dict[int, Any] = {}
        self._count, self._reading = 0, False

    def join(self, migration_id: int) -> queue.Queue:
        """An inbox of readings; None in it: the server stops. TooManyEventStreams."""
        with self._lock:
            limit = CONF.api.max_event_streams
            if self._count >= limit:
                raise exception.TooManyEventStreams(limit=limit)
            self._count += 1
            inbox: queue.Queue = queue.Queue()
            self._inboxes[migration_id].append(inbox)
            if not self._reading:
                self._reading = True
                utils.spawn(self._read, name='event-streams')
            return inbox

    def leave(self, migration_id: int, inbox: queue.Queue) -> None:
        with self._lock:
            self._inboxes[migration_id].remove(inbox)
            self._count -= 1
            if not self._inboxes[migration_id]:
                del self._inboxes[migration_id]
                self._seen.pop(migration_id, None)

    def end_all(self) -> None:
        """End every stream: the server stops."""
        with self._lock:
            for inboxes in self._inboxes.values():
                for inbox in inboxes:
                    inbox.put(None)

    def _read(self) -> None:
        pause = threading.Event()
        while True:
            with self._lock:
                wanted = list(self._inboxes)
                if not wanted:
                    self._reading = False
                    return
            try:
                for migration in objects.MigrationList.get_by_filters(
                        context.get_admin_context(), {'id': wanted}):
                    self._pass_on(migration)
            except Exception as error:
                LOG.warning('Cannot read migrations for their watchers, trying again: %s',
                            exception.message_of(error))
            pause.wait(READ_INTERVAL)

    def _pass_on(self, migration: Migration) -> None:
        what = _content(migration)
        with self._lock:
            if self._seen.get(migration.id) == what:
                return
            self._seen[migration.id] = what
            for inbox in self._inboxes.get(migration.id, ()):
                if inbox.qsize() < KEPT_BACK or migration.status in migration_states.FINAL:
                    inbox.put(migration)


def _content(migration: Migration) -> Any:
    """What makes a reading another one."""
    return (migration.status, migration.updated_at, migration.queue_position,
            migration.queue_reason)


HUB = Hub()


class Stream:
    """The body of one answer; ``render(migration)`` gives what an event says."""

    def __init__(self, migration: Migration, render: Callable[[Migration], Any],
                 hub: Hub = HUB) -> None:
        self._id, self._render, self._hub = migration.id, render, hub
        self._first: Migration | None = migration
        self._over = self._closed = False
        self._told: Any = None
        self._inbox = hub.join(self._id)

    def __iter__(self) -> 'Stream':
        return self

    def __next__(self) -> bytes:
        if self._over:
            raise StopIteration
        migration, self._first = self._first, None
        while migration is None or _content(migration) == self._told:
            try:
                migration = self._inbox.get(timeout=KEEP_ALIVE)
            except queue.Empty:
                return b': the migration goes on\n\n'
            if migration is None:
                raise StopIteration
        self._told = _content(migration)
        self._over = migration.status in migration_states.FINAL
        return b'event: migration\ndata: ' + json.dumps(self._render(migration)).encode() + b'\n\n'

    def close(self) -> None:
        """Called by the server in any case, also when nothing was read."""
        if not self._closed:
            self._closed = True
            self._hub.leave(self._id, self._inbox)


def response(migration: Migration, render: Callable[[Migration], Any]) -> webob.Response:
    """TooManyEventStreams."""
    answer = webob.Response(app_iter=Stream(migration, render), content_type='text/event-stream',
                            charset='utf-8')
    answer.headers['Cache-Control'] = 'no-store'
    answer.headers['X-Accel-Buffering'] = 'no'      # a proxy must pass each event on at once
    return answer
