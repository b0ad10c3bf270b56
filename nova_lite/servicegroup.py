# SPDX-License-Identifier: Apache-2.0
"""Who is silent: the rule by which a heartbeat that did not come counts against its sender.

Blindness is not death. A heartbeat goes by way of the broker, a conductor and the database; when
one of these was away, nobody's arrived, and that says nothing about anybody. The conductors'
heartbeats go the same way, so a gap in all of theirs is such an outage, and everybody reads it in
the database, with no memory of his own. From its end on, all who were heard of when it began have
their whole period again. All moments here are of the database's clock.
"""
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Hearing(NamedTuple):
    """Heartbeats have been arriving since ``since``; the last one before that came at ``before``,
    None when no outage is known. ``deaf``: none arrives any more, so ``since`` is the present."""
    now: datetime.datetime
    since: datetime.datetime
    before: datetime.datetime | None
    deaf: bool

    def as_of(self, period: float) -> datetime.datetime:
        """The moment as of which a silence of ``period`` seconds is judged: now, but the
        beginning of the last outage until that long after its end."""
        fresh = self.since > self.now - datetime.timedelta(seconds=period)
        return self.before if fresh and self.before is not None else self.now

    def steady(self, seconds: float) -> bool:
        """Could everybody be heard for the last so many seconds?"""
        return not self.deaf and self.as_of(seconds) == self.now

    def cutoff(self, period: float) -> datetime.datetime:
        """Who was last heard of before this moment has been silent for ``period`` seconds."""
        return self.as_of(period) - datetime.timedelta(seconds=period)


def hearing(now: datetime.datetime, conductors: Sequence[Mapping[str, Any]],
            down_time: float) -> Hearing:
    """From the conductors' rows (last_seen_up, seen_since, seen_before)."""
    fresh = [row for row in conductors if row['seen_since'] is not None
             and row['last_seen_up'] >= now - datetime.timedelta(seconds=gap(down_time))]
    if fresh:
        first = min(fresh, key=lambda row: row['seen_since'])
        return Hearing(now, first['seen_since'], first['seen_before'], False)
    last = [row['last_seen_up'] for row in conductors if row['last_seen_up'] is not None]
    return Hearing(now, now, max(last, default=None), bool(last))


def gap(down_time: float) -> float:
    """Seconds without a conductor's heartbeat that are an outage. Half of what makes a service
    down, so that an outage too short to be noticed leaves the other half to report again."""
    return down_time / 2
