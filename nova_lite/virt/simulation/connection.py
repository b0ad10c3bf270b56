# SPDX-License-Identifier: Apache-2.0
"""The connection to a simulated hypervisor: libvirt's calls, as far as virt.libvirt makes them.

| object | calls |
|---|---|
| connection | setKeepAlive, isAlive, close |
| | domainEventRegisterAny: lifecycle, migration iteration, job completed |
| | getHostname, getType, getVersion, getLibVersion, getInfo, getMemoryStats |
| | getCapabilities, getDomainCapabilities, compareHypervisorCPU |
| | defineXML, lookupByUUIDString, listAllDomains |
| domain | UUIDString, ID, connect, state, isActive, isPersistent, hasManagedSaveImage, XMLDesc |
| | create, createWithFlags, shutdown, destroy, undefineFlags, suspend, resume, managedSave |
| | jobStats, abortJob, migrateSetMaxDowntime, migrateSetMaxSpeed, migrateStartPostCopy |
| | migrateToURI3 (with PEER2PEER, to a simulated host), qemuMonitorCommand (query-status) |

Errors are libvirtError with libvirt's codes. A call may be made from any thread.
"""
import json
import time
import urllib.parse
from collections.abc import Callable
from typing import Any, TypeVar

from nova_lite import utils
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.abi import Migrate
from nova_lite.virt.libvirt.binding import make_error
from nova_lite.virt.simulation import (
    course,
    definition,
    errors,
    events,
    files,
    guests,
    hypervisor,
    jobs,
)
from nova_lite.virt.simulation import state as states
from nova_lite.virt.simulation.state import ACTIVE, Guest, Host, State
from nova_lite.virt.simulation.store import POLL
from nova_lite.virt.simulation.world import World

T = TypeVar('T')
LIBVIRT_VERSION = 11_003_000
FOREVER = 3600.0 * 24 * 365     # s; every copy ends before that, by its limits


class Connection:
    """To the hypervisor of ``host``. libvirtError when that is down."""

    def __init__(self, world: World, host: str) -> None:
        self.world, self.host = world, host
        self._open = True
        if not world.is_up(host):
            raise errors.down(host)
        self.wait_for_answer()

    # -- the connection --------------------------------------------------------------------------
    def setKeepAlive(self, interval: int, count: int) -> int:
        return 0

    def isAlive(self) -> bool:
        return self._open and self.world.is_up(self.host)

    def wait_for_answer(self) -> None:
        """Wait while the hypervisor answers nobody; then the keepalive ends the connection."""
        end = time.monotonic() + course.KEEPALIVE * self.world.time_scale
        while self.world.host(self.host).held:
            if time.monotonic() > end:
                self.close()
                raise errors.down(self.host)
            utils.sleep(POLL)

    def close(self) -> None:
        self._open = False
        self.world.events.forget(self)

    def domainEventRegisterAny(self, domain: None, kind: int, callback: Callable[..., None],
                               opaque: object) -> int:
        self.world.events.listen(self, kind, callback)
        return 0

    # -- the host --------------------------------------------------------------------------------
    def _host(self) -> Host:
        self.wait_for_answer()
        host = self.world.host(self.host)
        if not host.up:
            raise errors.down(self.host)
        return host

    def getHostname(self) -> str:
        return self._host().name

    def getType(self) -> str:
        return self._host().hypervisor_type

    def getVersion(self) -> int:
        return self._host().hypervisor_version

    def getLibVersion(self) -> int:
        return LIBVIRT_VERSION

    def getInfo(self) -> list[Any]:
        """Model, memory in MiB, CPUs, MHz, NUMA nodes, sockets, cores, threads."""
        host = self._host()
        return ['x86_64', host.memory_mb, host.vcpus, 0, 1, 1, host.vcpus, 1]

    def getMemoryStats(self, cell: int) -> dict[str, int]:
        return {'total': self._host().memory_mb * 1024}

    def getCapabilities(self) -> str:
        return definition.capabilities(self._host())

    def getDomainCapabilities(self, emulator: str | None, arch: str | None, machine: str | None,
                              virt_type: str | None) -> str:
        return definition.domain_capabilities(self._host())

    def compareHypervisorCPU(self, emulator: str | None, arch: str | None, machine: str | None,
                             virt_type: str | None, xml: str, flags: int) -> int:
        return definition.compare_cpu(self._host(), xml)

    # -- domains ---------------------------------------------------------------------------------
    def domain(self, uuid: str) -> 'Domain':
        return Domain(self, uuid)

    def defineXML(self, xml: str) -> 'Domain':
        self.wait_for_answer()
        with self.world.change(self.host) as state:
            return self.domain(guests.define(state, self.host, xml).uuid)

    def lookupByUUIDString(self, uuid: str) -> 'Domain':
        self.wait_for_answer()
        with self.world.look(self.host) as state:
            guests.get(state, self.host, uuid)
        return self.domain(uuid)

    def listAllDomains(self, flags: int = 0) -> list['Domain']:
        self.wait_for_answer()
        with self.world.look(self.host) as state:
            return [self.domain(guest.uuid) for guest in guests.on_host(state, self.host)
                    if guest.state in ACTIVE or not flags & abi.LIST_ACTIVE]


class Domain:
    """One guest on the host of its connection."""

    def __init__(self, connection: Connection, uuid: str) -> None:
        self._connection, self._uuid = connection, uuid
        self._world, self._host = connection.world, connection.host

    def _look(self, fn: Callable[[State, Guest], T]) -> T:
        self._connection.wait_for_answer()
        with self._world.look(self._host) as state:
            return fn(state, guests.get(state, self._host, self._uuid))

    def _act(self, act: Callable[..., object], *args: object, **more: object) -> int:
        self._connection.wait_for_answer()
        with self._world.change(self._host) as state:
            act(state, self._uuid, *args, **more)
        return 0

    def _live(self, act: Callable[..., None], **more: object) -> int:
        self._connection.wait_for_answer()
        with self._world.change(self._host) as state:
            act(state, self._host, self._uuid, **more)
        return 0

    # -- looking ---------------------------------------------------------------------------------
    def UUIDString(self) -> str:
        return self._uuid

    def connect(self) -> Connection:
        return self._connection

    def ID(self) -> int:
        return self._look(lambda state, guest: 1 if guest.state in ACTIVE else -1)

    def state(self, flags: int = 0) -> list[int]:
        return self._look(lambda state, guest: [*map(int, events.domain_state(state, guest))])

    def isActive(self) -> int:
        return self._look(lambda state, guest: int(guest.state in ACTIVE))

    def isPersistent(self) -> int:
        return self._look(lambda state, guest: int(guest.persistent))

    def hasManagedSaveImage(self, flags: int = 0) -> int:
        return self._look(lambda state, guest: int(guest.state == states.SAVED))

    def XMLDesc(self, flags: int = 0) -> str:
        """The definition; of a running guest with what its disks lie on."""
        def describe(state: State, guest: Guest) -> str:
            if guest.state not in ACTIVE or flags & (abi.Xml.INACTIVE | abi.Xml.MIGRATABLE):
                return guest.xml
            return definition.with_backing(
                guest.xml, lambda name: files.backing(state, guest, name))
        return self._look(describe)

    # -- life ------------------------------------------------------------------------------------
    def create(self) -> int:
        return self._live(hypervisor.start)

    def createWithFlags(self, flags: int) -> int:
        return self._live(hypervisor.start, force_boot=bool(flags & abi.START_FORCE_BOOT))

    def shutdown(self) -> int:
        return self._live(hypervisor.shut_down)

    def destroy(self) -> int:
        return self._live(hypervisor.destroy)

    def undefineFlags(self, flags: int) -> int:
        return self._live(hypervisor.undefine)

    def suspend(self) -> int:
        return self._live(hypervisor.suspend)

    def resume(self) -> int:
        return self._live(hypervisor.resume)

    def managedSave(self, flags: int = 0) -> int:
        return self._live(hypervisor.save)

    def qemuMonitorCommand(self, command: str, flags: int) -> str:
        """The one command that is asked for, query-status."""
        if json.loads(command)['execute'] != 'query-status':
            raise make_error(abi.Error.OPERATION_UNSUPPORTED, f'{command} is not simulated')
        by_hand = (states.BY_USER, states.BY_USER_MEANWHILE)
        return self._look(lambda state, guest: json.dumps({'return': {
            'status': 'running' if guest.state == states.RUNNING else
            'paused' if guest.reason in by_hand else 'finish-migrate'}}))

    # -- migration -------------------------------------------------------------------------------
    def jobStats(self, flags: int = 0) -> dict[str, Any]:
        return self._look(_job_stats)

    def abortJob(self) -> int:
        return self._act(jobs.abort, self._host)

    def migrateSetMaxDowntime(self, milliseconds: int, flags: int = 0) -> int:
        return self._act(jobs.tune, self._host, downtime_ms=milliseconds)

    def migrateSetMaxSpeed(self, mib_per_s: int, flags: int = 0) -> int:
        return self._act(jobs.tune, self._host, bandwidth=mib_per_s)

    def migrateStartPostCopy(self, flags: int = 0) -> int:
        return self._act(jobs.switch_to_postcopy, self._host)

    def migrateToURI3(self, uri: str, params: dict[str, Any], flags: int) -> int:
        """Return when the guest has moved; libvirtError when it has not. The copy goes on when the
        process that called this ends."""
        if flags & Migrate.POSTCOPY_RESUME:
            raise make_error(abi.Error.OPERATION_UNSUPPORTED,
                             'a simulated post-copy cannot be resumed')
        dest = host_of(uri)
        with self._world.change(self._host, also=dest) as state:
            started = jobs.start(state, self._uuid, self._host, dest,
                                 jobs.Terms.of(flags, params)).copy.started
        self._wait(started)
        return 0

    def _wait(self, started: float) -> None:
        def ended(state: State) -> tuple[str, str, int] | None:
            job = state.jobs.get(self._uuid)
            if job is None or job.source != self._host or job.copy.started != started:
                return states.COMPLETED, '', 0     # it has moved, and on from there
            if job.status == states.IN_POSTCOPY and job.failed_postcopy:
                return job.status, errors.CLOSED, int(abi.Error.INTERNAL_ERROR)
            return None if job.active else (job.status, job.reason, job.code)

        status, reason, code = self._world.wait_until(ended, FOREVER, self._host)
        if status != states.COMPLETED:
            raise make_error(code or (abi.Error.OPERATION_ABORTED if status == states.CANCELLED
                                      else abi.Error.OPERATION_FAILED), reason)


def _job_stats(state: State, guest: Guest) -> dict[str, Any]:
    job = jobs.active(state, guest.uuid)
    if job is None or guest.host not in (job.source, job.dest):
        return {'type': int(abi.Job.NONE)}
    if guest.host == job.source:
        if job.failed_postcopy:
            return {'type': int(abi.Job.NONE)}
        return jobs.stats(state, job, abi.Operation.MIGRATION_OUT)
    if not guest.incoming:
        return {'type': int(abi.Job.NONE)}
    if job.status == states.IN_POSTCOPY:
        raise make_error(abi.Error.OPERATION_UNSUPPORTED,
                         'Operation not supported: migration statistics are not available')
    return jobs.stats(state, job, abi.Operation.MIGRATION_IN)


def host_of(uri: str) -> str:
    """The host that a URI names: of libvirt's, or simulated:///HOST."""
    parts = urllib.parse.urlsplit(uri)
    name = parts.netloc.rpartition('@')[2] or parts.path.strip('/')
    return name.strip('[]')
