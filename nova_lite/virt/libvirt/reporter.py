# SPDX-License-Identifier: Apache-2.0
"""Telling of a copy's progress without waiting for whoever is told.

The receiver may be slow, hang or fail; a copy must neither stop for it nor end because of it.
"""
import queue
import threading
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import exception, utils
from nova_lite.migration.observations import Progress

LOG = logging.getLogger(__name__)


class Reporter:
    """Hands readings on in a thread of its own, the newest first: the receiver may be slow."""

    def __init__(self, receiver: Callable[[Progress], None]) -> None:
        self._receiver = receiver
        self._newest: queue.Queue = queue.Queue()
        self._thread: threading.Thread | None = None

    def offer(self, progress: Progress) -> None:
        if self._thread is None:
            self._thread = utils.spawn(self._report, name='migration-reporter')
        self._newest.put(progress)

    def close(self, timeout: float = 1.0) -> None:
        """Nothing is handed on after this, but for one reading that the receiver already has."""
        if self._thread is not None:
            self._newest.put(None)
            self._thread.join(timeout)

    def _report(self) -> None:
        while True:
            progress = self._newest.get()
            while not self._newest.empty():
                progress = self._newest.get()
            if progress is None:
                return
            try:
                self._receiver(progress)
            except Exception as error:
                LOG.warning('Cannot hand on the progress of a migration: %s',
                            exception.message_of(error))
