# SPDX-License-Identifier: Apache-2.0
"""/healthcheck: whether this process can serve, for a load balancer; no credentials needed.

It can when its database answers. Whoever asks, the database is asked once in a while only, and by
one request at a time.
"""
import http
import threading
import time

import webob

from nova_lite import context, exception, objects

PATH = '/healthcheck'
KEPT = 2.0      # s for which an answer holds


class _State:
    """The last answer of the database, and when it came."""

    def __init__(self) -> None:
        self._lock, self._healthy = threading.Lock(), False
        self._asked: float | None = None

    def healthy(self) -> bool:
        if self._lock.acquire(blocking=self._asked is None):
            try:
                if self._asked is None or time.monotonic() - self._asked >= KEPT:
                    self._healthy = _database_answers()
                    self._asked = time.monotonic()
            finally:
                self._lock.release()
        return self._healthy    # while somebody else asks: what was last


def _database_answers() -> bool:
    try:
        objects.ServiceList.get_by_filters(context.get_admin_context(), binary='nova-conductor')
    except exception.DatabaseUnavailable:
        return False
    return True


_state = _State()


def respond() -> webob.Response:
    """200 or 503, in one word."""
    healthy = _state.healthy()
    answer = webob.Response(text='OK\n' if healthy else 'The database is away\n',
                            content_type='text/plain', charset='utf-8')
    if not healthy:
        answer.status_int = http.HTTPStatus.SERVICE_UNAVAILABLE
    answer.headers['Cache-Control'] = 'no-store'
    return answer
