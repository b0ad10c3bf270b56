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

MOST_KEPT = 4096
FREE_OF_NAME, FREE_OF_CLIENT = 5, 20        # failures without a wait
LONGEST_WAIT = 60.0     # s
FORGIVEN_AFTER = 600.0  # s without a failure


class Throttle:
    """Failures by client, and by client and name. At most MOST_KEPT are kept, the latest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: collections.OrderedDict[Hashable, tuple[int, float]] = (
            collections.OrderedDict())

    def wait(self, client: str, name: str) -> float:
        """Seconds until this client may try this name; 0.0 for now."""
        with self._lock:
            return max(self._left(client, FREE_OF_CLIENT),
                       self._left((client, name), FREE_OF_NAME))

    def failed(self, client: str, name: str) -> None:
        with self._lock:
            for key in (client, (client, name)):
                count, last = self._failures.pop(key, (0, 0.0))
                now = time.monotonic()
                self._failures[key] = (1 if now - last > FORGIVEN_AFTER else count + 1), now
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
        if since > FORGIVEN_AFTER:
            return 0.0
        return max(0.0, min(2.0 ** min(count - free, 10), LONGEST_WAIT) - since)
