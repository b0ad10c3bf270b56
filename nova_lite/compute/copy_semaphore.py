# SPDX-License-Identifier: Apache-2.0
"""This host's own guard that no more guests leave it at once than max_concurrent_live_migrations.

The queue is the database's, which lets as many begin. The semaphore stands around the green thread
of each migration all the same, so that no defect and no reload of the options makes more copies.
Its places are asked for each time, since the option may change meanwhile.
"""
import contextlib
import threading
from collections.abc import Callable, Iterator

LOOK_INTERVAL = 1.0     # s between two looks whether there are more places now


class CopySemaphore:
    """``places()``: how many there are, 0: no limit."""

    def __init__(self, places: Callable[[], int]) -> None:
        self._places, self._taken = places, 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def place(self, wait: bool = True) -> Iterator[None]:
        """Hold a place, once there is one. Without ``wait`` at once: the copy runs already, and
        has to be watched."""
        with self._changed:
            while wait and 0 < self._places() <= self._taken:
                self._changed.wait(LOOK_INTERVAL)
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify_all()
