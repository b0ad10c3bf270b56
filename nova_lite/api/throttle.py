# SPDX-License-Identifier: Apache-2.0
"""Failed passwords: how often a client may be wrong before it has to wait.

A check of a password is slow on purpose, so it must not be a lever on the process: a client that
keeps being wrong is refused without one. It waits longer with each failure under a name, and all
names that it tries count together, at a higher bound. Who is known from a right password not long
ago never comes here.
"""
import collections
import threading
import time
from collections.abc import Hashable

from nova_lite.conf import CONF

MOST_KEPT = 4096
LONGEST_DOUBLING = 12   # 2 ** 12 s are more than the longest wait may be


class Throttle:
    """Failures by client, and by client and name. At most MOST_KEPT are kept, the latest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: collections.OrderedDict[Hashable, tuple[int, float]] = (
            collections.OrderedDict())

    def wait(self, client: str, name: str) -> float:
        """Seconds until this client may try this name; 0.0 for now."""
        with self._lock:
            return max(self._left(client, CONF.api.wrong_passwords_per_client),
                       self._left((client, name), CONF.api.wrong_passwords_per_name))

    def failed(self, client: str, name: str) -> None:
        with self._lock:
            for key in (client, (client, name)):
                count, last = self._failures.pop(key, (0, 0.0))
                now = time.monotonic()
                forgiven = now - last > CONF.api.wrong_passwords_forgiven_after
                self._failures[key] = (1 if forgiven else count + 1), now
            while len(self._failures) > MOST_KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, client: str, name: str) -> None:
        """The name is forgiven; the client is not, or one right password would free all."""
        with self._lock:
            self._failures.pop((client, name), None)

    def _left(self, key: Hashable, free: int) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        if count < free:
            return 0.0
        since = time.monotonic() - last
        if since > CONF.api.wrong_passwords_forgiven_after:
            return 0.0
        doubled = 2.0 ** min(count - free, LONGEST_DOUBLING)
        return max(0.0, min(doubled, CONF.api.wrong_password_longest_wait) - since)
