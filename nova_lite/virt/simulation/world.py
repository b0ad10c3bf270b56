# SPDX-License-Identifier: Apache-2.0
"""The simulated world, with the hands of a test: hosts, links, faults, and what stands there.

It stands where libvirtd and QEMU stand on real hosts: apart from the compute processes, which may
die and come back.
"""
import contextlib
import copy
import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

from nova_lite import exception
from nova_lite.virt.simulation import faults, files, guests, jobs
from nova_lite.virt.simulation.state import Guest, Host, Job, Part, Shared
from nova_lite.virt.simulation.store import WORLD
from nova_lite.virt.simulation.transactions import Transactions

SHARED = 'shared'
HANG_LIMIT = 120.0        # real seconds after which a fault that hangs becomes one that fails


class World(Transactions):

    # -- hosts -------------------------------------------------------------------------------
    def add_host(self, name: str, **settings: object) -> None:
        """Make a host, or give it ``settings`` except those that configure() has set."""
        self._set(name, lambda host: {key: value for key, value in settings.items()
                                      if key not in host.scripted})

    def configure(self, name: str, **settings: object) -> None:
        """Give a host, which need not be there yet, what its compute's options cannot change."""
        def all_of_them(host: Host) -> dict[str, Any]:
            host.scripted = sorted({*host.scripted, *settings})
            return settings
        self._set(name, all_of_them)

    def _set(self, name: str, settings: Callable[[Host], dict[str, Any]]) -> None:
        with self._store.lock(name):
            part = self._store.part(name) or Part(Host(name, storage=name))
            for key, value in settings(part.host).items():
                setattr(part.host, key, value)
            self._store.save({name: part}, part.now)
        os.makedirs(files.directory(self.path, part.host.storage), exist_ok=True)

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
        with self._transaction((), save=False) as state:
            return copy.copy(guests.find(state, host, uuid))

    def ticks(self, host: str, uuid: str) -> int:
        """What the guest has counted. InstanceNotFound when it is not there."""
        with self._transaction((), save=False) as state:
            guest = guests.find(state, host, uuid)
            if guest is None:
                raise exception.InstanceNotFound(instance_id=uuid)
            return guest.ticks(state.now)

    def places(self, uuid: str) -> dict[str, str]:
        """State of the guest on each host that knows it."""
        with self._transaction((), save=False) as state:
            return {host: guest.state for host, guest in state.guests.get(uuid, {}).items()}

    def job(self, uuid: str) -> Job | None:
        with self._transaction((), save=False) as state:
            return copy.copy(state.jobs.get(uuid))

    def files(self, uuid: str) -> dict[str, dict[str, str]]:
        """Content of each disk of the guest by its name, by storage."""
        with self._transaction((), save=False):
            return files.everywhere(self.path, uuid)

    def create_disks(self, host: str, other: str, uuid: str) -> bool:
        """Make a guest's disks of ``host`` on the ``other`` one too, empty, unless it has files
        there; whether that was done."""
        return files.create_beside(self.path, self.host(host).storage, self.host(other).storage,
                                   uuid)

    def remove_files(self, host: str, uuid: str) -> None:
        shutil.rmtree(files.directory(self.path, self.host(host).storage, uuid),
                      ignore_errors=True)

    def probes(self) -> list[str]:
        return files.probes(self.path)

    @contextlib.contextmanager
    def replaced_image(self, host: str, name: str) -> Iterator[None]:
        """Another file of the same size has an image's place on one host while the block lasts."""
        path = files.other_image(self.path, host, name)
        try:
            yield
        finally:
            os.unlink(path)

    @property
    def violations(self) -> list[str]:
        """What must never happen and did."""
        with self._transaction((), save=False) as state:
            return [*self._store.violations(), *files.removed_under(state)]

    def forgive(self) -> None:
        self._store.forgive()

    def set_dirty_rate(self, host: str, uuid: str, rate: float) -> None:
        """Let the guest write ``rate`` MiB/s from now on."""
        with self.change(host) as state:
            jobs.guest_wrote(state, guests.get(state, host, uuid), rate)

    # -- faults ------------------------------------------------------------------------------
    @contextlib.contextmanager
    def orders(self) -> Iterator[Shared]:
        """The faults and links, to be changed."""
        with self._store.lock(WORLD):
            shared = self._store.shared()
            yield shared
            self._store.save({WORLD: shared}, 0.0)

    def script(self, step: str, action: str = faults.FAIL, host: str = '', uuid: str = '',
               error: str = '', times: int = 0) -> str:
        """Put a fault on order, see faults.order(). Returns its id."""
        with self.orders() as shared:
            return faults.order(shared, step, action, host, uuid, error, times).id

    def wait_hit(self, fault_id: str, timeout: float = 30.0) -> None:
        """Wait until somebody has reached the step of a fault."""
        self.wait_for(lambda state: state.faults[fault_id].hits, timeout,
                      f'{self._store.shared().faults[fault_id].step} reached')

    def release(self, fault_id: str) -> None:
        """The fault is over: what hangs by it goes on, and nobody meets it any more."""
        with self.change() as state:
            state.faults[fault_id].released = True
            jobs.release(state, fault_id)

    def reach(self, step: str, host: str, uuid: str, metadata: dict[str, str] | None) -> None:
        """A driver is at ``step``: fail, refuse or hang here if that was ordered."""
        if not self._store.shared().faults and faults.METADATA_KEY not in (metadata or {}):
            return
        with self.orders() as shared:
            faults.order_by_metadata(shared, metadata, uuid)
            fault = copy.copy(faults.meet(shared, step, host, uuid))
        if fault is None:
            return
        if fault.action == faults.HANG:
            self._wait_released(fault.id, f'{step} on {host}')
        elif fault.action == faults.REFUSE:
            raise exception.MigrationPreCheckError(reason=f'simulated refusal of {step} on {host}')
        else:
            raise faults.error_of(fault, host)

    def _wait_released(self, fault_id: str, what: str) -> None:
        end = time.monotonic() + HANG_LIMIT
        while (left := end - time.monotonic()) > 0:
            versions = self._store.versions([WORLD])
            fault = self._store.shared().faults.get(fault_id)
            if fault is None or fault.released:
                return
            self._store.wait(versions, [WORLD], left)
        raise TimeoutError(f'release of {what}: not within {HANG_LIMIT} s')
