# SPDX-License-Identifier: Apache-2.0
"""The simulated world: the one door to its state, its clock, and the hands of a test.

It stands where libvirtd and QEMU stand on real hosts: apart from the compute processes, which may
die and come back. Every access is a transaction that first brings about what is due by now.
"""
import contextlib
import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

from nova_lite import exception
from nova_lite.virt.simulation import course, faults, guests, jobs
from nova_lite.virt.simulation.state import Guest, Host, Job, State
from nova_lite.virt.simulation.store import DirectoryStore, MemoryStore

SHARED = 'shared'
HANG_LIMIT = 120.0        # real seconds after which a fault that hangs becomes one that fails
SHORTEST_WAIT = 0.002     # real seconds between two looks
LONGEST_WAIT = 1.0


class World:
    """``time_scale``: real seconds for each simulated one. ``clock`` tells the real time."""

    def __init__(self, store: MemoryStore | DirectoryStore | None = None,
                 time_scale: float = 1.0, clock: Callable[[], float] = time.time) -> None:
        self._store = store or MemoryStore()
        self._clock = clock
        with self._store.transaction() as state:
            now = self._now(state) if state.epoch else 0.0
            state.epoch, state.epoch_now, state.time_scale = clock(), now, time_scale
            self._store.save(state)

    # -- transactions ------------------------------------------------------------------------
    @contextlib.contextmanager
    def look(self, host: str | None = None) -> Iterator[State]:
        """The world as it is now, to be read inside the block, by the hypervisor of ``host``.
        HypervisorUnavailable when that is down."""
        with self._store.transaction() as state:
            if course.settle(state, self._now(state), save=False):
                self._store.save(state)
            _check_up(state, host)
            yield state

    @contextlib.contextmanager
    def change(self, host: str | None = None) -> Iterator[State]:
        """The same, to be changed."""
        with self._store.transaction() as state:
            course.settle(state, self._now(state), save=True)
            _check_up(state, host)
            yield state
            self._store.save(state)

    def wait_until(self, met: Callable[[State], Any], timeout: float,
                   due: Callable[[State], float] = course.next_due) -> Any:
        """Return what ``met`` says of the world as soon as that is true, or its last answer after
        ``timeout`` real seconds. ``due`` tells when it may become so by itself."""
        end = time.monotonic() + timeout
        while True:
            version = self._store.version
            with self.look() as state:
                answer = met(state)
                soon = (due(state) - state.now) * state.time_scale
            left = end - time.monotonic()
            if answer or left <= 0:
                return answer
            self._store.wait(version, min(left, max(soon, SHORTEST_WAIT), LONGEST_WAIT))

    def wait_for(self, met: Callable[[State], Any], timeout: float, what: str) -> Any:
        """The same; TimeoutError names ``what`` when it did not become true."""
        answer = self.wait_until(met, timeout)
        if not answer:
            raise TimeoutError(f'{what}: not within {timeout} s')
        return answer

    def _now(self, state: State) -> float:
        """Simulated seconds since the world began; it never goes back."""
        passed = (self._clock() - state.epoch) / state.time_scale
        return max(state.now, state.epoch_now + passed)

    # -- hosts -------------------------------------------------------------------------------
    def add_host(self, name: str, **settings: Any) -> None:
        """Make a host, or give it ``settings`` except those that configure() has set."""
        with self.change() as state:
            host = _host(state, name)
            for key, value in settings.items():
                if key not in host.scripted:
                    setattr(host, key, value)

    def configure(self, name: str, **settings: Any) -> None:
        """Give a host, which need not be there yet, what its compute's options cannot change."""
        with self.change() as state:
            host = _host(state, name)
            for key, value in settings.items():
                setattr(host, key, value)
            host.scripted += settings

    def hosts(self) -> list[str]:
        with self.look() as state:
            return sorted(state.hosts)

    def stop_hypervisor(self, host: str) -> None:
        with self.change() as state:
            state.hosts[host].up = False
            jobs.hypervisor_stopped(state, host)

    def start_hypervisor(self, host: str) -> None:
        with self.change() as state:
            state.hosts[host].up = True
            guests.forget_why_off(state, host)
            jobs.hypervisor_started(state, host)

    def cut_link(self, one: str, other: str, sticky: bool = False) -> None:
        with self.change() as state:
            jobs.cut(state, one, other, sticky)

    def mend_link(self, one: str, other: str) -> None:
        with self.change() as state:
            jobs.mend(state, one, other)

    # -- what stands there, as copies --------------------------------------------------------
    def guest(self, host: str, uuid: str) -> Guest | None:
        with self.look() as state:
            return copy.copy(guests.find(state, host, uuid))

    def ticks(self, host: str, uuid: str) -> int:
        """What the guest has counted. InstanceNotFound when it is not there."""
        with self.look() as state:
            return guests.get(state, host, uuid).ticks(state.now)

    def places(self, uuid: str) -> dict[str, str]:
        """State of the guest on each host that knows it."""
        with self.look() as state:
            return {host: guest.state for host, guest in state.guests.get(uuid, {}).items()}

    def job(self, uuid: str) -> Job | None:
        with self.look() as state:
            return copy.copy(state.jobs.get(uuid))

    @property
    def violations(self) -> list[str]:
        """What must never happen and did."""
        with self.look() as state:
            return list(state.violations)

    def set_dirty_rate(self, host: str, uuid: str, rate: float) -> None:
        """Let the guest write ``rate`` MiB/s from now on."""
        with self.change() as state:
            jobs.guest_wrote(state, guests.get(state, host, uuid), rate)

    # -- faults ------------------------------------------------------------------------------
    def script(self, step: str, action: str = faults.FAIL, **narrowed: Any) -> str:
        """Put a fault on order, see faults.order(). Returns its id."""
        with self.change() as state:
            return faults.order(state, step, action, **narrowed).id

    def wait_hit(self, fault_id: str, timeout: float = 30.0) -> None:
        """Wait until somebody has reached the step of a fault."""
        self.wait_for(lambda state: state.faults[fault_id].hits, timeout,
                      f'{self._step(fault_id)} reached')

    def release(self, fault_id: str) -> None:
        """The fault is over: what hangs by it goes on, and nobody meets it any more."""
        with self.change() as state:
            state.faults[fault_id].released = True
            jobs.release(state, fault_id)

    def reach(self, step: str, host: str, uuid: str, metadata: dict[str, str] | None) -> None:
        """A driver is at ``step``: fail, refuse or hang here if that was ordered."""
        with self.look() as state:
            ordered = bool(state.faults) or faults.METADATA_KEY in (metadata or {})
        if not ordered:
            return
        with self.change() as state:
            faults.order_by_metadata(state, metadata, uuid)
            fault = faults.meet(state, step, host, uuid)
        if fault is None:
            return
        if fault.action == faults.HANG:
            self.wait_for(lambda state: state.faults[fault.id].released, HANG_LIMIT,
                          f'release of {step} on {host}')
        elif fault.action == faults.REFUSE:
            raise exception.MigrationPreCheckError(reason=f'simulated refusal of {step} on {host}')
        else:
            raise faults.error_of(fault, host)

    def _step(self, fault_id: str) -> str:
        with self.look() as state:
            return state.faults[fault_id].step


def _check_up(state: State, host: str | None) -> None:
    if host is not None and not state.hosts[host].up:
        raise exception.HypervisorUnavailable(host=host, reason='it is down')


def _host(state: State, name: str) -> Host:
    if name not in state.hosts:
        number = len(state.hosts) + 1
        state.hosts[name] = Host(name, storage=name,
                                 address=f'198.18.{number >> 8}.{number & 255}')
    return state.hosts[name]
