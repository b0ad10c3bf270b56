# SPDX-License-Identifier: Apache-2.0
"""What is kept of a finished migration: how long each phase took, what was copied, who asked.

A receipt is the JSON object in the migration's ``receipt`` column. ``at`` holds when it was
accepted and when each status was reached (and when the copy ended) as ISO times; the rest is
worked out from it.
"""
import datetime
from typing import Any

from oslo_utils import timeutils

from nova_lite.compute import migration_states as states

COPIED = 'copied'
# phase -> the two moments between which it lies
PHASES = {
    'checks': (states.ACCEPTED, states.QUEUED),
    'queue': (states.QUEUED, states.PREPARING),
    'preparing': (states.PREPARING, states.RUNNING),
    'copy': (states.RUNNING, COPIED),
    'post': (COPIED, states.COMPLETED),
}


PHASE_OF = {states.ACCEPTED: 'checks', states.QUEUED: 'queue', states.PREPARING: 'preparing',
            states.RUNNING: 'copy', states.POSTCOPY: 'post-copy'}


def phase(status: str, receipt: dict[str, Any] | None) -> str | None:
    """The phase that a migration is in; None when it is over."""
    if status in (states.RUNNING, states.POSTCOPY) and COPIED in (receipt or {}).get('at', {}):
        return 'post'
    return PHASE_OF.get(status)


def mark(receipt: dict[str, Any] | None, moment: str) -> dict[str, Any]:
    """``receipt`` with ``moment`` (a status, or COPIED) reached now; the first time counts."""
    receipt = receipt or {}
    now = timeutils.utcnow(with_timezone=True).isoformat()
    return {**receipt, 'at': {moment: now, **receipt.get('at', {})}}


def phases(receipt: dict[str, Any] | None) -> dict[str, int]:
    """Milliseconds of each phase that has ended; switch_over, as libvirt measured it, is a part
    of the copy."""
    at = {moment: datetime.datetime.fromisoformat(text)
          for moment, text in (receipt or {}).get('at', {}).items()}
    found = {name: round((at[end] - at[start]).total_seconds() * 1000)
             for name, (start, end) in PHASES.items() if start in at and end in at}
    pause = ((receipt or {}).get('copy') or {}).get('downtime_ms')
    return found | ({'switch_over': pause} if states.COMPLETED in at and pause is not None else {})
