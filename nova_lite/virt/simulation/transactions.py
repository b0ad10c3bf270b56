# SPDX-License-Identifier: Apache-2.0
"""The door to the simulated world's state: transactions on the hosts that one is about, and on
those with which they exchange guests. Each first brings about what is due by now.
"""
import atexit
import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from nova_lite.virt.simulation import course, errors, events, guests
from nova_lite.virt.simulation import state as states
from nova_lite.virt.simulation.state import Host, Part, Shared, State
from nova_lite.virt.simulation.store import WORLD, Store

SHORTEST_WAIT = 0.002     # real seconds between two looks
LONGEST_WAIT = 1.0


class Transactions:
    """``path``: the world's directory; by default one that goes with this process. ``time_scale``:
    real seconds for each simulated one. ``clock`` tells the real time."""

    def __init__(self, path: str | None = None, time_scale: float = 1.0,
                 clock: Callable[[], float] = time.time) -> None:
        if path is None:
            path = tempfile.mkdtemp(prefix='simulated-world-')
            atexit.register(shutil.rmtree, path, ignore_errors=True)
        self.path, self._store, self._clock = path, Store(path), clock
        self.events = events.Events(self)
        with self._store.lock(WORLD):
            shared = self._store.shared()
            now = self._now(shared) if shared.epoch else 0.0
            shared.epoch, shared.epoch_now, shared.time_scale = clock(), now, time_scale
            self._store.save({WORLD: shared}, now)
        self.time_scale = time_scale

    # -- transactions ----------------------------------------------------------------------------
    @contextlib.contextmanager
    def look(self, *hosts: str, also: str = '') -> Iterator[State]:
        """The world as it is now, to be read inside the block: these hosts and those with which
        they exchange guests (and ``also``), or all. libvirtError when the hypervisor of one of
        them is down."""
        with self._transaction(hosts, save=False, also=also) as state:
            yield state

    @contextlib.contextmanager
    def change(self, *hosts: str, also: str = '') -> Iterator[State]:
        """The same, to be changed."""
        with self._transaction(hosts, save=True, also=also) as state:
            yield state

    @contextlib.contextmanager
    def _transaction(self, hosts: tuple[str, ...], save: bool,
                     also: str = '') -> Iterator[State]:
        with self._locked({     # noqa: SIM117 (the second waits for the first)
                *(hosts or self._store.hosts()), *filter(None, [also])}) as parts:
            with self._shared(needed=save and not hosts) as (shared, held):
                state = states.gather(self.path, shared, list(parts.values()), self._now(shared))
                save = course.settle(state, state.now, save) or save
                for host in hosts:
                    _check_up(state, host)
                yield state
                if save:
                    self._save(state, {**parts, WORLD: shared} if held else parts)
                calls = self.events.collect(state, parts)
        events.deliver(calls)

    @contextlib.contextmanager
    def _locked(self, wanted: set[str]) -> Iterator[dict[str, Part]]:
        """The parts of the wanted hosts and of those that a guest of theirs goes to or comes from,
        locked in order of names."""
        names, done = set(wanted), False
        while not done:
            with contextlib.ExitStack() as stack:
                for name in sorted(names - {WORLD}):
                    stack.enter_context(self._store.lock(name))
                if WORLD in names:      # to finish what another has begun
                    stack.enter_context(self._store.lock(WORLD))
                more = self._store.pending(names)
                parts = {name: part for name in names - {WORLD}
                         if (part := self._store.part(name)) is not None}
                for name in wanted & parts.keys():
                    more |= _peers(parts[name])
                done = more <= names and WORLD not in names
                if done:
                    yield parts
                names = names - {WORLD} | more

    @contextlib.contextmanager
    def _shared(self, needed: bool) -> Iterator[tuple[Shared, bool]]:
        """What belongs to no host, and whether it is locked: it is where it may be changed, by a
        fault that is met or by a link that is cut."""
        shared = self._store.shared()
        if shared.quiet and not needed:
            yield shared, False
            return
        with self._store.lock(WORLD):
            yield self._store.shared(), True

    def _save(self, state: State, held: dict[str, Any]) -> None:
        parts = {name: data for name, data in held.items() if name != WORLD}
        states.scatter(state, list(parts.values()))
        before = {name: events.newest(part) for name, part in parts.items()}
        started, ended = events.note(state, parts)
        for uuid, host in started:
            self._store.mark_running(uuid, host)
        self.events.announce({name: number for name, part in parts.items()
                              if (number := events.newest(part)) > before[name]})
        self._store.save(held, state.now)
        for uuid, host in ended:
            self._store.unmark_running(uuid, host)
        for uuid, host in started:
            self._check_elsewhere(state, uuid, host)
        for what in state.violations:
            self._store.violate(what)

    def _check_elsewhere(self, state: State, uuid: str, host: str) -> None:
        """A guest has begun to run: on no host that was not at hand does it run too."""
        for other in self._store.running(uuid):
            if other not in state.hosts:
                part = self._store.peek(other)
                guest = part.guests.get(uuid) if part else None
                if guest is not None and guest.state == states.RUNNING:
                    guests.violate(state, guests.two(uuid, [host, other]))

    def wait_until(self, met: Callable[[State], Any], timeout: float, *hosts: str) -> Any:
        """Return what ``met`` says of the world as soon as that is true, or its last answer after
        ``timeout`` real seconds."""
        end, names = time.monotonic() + timeout, [*(hosts or self._store.hosts()), WORLD]
        while True:
            versions = self._store.versions(names)
            with self._transaction(hosts, save=False) as state:
                answer = met(state)
                soon = (course.next_due(state) - state.now) * state.time_scale
            left = end - time.monotonic()
            if answer or left <= 0:
                return answer
            self._store.wait(versions, names, min(left, max(soon, SHORTEST_WAIT), LONGEST_WAIT))

    def wait_for(self, met: Callable[[State], Any], timeout: float, what: str,
                 *hosts: str) -> Any:
        """The same; TimeoutError names ``what`` when it did not become true."""
        answer = self.wait_until(met, timeout, *hosts)
        if not answer:
            raise TimeoutError(f'{what}: not within {timeout} s')
        return answer

    def _now(self, shared: Shared) -> float:
        """Simulated seconds since the world began."""
        return shared.epoch_now + (self._clock() - shared.epoch) / shared.time_scale

    # -- hosts as they were saved last -----------------------------------------------------------
    def hosts(self) -> list[str]:
        return self._store.hosts()

    def host(self, name: str) -> Host:
        """A host's settings as they were saved last."""
        part = self._store.part(name)
        return part.host if part else Host(name, storage=name)

    def is_up(self, name: str) -> bool:
        return self.host(name).up


def _peers(part: Part) -> set[str]:
    """Hosts to which a guest of this one is going, or from which one is coming."""
    return ({job.dest for job in part.jobs.values() if job.active}
            | {guest.source for guest in part.guests.values() if guest.source})


def _check_up(state: State, host: str) -> None:
    if host not in state.hosts or not state.hosts[host].up:
        raise errors.down(host)
