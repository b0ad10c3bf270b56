# SPDX-License-Identifier: Apache-2.0
"""What a hypervisor tells of a guest, of a copy under way, and of how that ended."""
from typing import NamedTuple

COMPLETED = 'completed'
FAILED = 'failed'
CANCELLED = 'cancelled'
LOST = 'lost'
BROKEN = 'broken'


class GuestInfo(NamedTuple):
    """A guest as the hypervisor sees it. ``state`` is a power_state; ``incoming`` is true while
    it is the unfinished half of a migration to this host; ``leaving`` while a migration away from
    here is under way or has stopped it, so that it may run elsewhere, and ``departing`` as long as
    that is under way; ``migrated`` when it is off since it went to another host, and ``forgotten``
    when it is off and the hypervisor, restarted since, does not know why; ``persistent`` tells
    whether the definition outlives the guest; ``saved`` that it is off and its memory is on
    disk."""
    state: int
    incoming: bool = False
    persistent: bool = True
    reason: str = ''
    leaving: bool = False
    departing: bool = False
    migrated: bool = False
    forgotten: bool = False
    saved: bool = False


class Progress(NamedTuple):
    """One reading of a running migration. Bytes; rates in bytes/s; times in ms; None: unknown.

    ``post_copy``: the guest runs at the destination while its memory still arrives; once true, it
    stays so. ``note``: what keeps the copy from going on, '' when nothing does. ``eta_s``: seconds
    that it may still take, from and to.
    """
    memory_total: int | None = None
    memory_processed: int | None = None
    memory_remaining: int | None = None
    disk_total: int | None = None
    disk_processed: int | None = None
    disk_remaining: int | None = None
    iteration: int | None = None
    dirty_rate: int | None = None
    speed: int | None = None
    downtime_ms: int | None = None
    throttle: int | None = None
    elapsed_ms: int | None = None
    post_copy: bool = False
    note: str = ''
    eta_s: tuple[float | None, float | None] | None = None


class Outcome(NamedTuple):
    """How the copy ended, as far as the source can tell: COMPLETED, FAILED, CANCELLED, LOST or
    BROKEN.

    COMPLETED still has to be confirmed by the destination. LOST: the source no longer runs the
    guest and cannot say why; neither side may be touched on its word. BROKEN: the connection of a
    post-copy ended, so the guest's memory is on both hosts. It may go on by itself, or by
    resume_live_migration(), and only the destination can tell when the guest is whole.
    ``paused``: what others did to the guest during the copy, for LiveMigrateData.paused; None:
    nothing.
    """
    status: str
    reason: str = ''
    progress: Progress = Progress()
    paused: bool | None = None
