# SPDX-License-Identifier: Apache-2.0
"""From readings of a migration to what is worth showing. Pure: no requests, no clock, no screen.

A status may pass between two readings; it is shown all the same, as the way of a migration is
known. The percentage never goes back, though a busy guest makes more memory dirty.
"""
from typing import Any, NamedTuple

PATH = ('accepted', 'queued', 'preparing', 'running', 'completed')
POSTCOPY = 'running (post-copy)'
# fields of nova-lite's own
REASON = 'nova-lite:reason'
FAILED_CHECK = 'nova-lite:failed_check'
PERCENT = 'nova-lite:progress'


class Reading(NamedTuple):
    """Bytes of memory and disks together; None where the API does not tell."""
    status: str
    total: int | None = None
    processed: int | None = None
    remaining: int | None = None
    percent: int | None = None


class Step(NamedTuple):
    """What to show after a reading. ``statuses``: those reached since the one before, each with
    whether it was seen or only passed. ``remaining`` in bytes, ``speed`` in bytes/s."""
    statuses: list[tuple[str, bool]]
    percent: int
    remaining: int | None
    speed: float | None
    changed: bool


def reading_of(move: dict[str, Any]) -> Reading:
    """From a migration as /servers/{id}/migrations or /os-migrations shows it; only the former
    has byte counters."""
    total, processed, remaining = (_sum(move, f'{name}_bytes')
                                   for name in ('total', 'processed', 'remaining'))
    percent = move.get(PERCENT)
    if total and remaining is not None:
        percent = 100 - round(100 * remaining / total)
    return Reading(move['status'], total, processed, remaining, percent)


def _sum(move: dict[str, Any], name: str) -> int | None:
    known = [move[key] for key in (f'memory_{name}', f'disk_{name}')
             if move.get(key) is not None]
    return sum(known) if known else None


class Tracker:
    """What was shown so far. ``from_start``: whether the first reading is of a migration that
    has only begun; of another one, what was before is not told."""

    def __init__(self, from_start: bool = True) -> None:
        self._from_start = from_start
        self._status: str | None = None
        self._percent = 0
        self._remaining: int | None = None
        self._last: tuple[float, int] | None = None
        self._speed: float | None = None

    def update(self, reading: Reading, now: float) -> Step:
        """``now`` in seconds of any clock."""
        statuses = self._reached(reading.status)
        before = self._percent
        self._percent = max(self._percent, self._honest(reading))
        self._measure(reading, now)
        self._remaining = self._left(reading)
        return Step(statuses, self._percent, self._remaining, self._speed,
                    bool(statuses) or self._percent != before)

    def _reached(self, status: str) -> list[tuple[str, bool]]:
        if status == self._status:
            return []
        before, self._status = self._status, status
        if before is None and not self._from_start:
            return [(status, True)]
        passed: tuple[str, ...] = ()
        if status in PATH:
            start = PATH.index(_on_path(before)) + 1 if before else 0
            passed = PATH[start:PATH.index(status)]
        elif status == POSTCOPY and before != 'running':
            start = PATH.index(before) + 1 if before else 0
            passed = PATH[start:PATH.index('completed')]
        return [*((name, False) for name in passed), (status, True)]

    @staticmethod
    def _honest(reading: Reading) -> int:
        """100 only when it is over: the last page is not the end of the migration."""
        if reading.status == 'completed':
            return 100
        return min(max(reading.percent or 0, 0), 99)

    def _left(self, reading: Reading) -> int | None:
        """A record of os-migrations has no counters: what was known before stays."""
        if reading.status == 'completed':
            return None if self._remaining is None else 0
        return self._remaining if reading.remaining is None else reading.remaining

    def _measure(self, reading: Reading, now: float) -> None:
        """What came over since the counter last changed; it is refreshed now and then only."""
        if self._last is None and reading.status == 'running' and not reading.processed:
            self._last = now, 0    # the copy begins about now
        if reading.processed is None:
            return
        if self._last is None or reading.processed < self._last[1]:
            self._last = now, reading.processed
        elif reading.processed > self._last[1] and now > self._last[0]:
            self._speed = (reading.processed - self._last[1]) / (now - self._last[0])
            self._last = now, reading.processed


def _on_path(status: str) -> str:
    return 'running' if status == POSTCOPY else status
