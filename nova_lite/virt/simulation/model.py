# SPDX-License-Identifier: Apache-2.0
"""How a copy of a guest goes on, as a pure function of what it is and of the clock.

The disks go first, then the memory in passes: while one pass is sent, the guest writes, and what
it wrote is the next pass. When a pass is so small that sending it takes no longer than the allowed
pause, the guest stops (switch-over), the rest is sent, and it arrives. ``advance`` gives the same
answer whether it is called once or a thousand times on the way; nothing here has a side effect.
"""
import math
from dataclasses import dataclass, replace

MIB = 1024 * 1024
PAGE = 4096

SETUP = 'setup'
DISK = 'disk'
MEMORY = 'memory'
SWITCHOVER = 'switch-over'    # the guest stands still, the rest is sent
POSTCOPY = 'post-copy'        # the guest runs at the destination, the rest follows
ARRIVED = 'arrived'

SETUP_TIME = 0.1              # seconds; libvirt's handshake
THROTTLE_START = 20           # per cent of the guest's time taken away by auto-converge
THROTTLE_STEP = 10
THROTTLE_MAX = 99


@dataclass(frozen=True)
class Copy:
    """One copy: its terms, and how far it is at ``clock``. Bytes, bytes/s, simulated seconds.

    ``trace`` is the guest's writing: (from when, rate), in order of time, the first one in force
    from the start. No pass is larger than ``working_set``, the memory that the guest writes to.
    ``frozen`` stops the copy but not the guest: the link is cut, or a test holds it.
    """
    memory: float
    bandwidth: float
    downtime: float
    started: float
    clock: float
    disk: float = 0.0
    trace: tuple[tuple[float, float], ...] = ()
    working_set: float = math.inf
    auto_converge: bool = False
    phase: str = SETUP
    iteration: int = 0
    remaining: float = 0.0       # of the disks, or of this pass
    dirtied: float = 0.0         # written since the pass began
    sent_disk: float = 0.0
    sent_memory: float = 0.0
    pass_size: float = 0.0
    throttle: int = 0
    slow_passes: int = 0
    paused: bool = False         # the guest does not run, so it writes nothing
    frozen: bool = False
    stopped_at: float | None = None
    arrived_at: float | None = None

    @property
    def flow(self) -> float:
        """Bytes a second that go over the link."""
        return 0.0 if self.frozen or self.phase in (SETUP, ARRIVED) else self.bandwidth

    @property
    def dirty_rate(self) -> float:
        """Bytes a second that the guest writes to memory that must be sent again."""
        if self.paused or self.phase != MEMORY:
            return 0.0
        rate = next((rate for since, rate in reversed(self.trace) if since <= self.clock), None)
        if rate is None:
            rate = self.trace[0][1] if self.trace else 0.0
        return rate * (100 - self.throttle) / 100

    @property
    def sent(self) -> float:
        return self.sent_disk + self.sent_memory

    @property
    def target(self) -> float:
        """What may remain when a pass ends. The first one is sent whole: only then is the speed
        known that a pause is reckoned by."""
        if self.phase == MEMORY and self.iteration > 1:
            return self.bandwidth * self.downtime
        return 0.0


def mark_at(copy: Copy, percent: float) -> float:
    """Bytes sent when ``percent`` of disks and memory have been sent for the first time."""
    return (copy.disk + copy.memory) * percent / 100


def due(copy: Copy, mark: float = math.inf) -> float:
    """The moment at which this phase or pass ends, or ``mark`` bytes have been sent, if nothing
    changes until then; infinite when the copy stands."""
    return min(_turns(copy), _reaches(copy, mark))


def _turns(copy: Copy) -> float:
    if copy.phase == ARRIVED:
        return math.inf
    if copy.phase == SETUP:
        return math.inf if copy.frozen else copy.started + SETUP_TIME
    left = max(0.0, copy.remaining - copy.target)
    if not copy.flow:
        return math.inf
    return copy.clock + left / copy.flow


def advance(copy: Copy, until: float, mark: float = math.inf) -> Copy:
    """The copy at ``until``, or at the moment before it when others must act: the guest stops
    (``phase`` becomes SWITCHOVER), it arrives (ARRIVED), or ``mark`` bytes have been sent."""
    while copy.clock < until:
        turn, change, hit = _turns(copy), _next_change(copy), _reaches(copy, mark)
        moment = min(until, turn, change, hit)
        copy = _flow(copy, moment)
        if moment == hit:
            return _exactly(copy, mark)
        if moment == turn:
            phase = copy.phase
            copy = _turn(copy)
            if copy.phase != phase and copy.phase in (SWITCHOVER, ARRIVED):
                return copy
    return copy


def met(copy: Copy, mark: float) -> bool:
    """Whether ``mark`` bytes have been sent, but for rounding."""
    return copy.sent >= mark - 1


def switch_to_postcopy(copy: Copy) -> Copy:
    """The guest moves over at once; what it has not got yet follows it."""
    left = min(copy.memory, copy.remaining + min(copy.dirtied, copy.working_set))
    return replace(copy, phase=POSTCOPY, remaining=left, dirtied=0.0, stopped_at=copy.clock)


def memory_left(copy: Copy) -> float:
    in_memory = copy.phase in (MEMORY, SWITCHOVER, POSTCOPY)
    return copy.remaining if in_memory else 0.0 if copy.phase == ARRIVED else copy.memory


def disk_left(copy: Copy) -> float:
    return {SETUP: copy.disk, DISK: copy.remaining}.get(copy.phase, 0.0)


def downtime_ms(copy: Copy) -> int:
    """How long the guest stood still or, before that, would stand still now."""
    if copy.stopped_at is None:
        return int(copy.remaining / copy.bandwidth * 1000)
    return int(((copy.arrived_at or copy.clock) - copy.stopped_at) * 1000)


def _next_change(copy: Copy) -> float:
    """When the guest begins to write at another rate."""
    return next((since for since, _ in copy.trace if since > copy.clock), math.inf)


def _reaches(copy: Copy, mark: float) -> float:
    if met(copy, mark) or not copy.flow:
        return math.inf
    return copy.clock + (mark - copy.sent) / copy.flow


def _exactly(copy: Copy, mark: float) -> Copy:
    """The bytes of the kind that is being sent when ``mark`` is met: a mark that rounding lets one
    miss by a hair would never be met."""
    if copy.phase == DISK:
        return replace(copy, sent_disk=mark - copy.sent_memory)
    return replace(copy, sent_memory=mark - copy.sent_disk)


def _flow(copy: Copy, moment: float) -> Copy:
    """Send and write at today's rates up to ``moment``."""
    seconds = moment - copy.clock
    sent = min(copy.remaining, copy.flow * seconds)
    dirtied = min(copy.working_set, copy.memory, copy.dirtied + copy.dirty_rate * seconds)
    kind = 'sent_disk' if copy.phase == DISK else 'sent_memory'
    return replace(copy, clock=moment, remaining=copy.remaining - sent, dirtied=dirtied,
                   **{kind: getattr(copy, kind) + sent})


def _turn(copy: Copy) -> Copy:
    """The phase or the pass is over."""
    if copy.phase == SETUP and copy.disk:
        return replace(copy, phase=DISK, remaining=copy.disk)
    if copy.phase in (SETUP, DISK):
        return replace(copy, phase=MEMORY, iteration=1, remaining=copy.memory,
                       pass_size=copy.memory, sent_disk=copy.disk)
    if copy.phase == MEMORY:
        return _next_pass(copy)
    return replace(copy, phase=ARRIVED, remaining=0.0, arrived_at=copy.clock)


def _next_pass(copy: Copy) -> Copy:
    """Count what was written meanwhile: it is the next pass, or little enough to stop for."""
    left = min(copy.memory, copy.remaining + copy.dirtied)
    copy = _throttled(copy)
    if left <= copy.bandwidth * copy.downtime + PAGE:    # a pass of less than a page is none
        return replace(copy, phase=SWITCHOVER, remaining=left, dirtied=0.0,
                       stopped_at=copy.clock)
    return replace(copy, iteration=copy.iteration + 1, remaining=left, pass_size=left,
                   dirtied=0.0)


def _throttled(copy: Copy) -> Copy:
    """Auto-converge: two passes in a row that won less than half take time from the guest."""
    if not copy.auto_converge:
        return copy
    slow = copy.slow_passes + 1 if copy.dirtied > copy.pass_size / 2 else 0
    if slow < 2:
        return replace(copy, slow_passes=slow)
    more = copy.throttle + THROTTLE_STEP if copy.throttle else THROTTLE_START
    return replace(copy, slow_passes=0, throttle=min(THROTTLE_MAX, more))
