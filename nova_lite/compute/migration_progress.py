# SPDX-License-Identifier: Apache-2.0
"""Keeping a running copy's progress where a reader finds it: on the migration's record.

The monitor of the copy never waits for the database: it hands a reading over, and a thread of its
own saves the newest one at most every live_migration_monitor_interval seconds. What cannot be
saved is dropped; the next reading replaces it anyway. That the copy has switched to post-copy,
what it waits for, and each decision is written at once.
"""
import concurrent.futures
import time

from oslo_log import log as logging
from oslo_utils import timeutils

from nova_lite import background, exception
from nova_lite.conf import CONF
from nova_lite.migration import migration_states, task_states
from nova_lite.migration.observations import Progress
from nova_lite.migration.steering import Steering
from nova_lite.objects import Instance, Migration

LOG = logging.getLogger(__name__)

FIRST = 1.0     # s; of a copy that is over sooner only its end is written

COUNTERS = ('memory_total', 'memory_processed', 'memory_remaining',
            'disk_total', 'disk_processed', 'disk_remaining')


def percent(progress: Progress, floor: int = 0) -> int:
    """How much of memory and disks together has been copied, 0 to 100, never below ``floor``.

    What remains goes up again when the guest writes, so the plain figure would go backwards.
    """
    total = (progress.memory_total or 0) + (progress.disk_total or 0)
    if not total:
        return floor
    remaining = (progress.memory_remaining or 0) + (progress.disk_remaining or 0)
    return max(floor, min(100, 100 - round(remaining * 100 / total)))


class ProgressKeeper:
    """Saves the readings of one copy."""

    def __init__(self, instance: Instance, migration: Migration,
                 steering: Steering | None = None) -> None:
        self._instance, self._migration = instance, migration
        self._steering = steering or Steering()
        self._newest: Progress | None = None
        self._writer = background.BackgroundWriter('migration-progress')
        self._percent = (migration.progress or {}).get('percent', 0)
        self._due = time.monotonic() + FIRST
        self._told: tuple[bool, str] = (False, '')      # post_copy and note as last written
        self._decided = len(self._steering.decisions)   # as last written

    def note(self, progress: Progress) -> None:
        """Take a reading; returns at once."""
        self._newest = progress
        news = ((progress.post_copy, progress.note) != self._told
                or len(self._steering.decisions) != self._decided)
        if news or time.monotonic() >= self._due:
            self._due = time.monotonic() + CONF.libvirt.live_migration_monitor_interval
            self._writer.put_newest(self._save)

    def close(self, progress: Progress) -> None:
        """Put the last reading and what the copy came to on the record, for the edge that comes
        next to write. This object writes no more. How the copy ended does not hang on whether its
        figures can be kept."""
        try:
            self._close(progress)
        except Exception:
            LOG.exception('The last figures of migration %s are not kept', self._migration.uuid)

    def _close(self, progress: Progress) -> None:
        if any(value is not None for value in progress):
            self._newest = progress
        self._writer.close(timeout=None)    # a save that is under way comes first
        self._migration.copied_at = timeutils.utcnow(with_timezone=True)
        self._put_on_record(self._newest)
        try:
            self._tell(self._newest)
        except Exception as error:
            self._complain(error)

    def save_decisions(self) -> None:
        """Write what the steering holds, and return when it is written."""
        saving = self._writer.put(self._save)
        if saving is not None:
            concurrent.futures.wait([saving])
        if saving is None or saving.cancelled():    # the copy is over
            self._save()

    def _save(self) -> None:
        progress, decided = self._newest, len(self._steering.decisions)
        try:
            self._put_on_record(progress)
            self._tell(progress)
            self._migration.save()
            self._decided = decided
            if progress is not None:
                self._instance.progress = self._percent
                self._instance.save(expected_task_state=[task_states.MIGRATING])
        except Exception as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        LOG.warning('Cannot save the progress of migration %s: %s', self._migration.uuid,
                    exception.message_of(error))

    def _put_on_record(self, progress: Progress | None) -> None:
        self._migration.steering = self._steering.stored()
        if progress is not None:
            self._percent = percent(progress, self._percent)
            for counter in COUNTERS:
                setattr(self._migration, counter, getattr(progress, counter))
            self._migration.progress = {**progress._asdict(), 'percent': self._percent}

    def _tell(self, progress: Progress | None) -> None:
        if progress is None:
            return
        if progress.post_copy and self._migration.status == migration_states.RUNNING:
            self._migration.advance('postcopy')
        if progress.note != self._told[1]:
            self._migration.reason = progress.note or None
        self._told = (progress.post_copy, progress.note)
