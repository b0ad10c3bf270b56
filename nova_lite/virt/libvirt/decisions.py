# SPDX-License-Identifier: Apache-2.0
"""What to do with a running copy, and how it ended, from what was seen. Pure functions.

:func:`decide` is asked at each look at a running job, :func:`judge` once no job runs any more. A
guest that is off did not migrate for that reason alone: only libvirt's own word at the end of
migrateToURI3, or the destination's, makes a migration complete.
"""
from typing import Any, NamedTuple

from oslo_log import log as logging

from nova_lite.virt import driver as virt_driver
from nova_lite.virt.convergence import ABORT, SET_DOWNTIME, Decision
from nova_lite.virt.driver import Outcome, Progress
from nova_lite.virt.libvirt import abi, migration
from nova_lite.virt.libvirt.guest import Seen

LOG = logging.getLogger(__name__)

FORCE_COMPLETE = 'force_complete'   # post-copy where that is permitted, else a pause

# s: a forced copy that still has not ended after this (or the completion timeout again, whichever
# is longer) is aborted, or the guest would stay paused for ever
FORCED_AT_LEAST = 60


# (what libvirt or QEMU says at the source, what has happened as far as that can be known there)
_MEANINGS = (
    ('client socket is closed', "the connection to the destination's libvirt ended: it was "
                                'stopped, or the network is cut'),
    ('Unable to write to socket', 'QEMU at the destination ended, or the network is cut'),
    ('Channel error', 'QEMU at the destination ended, or the network is cut'),
    ('closed the monitor', 'QEMU at the destination ended'),
)


class Limits(NamedTuple):
    """The mutable options of [libvirt] that bound a copy, without their prefix."""
    completion_timeout: int = 800
    timeout_action: str = ABORT
    downtime: int = 500
    downtime_steps: int = 10
    downtime_delay: int = 75

    @classmethod
    def read(cls, group: Any) -> 'Limits':
        return cls(*(getattr(group, f'live_migration_{name}') for name in cls._fields))

    @classmethod
    def reread(cls, group: Any, before: 'Limits') -> 'Limits':
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
    data_gb: float = migration.SMALLEST_GB
    downtime: int | None = None
    forced_for: float | None = None
    post_copy: bool = False
    progress: Progress = Progress()


def decide(now: Situation, limits: Limits) -> list[Decision]:
    """What is due by Nova's options. Nothing in post-copy: it can neither be aborted nor
    hurried."""
    if now.post_copy:
        return []
    timeout = migration.completion_timeout(limits.completion_timeout, now.data_gb)
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
    steps = migration.downtime_steps(limits.downtime, limits.downtime_steps,
                                     limits.downtime_delay, now.data_gb)
    wanted = migration.downtime_at(now.elapsed, steps)
    if wanted is not None and wanted != now.downtime:
        return [Decision(SET_DOWNTIME, wanted, f'{now.elapsed:.0f} s have passed '
                                               '(live_migration_downtime_steps)')]
    return []


def judge(seen: Seen | None, error: str = '', cancelled: bool = False) -> Outcome:
    """How a copy ended that libvirt did not call complete.

    ``seen``: the guest at the source, None when it is gone; ``error``: libvirt's words;
    ``cancelled``: libvirt ended it because it was asked to.
    """
    if seen is None:
        return Outcome(virt_driver.LOST, _because('the guest has left the source', error))
    if seen.half and seen.reason != abi.Paused.MIGRATION:
        return Outcome(virt_driver.BROKEN, error or 'libvirt at the source watches it no longer')
    if seen.half:
        return Outcome(virt_driver.LOST, _because(
            f'the guest at the source is {seen.words} and may run at the destination', error))
    if not seen.active:
        if (seen.state, seen.reason) == (abi.State.SHUTOFF, abi.Shutoff.MIGRATED):
            return Outcome(virt_driver.LOST, _because('the guest has left the source', error))
        return Outcome(virt_driver.FAILED,
                       _because(f'the guest ended during the copy: it {seen.words}', error))
    if cancelled:
        return Outcome(virt_driver.CANCELLED, error or 'aborted')
    return Outcome(virt_driver.FAILED,
                   error or 'the guest runs at the source and no migration does')


def explain(error: str) -> str:
    """libvirt's words for a copy that failed while the guest runs on at the source, after what
    they mean where that is known."""
    for fragment, meaning in _MEANINGS:
        if fragment in error:
            return f'{meaning} ({error})'
    return error


def read_progress(job: dict[str, Any]) -> Progress:
    """libvirt's job statistics as Progress."""
    dirty_pages = job.get('memory_dirty_rate')
    speeds = [job[key] for key in ('memory_bps', 'disk_bps') if key in job]
    return Progress(
        memory_total=job.get('memory_total'), memory_processed=job.get('memory_processed'),
        memory_remaining=job.get('memory_remaining'),
        disk_total=job.get('disk_total'), disk_processed=job.get('disk_processed'),
        disk_remaining=job.get('disk_remaining'), iteration=job.get('memory_iteration'),
        dirty_rate=(None if dirty_pages is None
                    else dirty_pages * job.get('memory_page_size', 4096)),
        speed=sum(speeds) if speeds else None, downtime_ms=job.get('downtime'),
        throttle=job.get('auto_converge_throttle'), elapsed_ms=job.get('time_elapsed'))


def _because(what: str, error: str) -> str:
    return f'{what} ({error})' if error else what
