# SPDX-License-Identifier: Apache-2.0
"""libvirt's events, told to the connections of this process.

What happens to a guest is found by comparing what libvirt would say of it before and after a
transaction, and kept with the host, so that a process also hears of what another one brought
about. One thread of the process, libvirt's event loop, looks at a host when something is due
there, because a copy from there is under way, and when another process has news of it (news.py).
"""
import contextlib
import time
from collections.abc import Callable
from typing import Any, Protocol

from nova_lite import utils
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.abi import EventId, Lifecycle
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import course, jobs, model
from nova_lite.virt.simulation.news import News
from nova_lite.virt.simulation.state import (
    BY_USER,
    BY_USER_MEANWHILE,
    COMPLETED,
    CRASHED,
    DESTROYED,
    IN_POSTCOPY,
    MIGRATED,
    MIGRATING,
    PAUSED,
    POSTCOPY,
    POSTCOPY_FAILED,
    RUNNING,
    SAVED,
    SHUT_DOWN,
    SHUTOFF,
    UNKNOWN,
    Guest,
    Part,
    State,
)

KEPT = 40           # events of a host
SHORTEST, IDLE = 0.005, 0.02        # s between two rounds of the loop

_RUNNING = 1        # VIR_DOMAIN_RUNNING_BOOTED
_STATES: dict[tuple[str, str], tuple[int, int]] = {
    (PAUSED, BY_USER): (abi.State.PAUSED, abi.Paused.USER),
    # a stop during a migration has the migration's reason; QEMU's monitor tells it apart
    (PAUSED, BY_USER_MEANWHILE): (abi.State.PAUSED, abi.Paused.MIGRATION),
    (PAUSED, MIGRATING): (abi.State.PAUSED, abi.Paused.MIGRATION),
    (PAUSED, UNKNOWN): (abi.State.PAUSED, abi.Paused.MIGRATION),
    (PAUSED, POSTCOPY): (abi.State.PAUSED, abi.Paused.POSTCOPY),
    (PAUSED, POSTCOPY_FAILED): (abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED),
    (SHUTOFF, SHUT_DOWN): (abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN),
    (SHUTOFF, DESTROYED): (abi.State.SHUTOFF, abi.Shutoff.DESTROYED),
    (SHUTOFF, MIGRATED): (abi.State.SHUTOFF, abi.Shutoff.MIGRATED),
}
_OFF = {SAVED: abi.Shutoff.SAVED, CRASHED: abi.Shutoff.CRASHED}
_SUSPENDED: dict[int | None, int] = {
    abi.Paused.USER: 0, abi.Paused.MIGRATION: 1, abi.Paused.POSTCOPY: 7,
    abi.Paused.POSTCOPY_FAILED: 8}        # VIR_DOMAIN_EVENT_SUSPENDED_*
_STOPPED: dict[int | None, int] = {
    abi.Shutoff.SHUTDOWN: 0, abi.Shutoff.DESTROYED: 1, abi.Shutoff.CRASHED: 2,
    abi.Shutoff.MIGRATED: 3, abi.Shutoff.SAVED: 4}      # VIR_DOMAIN_EVENT_STOPPED_*

Calls = list[tuple[Callable[..., None], tuple[Any, ...]]]


def domain_state(state: State, guest: Guest) -> tuple[int, int]:
    """libvirt's state and reason."""
    if guest.state == RUNNING:
        job = jobs.active(state, guest.uuid) if guest.incoming else None
        if job is None or job.status != IN_POSTCOPY:
            return abi.State.RUNNING, _RUNNING
        return abi.State.RUNNING, (abi.Running.POSTCOPY_FAILED if job.failed_postcopy
                                   else abi.Running.POSTCOPY)
    if guest.state in _OFF:
        return abi.State.SHUTOFF, _OFF[guest.state]
    return _STATES.get((guest.state, guest.reason),
                       (abi.State.PAUSED, abi.Paused.USER) if guest.state == PAUSED
                       else (abi.State.SHUTOFF, abi.Shutoff.UNKNOWN))


def note(state: State, parts: dict[str, Part]) -> tuple[list[tuple[str, str]],
                                                        list[tuple[str, str]]]:
    """Keep in each part what has happened to its guests. Returns (guest, host) of those that have
    begun to run, and of those that have stopped."""
    started: list[tuple[str, str]] = []
    ended: list[tuple[str, str]] = []
    for name, part in parts.items():
        now = {uuid: [*domain_state(state, guest)] for uuid, guest in part.guests.items()}
        for uuid in {*now, *part.seen}:
            before, after = part.seen.get(uuid), now.get(uuid)
            if before == after:
                continue
            runs, ran = (one is not None and one[0] == abi.State.RUNNING
                         for one in (after, before))
            if runs != ran:
                (started if runs else ended).append((uuid, name))
            for event in _lifecycle(before, after):
                _add(part, uuid, EventId.LIFECYCLE, list(event))
        part.seen = now
        for job in part.jobs.values():
            if job.status == COMPLETED and not job.announced:
                job.announced = True
                _add(part, job.uuid, EventId.JOB_COMPLETED,
                     jobs.stats(state, job, abi.Operation.MIGRATION_OUT))
    return started, ended


def _lifecycle(before: list[int] | None, after: list[int] | None) -> list[tuple[int, int]]:
    off = (None, abi.State.SHUTOFF)
    (was, was_why), (now, why) = before or (None, None), after or (None, None)
    if was in off and now in off:
        return [(Lifecycle.UNDEFINED if after is None else Lifecycle.DEFINED, 0)] \
            if None in (was, now) else []
    if now in off:
        return [(Lifecycle.STOPPED, _STOPPED.get(why, 5) if after else abi.STOPPED_MIGRATED[1])]
    if was in off:
        by_copy = (now, why) == (abi.State.PAUSED, abi.Paused.MIGRATION)
        return [abi.STARTED_MIGRATED if by_copy else (Lifecycle.STARTED, 0)]
    if now == abi.State.PAUSED:
        return [(Lifecycle.SUSPENDED, _SUSPENDED.get(why, 0))]
    if was == abi.State.RUNNING:
        return []
    if why == abi.Running.POSTCOPY:
        return [abi.RESUMED_POSTCOPY]
    return [abi.RESUMED_MIGRATED if was_why == abi.Paused.MIGRATION else (Lifecycle.RESUMED, 0)]


def _add(part: Part, uuid: str, kind: EventId, detail: object) -> None:
    part.events = [*part.events, [newest(part) + 1, uuid, int(kind), detail]][-KEPT:]


def newest(part: Part) -> int:
    """The number of a host's last event."""
    return part.events[-1][0] if part.events else 0


def deliver(calls: Calls) -> None:
    """Call back, outside of every lock."""
    for callback, arguments in calls:
        callback(*arguments)


class Listener(Protocol):
    """A connection that wants to hear of its host."""
    host: str

    def domain(self, uuid: str) -> object: ...


class World(Protocol):
    path: str

    def look(self, *hosts: str) -> contextlib.AbstractContextManager[State]: ...


class Events:
    """Who of this process wants to hear what of which host. ``world``: a World."""

    def __init__(self, world: World) -> None:
        self._world, self._news = world, News(world.path)
        self._listeners: dict[str, list[tuple[Listener, int, Callable[..., None]]]] = {}
        self._told: dict[str, int] = {}             # number of the last event, by host
        self._passes: dict[str, int] = {}           # of the copy, by guest
        self._due: dict[str, float] = {}            # when to look at a host again
        self._lock = utils.native_lock()            # of the start and the end of the loop
        self._loop: Any = None

    def announce(self, numbers: dict[str, int]) -> None:
        """Let other processes look for events of these hosts up to these numbers, which are being
        saved."""
        if numbers:
            self._news.write(numbers)

    def listen(self, connection: Listener, kind: int, callback: Callable[..., None]) -> None:
        host = connection.host
        with self._world.look(host):
            pass        # what is past by now is not told
        self._listeners.setdefault(host, []).append((connection, kind, callback))
        self._due[host] = 0.0       # what comes before the loop begins is told by its first look
        with self._lock:
            if self._loop is None:
                self._news.skip()
                self._loop = utils.native_thread(self._run, 'simulated-event-loop')

    def _goes_on(self) -> bool:
        with self._lock:
            if not self._listeners:
                self._loop = None
            return self._loop is not None

    def forget(self, connection: Listener) -> None:
        left = [one for one in self._listeners.get(connection.host, []) if one[0] != connection]
        if left:
            self._listeners[connection.host] = left
        else:
            self._listeners.pop(connection.host, None)

    def collect(self, state: State, parts: dict[str, Part]) -> Calls:
        """What is to be told, of the hosts that a transaction has at hand."""
        calls: Calls = []
        for name, part in parts.items():
            last = newest(part)
            told, self._told[name] = self._told.get(name, last), last
            for number, uuid, kind, detail in part.events:
                if number > told:
                    calls += self._to(name, uuid, kind, detail)
            calls += self._passes_of(state, name)
            soon = min((course.due(state, job) for job in part.jobs.values() if job.active),
                       default=None)
            if soon is None or name not in self._listeners:
                self._due.pop(name, None)
            else:
                self._due[name] = time.monotonic() + (soon - state.now) * state.time_scale
        return calls

    def _passes_of(self, state: State, host: str) -> Calls:
        """Of each copy away from the host: another pass over memory has begun."""
        calls: Calls = []
        for job in state.jobs.values() if host in self._listeners else ():
            if job.source != host or not job.active:
                continue
            number = model.advance(job.copy, state.now).iteration
            if number > 1 and number != self._passes.get(job.uuid):
                calls += self._to(host, job.uuid, EventId.MIGRATION_ITERATION, number)
            self._passes[job.uuid] = number
        return calls

    # Any: what JSON made of an event's detail
    def _to(self, host: str, uuid: str, kind: int, detail: Any) -> Calls:
        from_list = detail if kind == EventId.LIFECYCLE else [detail]
        return [(callback, (connection, connection.domain(uuid), *from_list, None))
                for connection, wanted, callback in self._listeners.get(host, [])
                if wanted == kind]

    def _run(self) -> None:
        """Look at hosts where something is due, for as long as anybody listens."""
        while self._goes_on():
            self._hear_others()
            now, soonest = time.monotonic(), IDLE
            for host, due in list(self._due.items()):
                if due <= now:
                    self._due.pop(host, None)       # the look says when it is due again
                    try:
                        with self._world.look(host):
                            pass
                    except (libvirtError, TimeoutError):
                        pass    # it is down or held, and says so to who calls it
                else:
                    soonest = min(soonest, due - now)
            utils.sleep(max(SHORTEST, soonest))

    def _hear_others(self) -> None:
        """Hosts of which another process has news are due."""
        numbers = self._news.read()
        for host in list(self._listeners if numbers is None else numbers):
            if host in self._listeners and (
                    numbers is None or numbers[host] > self._told.get(host, 0)):
                self._due[host] = 0.0
