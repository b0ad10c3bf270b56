# SPDX-License-Identifier: Apache-2.0
"""Telling of a copy's progress without waiting for whoever is told.

The receiver may be slow, hang or fail; a copy must neither stop for it nor end because of it.
"""
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import background, exception
from nova_lite.migration.observations import Progress

LOG = logging.getLogger(__name__)


class Reporter:
    """Hands readings on beside the copy, the newest one: the receiver may be slow."""

    def __init__(self, receiver: Callable[[Progress], None]) -> None:
        self._receiver = receiver
        self._writer = background.BackgroundWriter('migration-reporter')

    def offer(self, progress: Progress) -> None:
        self._writer.put_newest(self._report, progress)

    def close(self, timeout: float = 1.0) -> None:
        """Nothing is handed on after this, but for one reading that the receiver already has."""
        self._writer.close(timeout)

    def _report(self, progress: Progress) -> None:
        try:
            self._receiver(progress)
        except Exception as error:
            LOG.warning('Cannot hand on the progress of a migration: %s',
                        exception.message_of(error))
