# SPDX-License-Identifier: Apache-2.0
"""A copy that is governed by goals: what is due now, and how long it may still take. Pure.

A running guest is copied in passes: what it writes during one is sent in the next. What remains
within a pass is a saw-tooth that says little, so the judgement is made when a pass begins. Then
``remaining`` is what the guest would have to stand still for, and the rate at which it writes,
against the speed of the link, tells whether the next pass will be a shorter one.
"""
from typing import Any, NamedTuple

ABORT, FORCE, POSTCOPY = 'abort', 'force', 'postcopy'
IF_NOT = (ABORT, FORCE, POSTCOPY)

# what can be decided; ABORT is one of them too
NOTHING = 'nothing'
SET_DOWNTIME = 'set_downtime'       # value: ms that the guest may stand still
SET_BANDWIDTH = 'set_bandwidth'     # value: MiB/s
AUTO_CONVERGE = 'auto_converge'     # leave the throttle to the hypervisor, from the start
KEEP_READY = 'post_copy_ready'      # let the copy be able to switch later
SWITCH = 'post_copy'
PAUSE = 'pause'                     # the guest writes no more, so the copy ends

# what others did to the guest meanwhile
GUEST_PAUSED, GUEST_RESUMED = 'guest_paused', 'guest_resumed'

WORTH_A_PASS = 0.8      # dirty rate to speed, above which another pass wins too little
BETTER = 0.9            # a pass that needs less than this part of the best pause is progress
MARGIN = 1.25           # a pause that is allowed exactly would be missed by a hair
HANDOVER = 1.0          # s for the switch-over, and until somebody looks again
FIRST_SHARE = 4         # a copy begins with this fraction of the allowed pause
HOPELESS = 3            # passes without progress after which post-copy is not put off any longer
ROUNDS = 64             # passes that a forecast looks ahead


class Goals(NamedTuple):
    """What a request wants of its migration. ``deadline_s`` counts from the beginning of the
    copy; None: what the options of the host say. ``if_not``: what happens when the deadline
    cannot be kept otherwise."""
    max_downtime_ms: int | None = None
    deadline_s: int | None = None
    if_not: str = ABORT

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> 'Goals | None':
        return None if stored is None else cls(**stored)


class Facts(NamedTuple):
    """A look at a running copy. Seconds, bytes, bytes/s; ``downtime`` is the pause in ms that was
    allowed last; None: not known."""
    elapsed: float
    remaining: int | None = None
    bandwidth: int | None = None
    dirty_rate: int | None = None
    iteration: int | None = None
    downtime: int | None = None
    throttle: int | None = None

    @property
    def rest(self) -> float | None:
        """Seconds in which what remains could be sent if the guest stood still."""
        if self.remaining is None or not self.bandwidth:
            return None
        return self.remaining / self.bandwidth


class Trend(NamedTuple):
    """What the passes have shown: the newest one, the shortest pause (ms) that one needed, how
    many have passed since that became clearly better, when the newest began (s) and the pause
    that it needed then."""
    iteration: int = 0
    best: float | None = None
    stalled: int = 0
    began: float = 0.0
    need: float | None = None


class Decision(NamedTuple):
    kind: str
    value: int = 0
    reason: str = ''


def observe(trend: Trend, now: Facts) -> Trend:
    """``trend`` after this look; another one only when a new pass has begun. The first pass is
    all of the memory, and shows nothing."""
    if now.iteration is None or now.iteration <= trend.iteration:
        return trend
    if now.iteration < 2 or now.rest is None:
        return trend._replace(iteration=now.iteration, began=now.elapsed)
    need = now.rest * 1000
    if trend.best is None or need < trend.best * BETTER:
        return Trend(now.iteration, need, 0, now.elapsed, need)
    return Trend(now.iteration, min(need, trend.best), trend.stalled + 1, now.elapsed, need)


def decide(now: Facts, trend: Trend, goals: Goals, fresh: bool) -> Decision:
    """What is due. ``trend`` includes this look, ``fresh`` tells that it begins a pass. The goals
    are complete but for a deadline, which may be None: there is none."""
    allowed = goals.max_downtime_ms or 0
    if now.downtime is None:
        first = max(1, allowed // FIRST_SHARE)
        return Decision(SET_DOWNTIME, first, f'the copy begins with a quarter of the {allowed} ms '
                                             'that are allowed')
    if now.downtime > allowed:
        return Decision(SET_DOWNTIME, allowed, f'no more than {allowed} ms are allowed any longer')
    due = _for_the_deadline(now, trend, goals)
    if due is None and fresh and trend.iteration > 1 and now.rest is not None:
        due = _for_the_pass(now, trend, goals)
    return due or Decision(NOTHING, reason='the copy goes on')


def _for_the_deadline(now: Facts, trend: Trend, goals: Goals) -> Decision | None:
    """A guest that is stopped, or moved before its memory, still needs the time for the rest."""
    if goals.deadline_s is None:
        return None
    left, rest = goals.deadline_s - now.elapsed, _rest_of_all(now, trend)
    if left > (0.0 if goals.if_not == ABORT else rest):
        return None
    if goals.if_not == ABORT:
        return Decision(ABORT, reason=f'the copy did not end within {goals.deadline_s} s')
    words = (f'{max(0.0, left):.1f} s are left of {goals.deadline_s} s, and what remains takes '
             f'{rest:.1f} s')
    return Decision(SWITCH if goals.if_not == POSTCOPY else PAUSE, reason=words)


def _rest_of_all(now: Facts, trend: Trend) -> float:
    """Seconds until the end if the guest wrote no more: what remains of this pass, and what was
    written since it began, which is no more than a whole pass. In the first pass nobody knows; a
    guess would stop the guest at once."""
    if now.rest is None or not now.bandwidth or trend.need is None:
        return 0.0
    written = (now.dirty_rate or 0) * (now.elapsed - trend.began) / now.bandwidth
    return min(now.rest + written, max(now.rest, trend.need / 1000)) + HANDOVER


def _for_the_pass(now: Facts, trend: Trend, goals: Goals) -> Decision | None:
    need, allowed, downtime = (now.rest or 0) * 1000, goals.max_downtime_ms or 0, now.downtime or 0
    if need <= downtime:
        return None     # it ends with this pass, by itself
    if _worth_a_pass(now, trend, goals):
        return None
    why = (f'pass {now.iteration} needs a pause of {need:.0f} ms, and the next would need no less '
           f'({_per_second(now.dirty_rate)} written, {_per_second(now.bandwidth)} sent)')
    wanted = min(allowed, int(need * MARGIN) + 1)
    if wanted > downtime:
        return Decision(SET_DOWNTIME, wanted, why)
    if goals.if_not == POSTCOPY and trend.stalled >= HOPELESS:
        return Decision(SWITCH, reason=f'{why}; {trend.stalled} passes have won nothing')
    return None


def _worth_a_pass(now: Facts, trend: Trend, goals: Goals) -> bool:
    """Will the next pass need a clearly shorter pause, and is there time for it?"""
    if trend.stalled > 1:
        return False
    if now.dirty_rate is not None and now.dirty_rate > WORTH_A_PASS * (now.bandwidth or 0):
        return False
    return goals.deadline_s is None or goals.deadline_s - now.elapsed > 3 * (now.rest or 0)


def _per_second(rate: int | None) -> str:
    return 'an unknown rate is' if rate is None else f'{rate / 1024 ** 2:.1f} MiB/s are'


def opening(goals: Goals) -> Decision:
    """What a copy is prepared for from its start, since it cannot be changed later: post-copy,
    or that the hypervisor slows the guest."""
    if goals.if_not == POSTCOPY:
        return Decision(KEEP_READY, reason='if_not is postcopy')
    return Decision(AUTO_CONVERGE, reason='the guest may be slowed, so that the goals are met: '
                                          f'if_not is {goals.if_not}')


def forecast(now: Facts, deadline_s: int | None) -> tuple[float | None, float | None]:
    """Seconds until the end: (if the guest wrote nothing more, as it writes now). The second is
    what is left of the deadline, or None, when it writes faster than is sent."""
    if now.rest is None or not now.bandwidth:
        return None, None
    left = None if deadline_s is None else max(0.0, deadline_s - now.elapsed)
    ratio = (now.dirty_rate or 0) / now.bandwidth
    limit, total, part = (now.downtime or 0) / 1000, 0.0, now.rest
    for _ in range(ROUNDS):
        total += part
        if part <= limit or part * now.bandwidth < 1:
            break
        part *= ratio
    else:
        return now.rest, left
    return now.rest, total if left is None else min(total, max(left, now.rest))
