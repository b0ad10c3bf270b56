# SPDX-License-Identifier: Apache-2.0
"""How a copy ended and how far it is, from what libvirt says of it. Pure functions.

:func:`judge` is asked once no job runs any more. A guest that is off did not migrate for that
reason alone: only libvirt's own word at the end of migrateToURI3, or the destination's, makes a
migration complete.
"""
from typing import Any

from nova_lite.migration.observations import BROKEN, CANCELLED, FAILED, LOST, Outcome, Progress
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.guest import Seen

# (what libvirt or QEMU says at the source, what has happened as far as that can be known there)
_MEANINGS = (
    ('client socket is closed', "the connection to the destination's libvirt ended: it was "
                                'stopped, or the network is cut'),
    ('Unable to write to socket', 'QEMU at the destination ended, or the network is cut'),
    ('Channel error', 'QEMU at the destination ended, or the network is cut'),
    ('closed the monitor', 'QEMU at the destination ended'),
)
ON_THE_WAY = (abi.STARTED_MIGRATED, abi.SUSPENDED_MIGRATED, abi.SUSPENDED_POSTCOPY,
              abi.RESUMED_MIGRATED, abi.RESUMED_POSTCOPY)


def judge(seen: Seen | None, error: str = '', cancelled: bool = False) -> Outcome:
    """How a copy ended that libvirt did not call complete.

    ``seen``: the guest at the source, None when it is gone; ``error``: libvirt's words;
    ``cancelled``: libvirt ended it because it was asked to.
    """
    if seen is None:
        return Outcome(LOST, _because('the guest has left the source', error))
    if seen.half and seen.reason != abi.Paused.MIGRATION:
        return Outcome(BROKEN, error or 'libvirt at the source watches it no longer')
    if seen.half:
        return Outcome(LOST, _because(
            f'the guest at the source is {seen.words} and may run at the destination', error))
    if not seen.active:
        if (seen.state, seen.reason) == (abi.State.SHUTOFF, abi.Shutoff.MIGRATED):
            return Outcome(LOST, _because('the guest has left the source', error))
        return Outcome(FAILED,
                       _because(f'the guest ended during the copy: it {seen.words}', error))
    if cancelled:
        return Outcome(CANCELLED, error or 'aborted')
    return Outcome(FAILED,
                   error or 'the guest runs at the source and no migration does')


def explain(error: str) -> str:
    """libvirt's words for a copy that failed while the guest runs on at the source, after what
    they mean where that is known."""
    for fragment, meaning in _MEANINGS:
        if fragment in error:
            return f'{meaning} ({error})'
    return error


def is_change(event: int, detail: int) -> bool:
    """Does a lifecycle event tell that a guest is something else now? What a copy does to it on
    its way is told by the end of that."""
    return (event not in (abi.Lifecycle.DEFINED, abi.Lifecycle.UNDEFINED)
            and (event, detail) not in ON_THE_WAY)


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
