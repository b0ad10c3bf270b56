# SPDX-License-Identifier: Apache-2.0
"""One guest as libvirt has it: the only module that calls methods of a domain.

The domain is looked up for each call, so a Guest stays good while libvirtd restarts and the guest
moves away and back. Every method: InstanceNotFound when there is no such guest here,
HypervisorUnavailable when libvirt is away, LibvirtError when it refuses.
"""
import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from nova_lite import exception
from nova_lite.migration import power_state
from nova_lite.migration.observations import GuestInfo
from nova_lite.virt.libvirt import abi, binding, host
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.libvirt.interface import Connection, Domain

T = TypeVar('T')

_POWER_STATES: dict[int, int] = {
    abi.State.NOSTATE: power_state.NOSTATE,
    abi.State.RUNNING: power_state.RUNNING,
    abi.State.BLOCKED: power_state.RUNNING,
    abi.State.PAUSED: power_state.PAUSED,
    abi.State.SHUTDOWN: power_state.RUNNING,    # still on its way down
    abi.State.SHUTOFF: power_state.SHUTDOWN,
    abi.State.CRASHED: power_state.CRASHED,
    abi.State.PMSUSPENDED: power_state.SUSPENDED,
}
_REASONS: dict[tuple[int, int], str] = {
    (abi.State.RUNNING, abi.Running.POSTCOPY): 'running while its memory still arrives',
    (abi.State.RUNNING, abi.Running.POSTCOPY_FAILED): 'post-copy broke',
    (abi.State.PAUSED, abi.Paused.MIGRATION): 'paused by a migration',
    (abi.State.PAUSED, abi.Paused.STARTING_UP): 'starting',
    (abi.State.PAUSED, abi.Paused.IOERROR): 'paused by a disk error',
    (abi.State.PAUSED, abi.Paused.POSTCOPY): 'paused, runs at the destination',
    (abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED): 'post-copy broke',
    (abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN): 'shut itself down',
    (abi.State.SHUTOFF, abi.Shutoff.DESTROYED): 'was powered off',
    (abi.State.SHUTOFF, abi.Shutoff.CRASHED): 'crashed',
    (abi.State.SHUTOFF, abi.Shutoff.MIGRATED): 'has migrated',
    (abi.State.SHUTOFF, abi.Shutoff.SAVED): 'saved to disk',
    (abi.State.SHUTOFF, abi.Shutoff.FAILED): 'could not be started',
}


class Seen(NamedTuple):
    """One look at a guest: libvirt's state and reason, and the statistics of its running job
    (empty when none runs); ``saved``: its memory is on disk."""
    state: int
    reason: int
    persistent: bool = True
    job: dict[str, Any] = {}
    saved: bool = False

    @property
    def active(self) -> bool:
        return self.state not in (abi.State.SHUTOFF, abi.State.CRASHED, abi.State.NOSTATE)

    @property
    def incoming(self) -> bool:
        """The unfinished half of a migration to this host. It becomes persistent just before the
        end, and in post-copy it runs long before its memory is complete."""
        if self.job.get('operation') == abi.Operation.MIGRATION_IN:
            return True
        if self.state == abi.State.PAUSED:
            return (self.reason in (abi.Paused.MIGRATION, abi.Paused.STARTING_UP)
                    and not self.departing)
        return self.state == abi.State.RUNNING and self.reason in (
            abi.Running.POSTCOPY, abi.Running.POSTCOPY_FAILED)

    @property
    def departing(self) -> bool:
        """A migration away from this host is under way."""
        return (self.job.get('type') in (abi.Job.BOUNDED, abi.Job.UNBOUNDED)
                and self.job.get('operation') == abi.Operation.MIGRATION_OUT)

    @property
    def half(self) -> bool:
        """Stopped by a migration: it may run elsewhere, so it must not be started here."""
        return self.state == abi.State.PAUSED and self.reason in (
            abi.Paused.MIGRATION, abi.Paused.POSTCOPY, abi.Paused.POSTCOPY_FAILED)

    @property
    def ended_by_itself(self) -> bool:
        """Off, and once whole here: libvirt forgets an unfinished half when that ends."""
        return self.persistent and (self.state, self.reason) in (
            (abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN), (abi.State.SHUTOFF, abi.Shutoff.DESTROYED))

    @property
    def migrated(self) -> bool:
        """Off here since it went to another host, and nothing is known of it after that."""
        return (self.state, self.reason) == (abi.State.SHUTOFF, abi.Shutoff.MIGRATED)

    @property
    def forgotten(self) -> bool:
        """Off for a reason that libvirtd does not keep beyond its own restart. A saved guest has
        its memory here."""
        return not self.saved and (self.state, self.reason) == (
            abi.State.SHUTOFF, abi.Shutoff.UNKNOWN)

    @property
    def words(self) -> str:
        default = abi.State(self.state).name.lower() if self.state in list(abi.State) else '?'
        return _REASONS.get((self.state, self.reason), default)

    def info(self) -> GuestInfo:
        return GuestInfo(state=_POWER_STATES.get(self.state, power_state.NOSTATE),
                         incoming=self.incoming, persistent=self.persistent, reason=self.words,
                         leaving=self.departing or self.half and not self.incoming,
                         departing=self.departing, migrated=self.migrated,
                         forgotten=self.forgotten, saved=self.saved)


class Guest:
    def __init__(self, connections: host.Host, uuid: str) -> None:
        self._host, self.uuid = connections, uuid
        self.courier, self.clock = connections.courier, connections.clock
        self.storage, self.host_name = connections.storage, connections.name

    def _call(self, fn: Callable[[Domain], T]) -> T:
        """``fn(domain)`` off the event loop."""
        try:
            return self._host.call(lambda connection: fn(connection.lookupByUUIDString(self.uuid)))
        except host.LibvirtError as error:
            if error.code == abi.Error.NO_DOMAIN:
                raise exception.InstanceNotFound(instance_id=self.uuid) from None
            raise

    def open_connection(self) -> Connection:
        """A connection of its own, in the calling (native) thread. Raises libvirtError."""
        return self._host.open()

    # -- looking ----------------------------------------------------------------------------------
    def look(self) -> Seen:
        return self._call(_look)

    def exists(self) -> bool:
        try:
            self._call(lambda domain: None)
        except exception.InstanceNotFound:
            return False
        return True

    def live_xml(self) -> str:
        """The definition of what runs now, with the backing files of its disks."""
        return self._call(lambda domain: domain.XMLDesc(abi.Xml.SECURE))

    def migratable_xml(self) -> tuple[str, str]:
        """What a migration carries: (of the running guest, of its kept definition)."""
        return self._call(_migratable_xml)

    # -- life -------------------------------------------------------------------------------------
    def define(self, xml: str) -> None:
        def define(connection: Connection) -> None:
            connection.defineXML(xml)
        self._host.call(define)

    def keep_definition(self) -> None:
        """Make a definition that outlives a guest which has none."""
        def define(domain: Domain) -> None:
            inactive = domain.XMLDesc(abi.Xml.INACTIVE | abi.Xml.SECURE)
            domain.connect().defineXML(inactive)
        self._call(define)

    def start(self) -> None:
        """Start, or go on from the saved memory. Nothing to do when it runs."""
        self._call(lambda domain: None if domain.isActive() else domain.create())

    def boot(self) -> None:
        """Start it anew: memory that was saved is dropped."""
        self._call(lambda domain: None if domain.isActive() else
                   domain.createWithFlags(abi.START_FORCE_BOOT))

    def shutdown(self) -> None:
        """Ask the guest to shut itself down."""
        self._call(lambda domain: domain.shutdown())

    def destroy(self) -> None:
        """Pull the plug. Nothing to do when it is off."""
        self._call(lambda domain: domain.destroy() if domain.isActive() else None)

    def undefine(self) -> None:
        """Drop the definition and the saved memory; a running guest goes on without it."""
        def undefine(domain: Domain) -> None:
            if domain.isPersistent():
                domain.undefineFlags(abi.Undefine.MANAGED_SAVE
                                     | abi.Undefine.SNAPSHOTS_METADATA
                                     | abi.Undefine.CHECKPOINTS_METADATA | abi.Undefine.NVRAM)
        self._call(undefine)

    def pause(self) -> None:
        """Stop its CPUs. Nothing to do when they are stopped."""
        self._call(lambda domain: domain.suspend())

    def unpause(self) -> None:
        """Let its CPUs run. Nothing to do when they do."""
        self._call(lambda domain: None if domain.state()[0] == abi.State.RUNNING
                   else domain.resume())

    def save(self) -> None:
        """Write the memory to disk and end the guest; start() goes on from there."""
        self._call(lambda domain: domain.managedSave(0) if domain.isActive() else None)

    # -- a running migration ----------------------------------------------------------------------
    def is_stopped_by_hand(self) -> bool:
        """Of a guest that stands still during its copy, which libvirt calls "paused by migration"
        in any case: was it stopped by somebody? Only QEMU tells its own stop apart."""
        return self._call(_run_state) == 'paused'

    def abort_job(self) -> None:
        self._call(lambda domain: domain.abortJob())

    def set_max_downtime(self, milliseconds: int) -> None:
        self._call(lambda domain: domain.migrateSetMaxDowntime(milliseconds, 0))

    def hypervisor_version(self) -> int:
        """QEMU's own number: major * 1000000 + minor * 1000 + release."""
        return self._host.call(lambda connection: connection.getVersion())

    def set_max_speed(self, mib_per_s: int) -> None:
        self._call(lambda domain: domain.migrateSetMaxSpeed(mib_per_s, 0))

    def start_post_copy(self) -> None:
        self._call(lambda domain: domain.migrateStartPostCopy(0))


def migrate(connection: Connection, uuid: str, uri: str, params: dict[str, Any],
            flags: int) -> None:
    """Move a guest, in the calling native thread, until the end. Raises libvirtError."""
    connection.lookupByUUIDString(uuid).migrateToURI3(uri, params, flags)


def list_all(connections: host.Host) -> dict[str, bool]:
    """UUID of every guest here, and whether it is active."""
    return connections.call(lambda connection: {
        domain.UUIDString(): domain.ID() != -1 for domain in connection.listAllDomains()})


def look_at_all(connections: host.Host) -> dict[str, Seen]:
    """Every guest here by uuid, without its job. One that goes meanwhile is left out."""
    def look_at(domain: Domain) -> Seen:
        state, reason = domain.state()
        return Seen(state, reason, bool(domain.isPersistent()))
    return connections.call(_of_each, 0, look_at)


def list_departing(connections: host.Host) -> set[str]:
    """UUID of every guest here that a migration is taking away."""
    found = connections.call(_of_each, int(abi.LIST_ACTIVE), _look)
    return {uuid for uuid, seen in found.items() if seen.departing}


def _of_each(connection: Connection, flags: int, fn: Callable[[Domain], T]) -> dict[str, T]:
    """By uuid. A guest that goes meanwhile is left out."""
    found = {}
    for domain in connection.listAllDomains(flags):
        try:
            found[domain.UUIDString()] = fn(domain)
        except libvirtError as error:
            if error.get_error_code() != abi.Error.NO_DOMAIN:
                raise
    return found


def _look(domain: Domain) -> Seen:
    state, reason = domain.state()
    job: dict[str, Any] = {}
    if state != abi.State.SHUTOFF:
        try:
            job = domain.jobStats()
        except libvirtError as error:
            # ended since, or an incoming post-copy, whose statistics do not exist
            if error.get_error_code() == abi.Error.NO_DOMAIN:
                raise
    if job.get('type', abi.Job.NONE) == abi.Job.NONE:
        job = {}
    # the reason is forgotten when libvirtd starts again, the file is not
    saved = state == abi.State.SHUTOFF and bool(domain.hasManagedSaveImage())
    return Seen(state, reason, bool(domain.isPersistent()), job, saved)


def _run_state(domain: Domain) -> str:
    answer = binding.monitor_command(domain, '{"execute": "query-status"}')
    return str(json.loads(answer)['return']['status'])


def _migratable_xml(domain: Domain) -> tuple[str, str]:
    flags = abi.Xml.MIGRATABLE | abi.Xml.SECURE
    return domain.XMLDesc(flags), domain.XMLDesc(flags | abi.Xml.INACTIVE)


def look(guest: Guest) -> Seen | None:
    """What is seen of the guest here, or None."""
    try:
        return guest.look()
    except exception.InstanceNotFound:
        return None
