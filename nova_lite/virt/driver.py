# SPDX-License-Identifier: Apache-2.0
"""The contract between a compute and its hypervisor.

The compute manager decides, the driver acts: a driver never writes a status, never calls another
host and never opens the database. Every method can be called again after a crash in the middle
of it. Native calls are the driver's to keep off the event loop.
"""
import abc
from collections.abc import Callable
from typing import Any

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.migration.observations import (
    BROKEN,
    CANCELLED,
    COMPLETED,
    FAILED,
    LOST,
    GuestInfo,
    Outcome,
    Progress,
)
from nova_lite.migration.steering import Steering
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData

# the words of the contract's answers
__all__ = ('BROKEN', 'CANCELLED', 'COMPLETED', 'FAILED', 'LOST', 'GuestInfo', 'Outcome',
           'Progress', 'ComputeDriver', 'StartCopy')


# live_migration() and adopt_live_migration()
StartCopy = Callable[[RequestContext, Instance, str, LibvirtLiveMigrateData,
                      Callable[[Progress], None], Steering], Outcome]


class ComputeDriver(abc.ABC):
    """One hypervisor on one host."""

    # -- the host --------------------------------------------------------------------------------
    @abc.abstractmethod
    def init_host(self, host: str) -> None:
        """Connect. Raises HypervisorUnavailable."""

    @abc.abstractmethod
    def cleanup_host(self) -> None:
        """Let go of the hypervisor; guests and migrations go on."""

    @abc.abstractmethod
    def get_available_resource(self) -> dict[str, Any]:
        """What the host has, by column of compute_nodes: hypervisor_hostname, hypervisor_type,
        hypervisor_version (int), vcpus, memory_mb, local_gb, disk_available_least (GiB),
        running_vms, cpu_info (JSON text), supported_instances (JSON text), host_ip."""

    def get_host_uptime(self) -> str:
        """The line of uptime(1) on this host. UptimeUnknown where there is none."""
        raise exception.UptimeUnknown(host=CONF.host)

    @abc.abstractmethod
    def list_instance_uuids(self) -> list[str]:
        """Every guest defined or running here, incoming halves too."""

    @abc.abstractmethod
    def list_guests(self) -> dict[str, GuestInfo]:
        """All of them by uuid, at one look: ``leaving`` and ``departing`` are not told of one that
        runs."""

    @abc.abstractmethod
    def list_departing(self) -> set[str]:
        """Those of which a copy to another host is under way, by uuid, at one look."""

    @abc.abstractmethod
    def get_info(self, instance: Instance) -> GuestInfo:
        """Raises InstanceNotFound when there is no such guest here."""

    def listen(self, changed: Callable[[str], None]) -> None:      # noqa: B027 (it may tell nothing)
        """From now on call ``changed(uuid)``, which never waits, when a guest here was started,
        ended, paused or let go on, by whomever but a migration on its way. A hypervisor that
        tells nothing calls nobody."""

    # -- a guest's life --------------------------------------------------------------------------
    @abc.abstractmethod
    def spawn(self, ctxt: RequestContext, instance: Instance) -> None:
        """Make the disks, define and start. On failure nothing is left. InstanceDeployFailure."""

    @abc.abstractmethod
    def destroy(self, ctxt: RequestContext, instance: Instance,
                destroy_disks: bool = True) -> None:
        """End the guest and its definition, and its files when ``destroy_disks``. Idempotent."""

    @abc.abstractmethod
    def power_on(self, ctxt: RequestContext, instance: Instance) -> None: ...

    @abc.abstractmethod
    def power_off(self, ctxt: RequestContext, instance: Instance, timeout: int = 0) -> None:
        """Shut down, and pull the plug after ``timeout`` seconds (0: at once). Idempotent."""

    @abc.abstractmethod
    def reboot(self, ctxt: RequestContext, instance: Instance, reboot_type: str) -> None:
        """``reboot_type`` is SOFT or HARD."""

    @abc.abstractmethod
    def pause(self, instance: Instance) -> None: ...

    @abc.abstractmethod
    def unpause(self, instance: Instance) -> None: ...

    @abc.abstractmethod
    def suspend(self, ctxt: RequestContext, instance: Instance) -> None:
        """Save the guest's memory to disk and end it."""

    @abc.abstractmethod
    def resume(self, ctxt: RequestContext, instance: Instance) -> None: ...

    # -- before the move -------------------------------------------------------------------------
    @abc.abstractmethod
    def check_can_live_migrate_destination(self, ctxt: RequestContext, instance: Instance,
                                           src_node: ComputeNode, dst_node: ComputeNode,
                                           block_migration: bool | None,
                                           disk_over_commit: bool | None
                                           ) -> LibvirtLiveMigrateData:
        """At the destination: compare CPUs, leave a probe file in the instances directory, say
        how much disk there is. Returns LiveMigrateData. MigrationPreCheckError."""

    @abc.abstractmethod
    def cleanup_live_migration_destination_check(self, ctxt: RequestContext,
                                                 migrate_data: LibvirtLiveMigrateData) -> None:
        """Remove what the check left. Idempotent."""

    @abc.abstractmethod
    def check_can_live_migrate_source(self, ctxt: RequestContext, instance: Instance,
                                      migrate_data: LibvirtLiveMigrateData
                                      ) -> LibvirtLiveMigrateData:
        """At the source: is the storage shared, is the guest here, do its disks fit over there?
        ``block_migration`` None is decided here. Returns migrate_data. InvalidLocalStorage,
        InvalidSharedStorage, MigrationPreCheckError."""

    @abc.abstractmethod
    def get_instance_disk_info(self, instance: Instance) -> list[dict[str, Any]]:
        """The disks a block migration must make over there: path, type, virt_disk_size (bytes),
        disk_size (bytes allocated), backing_file (name in the images directory or ''),
        backing_digest (of that file). MigrationPreCheckError when the guest does not stand on
        that file any more."""

    @abc.abstractmethod
    def pre_live_migration(self, ctxt: RequestContext, instance: Instance,
                           disk_info: list[dict[str, Any]],
                           migrate_data: LibvirtLiveMigrateData) -> LibvirtLiveMigrateData:
        """At the destination: directory, disks, addresses to listen on. Returns migrate_data.
        DestinationDiskExists, MigrationPreCheckError (also for another backing file here)."""

    # -- the move --------------------------------------------------------------------------------
    @abc.abstractmethod
    def live_migration(self, ctxt: RequestContext, instance: Instance, dest: str,
                       migrate_data: LibvirtLiveMigrateData,
                       on_progress: Callable[[Progress], None],
                       steering: Steering | None = None) -> Outcome:
        """At the source: move the guest and wait for the end, however it ends. Returns once
        nothing of the job runs any more. ``on_progress`` may be slow or fail: neither may hurt
        the migration. ``steering`` (of migration/) decides, and is told what was done; None: a
        new one, without goals."""

    @abc.abstractmethod
    def adopt_live_migration(self, ctxt: RequestContext, instance: Instance, dest: str,
                             migrate_data: LibvirtLiveMigrateData,
                             on_progress: Callable[[Progress], None],
                             steering: Steering | None = None) -> Outcome:
        """At the source, after a restart: like live_migration() for a job that an earlier process
        started, which may run on, have ended, or never have begun (FAILED: the guest runs here
        and no job does)."""

    @abc.abstractmethod
    def live_migration_abort(self, instance: Instance) -> None:
        """Ask the running job to end; live_migration() then returns CANCELLED.
        NoActiveMigrationForInstance when no job runs."""

    @abc.abstractmethod
    def live_migration_force_complete(self, instance: Instance) -> None:
        """Make the running job converge by pausing the guest. NoActiveMigrationForInstance."""

    @abc.abstractmethod
    def live_migration_set_bandwidth(self, instance: Instance, mib_per_s: int) -> None:
        """Let the running job use this much of the link. NoActiveMigrationForInstance;
        InstanceInvalidState when the hypervisor does not take it (any more)."""

    def resume_live_migration(self, ctxt: RequestContext, instance: Instance, dest: str,
                              migrate_data: LibvirtLiveMigrateData,
                              on_progress: Callable[[Progress], None]) -> Outcome:
        """At the source, after BROKEN: try to connect both halves again, and wait for the end like
        live_migration(). BROKEN with the reason when that is impossible or dangerous."""
        return Outcome(BROKEN, 'this hypervisor cannot resume a post-copy')

    # -- after the move --------------------------------------------------------------------------
    @abc.abstractmethod
    def post_live_migration_at_destination(self, ctxt: RequestContext, instance: Instance,
                                           migrate_data: LibvirtLiveMigrateData) -> GuestInfo:
        """At the destination: prove that the guest is whole and ours (running or paused, not
        incoming, definition kept; or shut off by itself since), and pause it or let it go on where
        migrate_data.paused says so. InstanceNotRunning when it is not whole."""

    @abc.abstractmethod
    def post_live_migration_at_source(self, ctxt: RequestContext, instance: Instance,
                                      migrate_data: LibvirtLiveMigrateData) -> str:
        """At the source, only after the destination's proof: remove the definition and, where
        the storage is not shared, the files. Never ends a running guest. Returns the directory
        with files of the guest that stays, '' when none does. Idempotent."""

    @abc.abstractmethod
    def rollback_live_migration_at_destination(self, ctxt: RequestContext, instance: Instance,
                                               migrate_data: LibvirtLiveMigrateData) -> None:
        """At the destination: remove the incoming half and the files made for it, never a
        shared disk, and nothing where this migration has prepared nothing: then it is another's.
        Refuses (InstanceInvalidState) to touch a guest that runs. Idempotent."""

    @abc.abstractmethod
    def list_incoming(self) -> list[tuple[str, str]]:
        """At the destination: (guest, migration) by uuid, of each guest for which a migration has
        made files here and which has not arrived."""

    @abc.abstractmethod
    def rollback_live_migration_at_source(self, ctxt: RequestContext, instance: Instance,
                                          migrate_data: LibvirtLiveMigrateData) -> None:
        """At the source: the guest as it was before, paused only where others had paused it.
        Idempotent."""
