# SPDX-License-Identifier: Apache-2.0
"""What governs one migration's copy, and all that was decided for it.

The compute makes a Steering of what the migration's record holds and gives it to the driver,
which asks it at each look and tells it what it did. So a process that takes the copy up goes on
with the same goals, and knows what the one before it had decided.
"""
from typing import Any

from oslo_log import log as logging
from oslo_utils import timeutils

from nova_lite.migration import convergence, schedules
from nova_lite.migration.convergence import Decision, Facts, Goals, Trend
from nova_lite.migration.observations import Progress
from nova_lite.migration.schedules import Limits, Situation

LOG = logging.getLogger(__name__)

KEPT = 100      # decisions; the oldest are forgotten


class Steering:
    """``stored``: what :meth:`stored` gave, or {'goals': ...} of a new migration. ``paused``: the
    server is paused, as far as its record knows."""

    def __init__(self, stored: dict[str, Any] | None = None, paused: bool = False) -> None:
        self._recorded_as_paused = paused
        stored = stored or {}
        self.goals = Goals.of(stored.get('goals'))
        self._trend = Trend(*stored.get('trend') or ())
        self.decisions: list[dict[str, Any]] = list(stored.get('decisions') or ())

    def stored(self) -> dict[str, Any]:
        """For the record: JSON."""
        return {'goals': self.goals and self.goals._asdict(), 'trend': list(self._trend),
                'decisions': list(self.decisions)}

    # -- deciding --------------------------------------------------------------------------------
    def due(self, now: Situation, limits: Limits) -> list[Decision]:
        """What is due at this look. Without goals Nova's options decide, and also how long a
        forced copy may go on."""
        if self.goals is None or now.post_copy or now.forced_for is not None:
            return schedules.decide(now, limits)
        facts = self.facts(now)
        LOG.debug('Judging %s', facts)
        trend = convergence.observe(self._trend, facts)
        fresh, self._trend = trend != self._trend, trend
        due = convergence.decide(facts, trend, self._complete(now, limits), fresh)
        return [] if due.kind == convergence.NOTHING else [due]

    def eta(self, now: Situation,
            limits: Limits) -> tuple[float | None, float | None]:
        """Seconds until the end, from and to; see convergence.forecast()."""
        goals = self._complete(now, limits)
        return convergence.forecast(self.facts(now), goals.deadline_s)

    @staticmethod
    def facts(now: Situation) -> Facts:
        seen: Progress = now.progress
        left = [part for part in (seen.memory_remaining, seen.disk_remaining) if part is not None]
        return Facts(elapsed=now.elapsed, remaining=sum(left) if left else None,
                     bandwidth=seen.speed, dirty_rate=seen.dirty_rate, iteration=seen.iteration,
                     downtime=now.downtime, throttle=seen.throttle)

    def _complete(self, now: Situation, limits: Limits) -> Goals:
        goals = self.goals or Goals()
        timeout = schedules.completion_timeout(limits.completion_timeout, now.data_gb)
        return goals._replace(max_downtime_ms=goals.max_downtime_ms or limits.downtime,
                              deadline_s=goals.deadline_s or timeout or None)

    def permissions(self) -> dict[str, bool]:
        """What goals say of the copy before it starts, by option of [libvirt] without its prefix;
        without goals the options themselves decide."""
        if self.goals is None:
            return {}
        opening = convergence.opening(self.goals)
        self.record(opening)
        return {'permit_post_copy': self.goals.if_not == convergence.POSTCOPY,
                'permit_auto_converge': opening.kind == convergence.AUTO_CONVERGE}

    # -- what was decided ------------------------------------------------------------------------
    def record(self, decision: Decision) -> None:
        """Keep a decision that is being carried out."""
        now = timeutils.utcnow(with_timezone=True).isoformat()
        self.decisions = [*self.decisions, {'at': now, **decision._asdict()}][-KEPT:]

    def last(self, *kinds: str) -> dict[str, Any] | None:
        """The newest decision of these kinds."""
        return next((each for each in reversed(self.decisions) if each['kind'] in kinds), None)

    def saw(self, paused: bool) -> None:
        """The guest was seen paused, and not by this migration, or running."""
        if paused != self.stands:
            kind = convergence.GUEST_PAUSED if paused else convergence.GUEST_RESUMED
            LOG.info('The guest was %s during its copy, and will be so at the destination',
                     'paused' if paused else 'let go on')
            self.record(Decision(kind, reason='by others, during the copy'))

    @property
    def paused(self) -> bool | None:
        """How others want the guest to be when it arrives; None: as it was when it left."""
        last = self.last(convergence.GUEST_PAUSED, convergence.GUEST_RESUMED)
        return None if last is None else last['kind'] == convergence.GUEST_PAUSED

    @property
    def stands(self) -> bool:
        """Is the guest paused by the will of others?"""
        return self._recorded_as_paused if self.paused is None else self.paused

    def age(self, decision: dict[str, Any]) -> float:
        """Seconds since a decision."""
        made = timeutils.parse_isotime(decision['at'])
        return max(0.0, timeutils.delta_seconds(made, timeutils.utcnow(with_timezone=True)))

    def retune(self, changes: dict[str, int], who: str) -> None:
        """Change the goals: ``max_downtime_ms``, ``deadline_s``. A migration that had none is
        governed by goals from now on. ``bandwidth`` (MiB/s), which the driver has set, is written
        down."""
        if 'bandwidth' in changes:
            self.record(Decision(convergence.SET_BANDWIDTH, changes['bandwidth'],
                                 f'asked for by {who}'))
        wanted: dict[str, Any] = {name: changes[name] for name in (
            'max_downtime_ms', 'deadline_s') if name in changes}
        if wanted:
            self.goals = (self.goals or Goals())._replace(**wanted)
        for name, value in wanted.items():
            self.record(Decision('set_goal', value, f'{name} as asked for by {who}'))
