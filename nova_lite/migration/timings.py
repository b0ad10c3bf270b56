# SPDX-License-Identifier: Apache-2.0
"""What is kept of a finished migration: how long each phase took, what was copied, who asked.

A receipt is put together from the migration's columns. ``at`` holds when it was accepted and when
each status was reached (and when the copy ended) as ISO times; the phases are worked out from it.
"""
import datetime
from typing import Any

from nova_lite.migration import migration_states as states

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


def mark(timings: dict[str, str] | None, status: str,
         now: datetime.datetime) -> dict[str, str]:
    """``timings`` with ``status`` reached now; the first time counts. What is none is begun anew.
    """
    return {status: now.isoformat(), **(timings if isinstance(timings, dict) else {})}


def of(timings: dict[str, str] | None, copied_at: datetime.datetime | None,
       progress: dict[str, Any] | None, steering: dict[str, Any] | None) -> dict[str, Any] | None:
    """The receipt of a migration with these columns; before its copy has ended there is less."""
    if timings is None or copied_at is None:
        return timings and {'at': timings}
    held = steering or {}
    return {'at': {**timings, COPIED: copied_at.isoformat()},
            'copy': {name: value for name, value in (progress or {}).items()
                     if name != 'percent'},
            'goals': held.get('goals'), 'decisions': held.get('decisions')}


def phases(receipt: dict[str, Any] | None) -> dict[str, int]:
    """Milliseconds of each phase that has ended; switch_over, as libvirt measured it, is a part
    of the copy."""
    at = {moment: datetime.datetime.fromisoformat(text)
          for moment, text in (receipt or {}).get('at', {}).items()}
    found = {name: round((at[end] - at[start]).total_seconds() * 1000)
             for name, (start, end) in PHASES.items() if start in at and end in at}
    pause = ((receipt or {}).get('copy') or {}).get('downtime_ms')
    return found | ({'switch_over': pause} if states.COMPLETED in at and pause is not None else {})
