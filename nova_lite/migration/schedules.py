# SPDX-License-Identifier: Apache-2.0
"""What is due at a running copy by Nova's options: its time limit and its downtime steps.

The options are read at each look, since they can be changed meanwhile.
"""
from typing import NamedTuple

from oslo_log import log as logging

from nova_lite.migration.convergence import ABORT, SET_DOWNTIME, Decision
from nova_lite.migration.observations import Progress

LOG = logging.getLogger(__name__)

GIB = 1024 ** 3
SMALLEST_GB = 2     # a guest's memory and each of its disks count for no less
FORCE_COMPLETE = 'force_complete'   # post-copy where that is permitted, else a pause

# s: a forced copy that still has not ended after this (or the completion timeout again, whichever
# is longer) is aborted, or the guest would stay paused for ever
FORCED_AT_LEAST = 60


class Limits(NamedTuple):
    """The mutable options of [libvirt] that bound a copy, without their prefix."""
    completion_timeout: int = 800
    timeout_action: str = ABORT
    downtime: int = 500
    downtime_steps: int = 10
    downtime_delay: int = 75

    @classmethod
    def read(cls, group: object) -> 'Limits':
        return cls(*(getattr(group, f'live_migration_{name}') for name in cls._fields))

    @classmethod
    def reread(cls, group: object, before: 'Limits') -> 'Limits':
        """The options as they are now; ``before`` stays in force when they cannot be read."""
        try:
            return cls.read(group)
        except Exception as error:
            LOG.warning('Cannot read the options that bound a copy, going on with those of '
                        'before: %s', error)
            return before


class Situation(NamedTuple):
    """A copy that runs. Times in seconds, ``downtime`` in ms as last set."""
    elapsed: float
    data_gb: float = SMALLEST_GB
    downtime: int | None = None
    forced_for: float | None = None
    post_copy: bool = False
    progress: Progress = Progress()


def decide(now: Situation, limits: Limits) -> list[Decision]:
    """What is due by Nova's options. Nothing in post-copy: it can neither be aborted nor
    hurried."""
    if now.post_copy:
        return []
    timeout = completion_timeout(limits.completion_timeout, now.data_gb)
    if now.forced_for is not None:
        bound = max(timeout, FORCED_AT_LEAST)
        if timeout and now.forced_for > bound:
            return [Decision(ABORT, reason=f'the copy did not end within {bound} s after it was '
                                           'forced to complete')]
        return []
    if timeout and now.elapsed > timeout:
        return [Decision(limits.timeout_action,
                         reason=f'the copy did not end within {timeout} s '
                                f'(live_migration_completion_timeout)')]
    steps = downtime_steps(limits.downtime, limits.downtime_steps,
                           limits.downtime_delay, now.data_gb)
    wanted = downtime_at(now.elapsed, steps)
    if wanted is not None and wanted != now.downtime:
        return [Decision(SET_DOWNTIME, wanted, f'{now.elapsed:.0f} s have passed '
                                               '(live_migration_downtime_steps)')]
    return []


def data_gb(memory_mb: int, disk_bytes: list[int]) -> float:
    """GiB that the schedules count with: the memory and the disks to copy, each at least 2."""
    sizes = [memory_mb / 1024] + [size / GIB for size in disk_bytes]
    return sum(max(SMALLEST_GB, size) for size in sizes)


def completion_timeout(seconds_per_gb: int, size_gb: float) -> int:
    """Seconds that the copy may take; 0: no limit."""
    return int(seconds_per_gb * size_gb)


def downtime_steps(downtime: int, steps: int, delay: int,
                   size_gb: float) -> list[tuple[int, int]]:
    """(seconds from the start, allowed downtime in ms) of each step up to ``downtime``.

    Linear, as Nova's: from downtime/steps in ``steps`` equal steps, one each ``delay`` seconds per
    GiB.
    """
    base = downtime / steps
    offset = (downtime - base) / steps
    wait = int(delay * size_gb)
    return [(wait * i, int(base + offset * i)) for i in range(steps + 1)]


def downtime_at(elapsed: float, steps: list[tuple[int, int]]) -> int | None:
    """The allowed downtime in ms after ``elapsed`` seconds; None before the first step."""
    reached = [downtime for start, downtime in steps if start < elapsed]
    return reached[-1] if reached else None
