# SPDX-License-Identifier: Apache-2.0
"""What the guest's console says, and what may be concluded from it.

A live migration is judged by this: the ticks go on without a gap or a repetition,
on another host, and nothing the guest wrote is lost.
"""
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

LINE = re.compile(
    r'tick=(?P<tick>\d+) up_ms=(?P<up_ms>\d+) passes=(?P<passes>\d+) scans=(?P<scans>\d+) '
    r'bad=(?P<bad>\d+)(?: disk=(?P<disk>\d+) dscans=(?P<dscans>\d+) dbad=(?P<dbad>\d+))?')
LOCKUP = re.compile(r'watchdog: BUG: soft lockup - CPU#\d+ stuck for (\d+)s')
DEATH = ('Kernel panic', 'Oops', 'BUG:', 'general protection fault')


@dataclass(frozen=True)
class Tick:
    """One line of the guest; tick.c says what the numbers mean. No disk: None."""

    tick: int
    up_ms: int
    passes: int
    scans: int
    bad: int
    disk: int | None = None
    dscans: int | None = None
    dbad: int | None = None


def parse(line: str) -> Tick | None:
    """The tick of a whole line, None for anything else."""
    match = LINE.fullmatch(line.strip())
    if not match:
        return None
    return Tick(**{name: int(value) for name, value in match.groupdict().items()
                   if value is not None})


@dataclass
class Record:
    """The console of one guest over all hosts, as one stream.

    A migration may fall into the middle of a line, which then begins in one host's file
    and ends in the other's; so pieces are joined as bytes before lines are made of them.
    """

    ticks: list[tuple[str, float, Tick]] = field(default_factory=list)  # host, seen at, tick
    noise: list[str] = field(default_factory=list)      # whole lines that are no ticks
    _rest: bytes = b''

    def add(self, pieces: dict[str, bytes], now: float) -> None:
        """Take what was new on each host at the time ``now`` (seconds, any clock)."""
        for host, piece in self._in_order(pieces):
            *lines, self._rest = (self._rest + piece).split(b'\n')
            for line in lines:
                text = line.decode(errors='replace').strip()
                tick = parse(text)
                if tick:
                    self.ticks.append((host, now, tick))
                elif text:
                    self.noise.append(text)

    def _in_order(self, pieces: dict[str, bytes]) -> Iterable[tuple[str, bytes]]:
        """Several hosts had news: of all orders, the one that makes the best sense."""
        def breaks(order: tuple[tuple[str, bytes], ...]) -> int:
            lines = (self._rest + b''.join(piece for _, piece in order)).split(b'\n')[:-1]
            found = [parse(line.decode(errors='replace')) for line in lines]
            numbers = [tick.tick for tick in found if tick]
            last = [tick.tick for _, _, tick in self.ticks[-1:]]
            steps = itertools.pairwise(last + numbers)
            return found.count(None) + sum(after != before + 1 for before, after in steps)

        new = [(host, piece) for host, piece in pieces.items() if piece]
        return min(itertools.permutations(new), key=breaks)

    def last(self, host: str | None = None) -> Tick | None:
        """The newest tick, or the newest on this host."""
        return next((tick for where, _, tick in reversed(self.ticks) if host in (None, where)),
                    None)

    def host(self) -> str | None:
        """Where the newest tick was written."""
        return self.ticks[-1][0] if self.ticks else None

    def gaps(self) -> list[tuple[int, int]]:
        """Pairs of neighbouring ticks of which the second does not follow the first."""
        return [(before.tick, after.tick)
                for (_, _, before), (_, _, after) in itertools.pairwise(self.ticks)
                if after.tick != before.tick + 1]

    def bad(self) -> int:
        """How many comparisons of memory and disk failed, at most."""
        return max((tick.bad + (tick.dbad or 0) for _, _, tick in self.ticks), default=0)

    def deaths(self) -> list[str]:
        """What the guest's kernel said when it died."""
        return [line for line in self.noise
                if any(word in line for word in DEATH) and not LOCKUP.search(line)]

    def lockups(self) -> list[int]:
        """Seconds of the guest's time in which its kernel says that a CPU did nothing."""
        found = map(LOCKUP.search, self.noise)
        return [int(match[1]) for match in found if match]

    def longest_silence(self) -> float:
        """Seconds between two neighbouring ticks as they were seen, at most."""
        return max((after - before for (_, before, _), (_, after, _)
                    in itertools.pairwise(self.ticks)), default=0.0)

    def faults(self, stood_still: float = 0) -> list[str]:
        """Everything that speaks against a guest that lived through all of it unharmed.

        :param stood_still: seconds for which it was kept from running on purpose; its clock goes
            on meanwhile, and its kernel may notice and complain
        """
        found = [f'ticks jump from {before} to {after}' for before, after in self.gaps()]
        if self.bad():
            found.append(f'{self.bad()} comparisons of what it wrote failed')
        found += [f'its kernel missed {seconds} s' for seconds in self.lockups()
                  if seconds > stood_still]
        return found + self.deaths()
