# SPDX-License-Identifier: Apache-2.0
"""The compute driver for QEMU guests by libvirt: the contract's calls, and who does them.

At the destination of a migration it checks, makes room and proves the arrival; at the source it
checks, starts the copy and has it watched. The rooms behind it: config (definitions), storage
(files), checks and decisions (pure), monitor (a running copy), guest and host (libvirt itself).
"""
import contextlib
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.migration.observations import GuestInfo, Outcome, Progress
from nova_lite.migration.steering import Steering
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData
from nova_lite.virt import driver as virt_driver
from nova_lite.virt import simulation
from nova_lite.virt.libvirt import (
    arrival,
    binding,
    decisions,
    departure,
    events,
    power,
    precheck_facts,
    probe,
    resources,
)
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt.guest import Guest
from nova_lite.virt.libvirt.host import Host, LibvirtError
from nova_lite.virt.simulation import steps

LOG = logging.getLogger(__name__)


class LibvirtDriver(virt_driver.ComputeDriver):

    def __init__(self) -> None:
        self._courier = events.Courier()
        self._host = Host(self._courier)
        self._departures = departure.Departures(self._courier)

    @property
    def host_name(self) -> str:
        return self._host.name

    def _guest(self, instance: Instance) -> Guest:
        return Guest(self._host, instance.uuid)

    # -- the host ---------------------------------------------------------------------------------
    def init_host(self, host: str) -> None:
        self._courier.start()
        self._host.connect(host)
        self._host.storage.prepare()
        probe.remove_stale(self._host.storage)
        LOG.info('Host %s runs QEMU %s', host, resources.version(self._host))

    def cleanup_host(self) -> None:
        self._host.close()
        self._courier.stop()

    def get_available_resource(self) -> dict[str, Any]:
        return resources.available(self._host)

    def get_host_uptime(self) -> str:
        return resources.uptime()

    def list_instance_uuids(self) -> list[str]:
        return list(guests.list_all(self._host))

    def list_guests(self) -> dict[str, GuestInfo]:
        return {uuid: seen.info() for uuid, seen in guests.look_at_all(self._host).items()}

    def list_departing(self) -> set[str]:
        return guests.list_departing(self._host)

    def get_info(self, instance: Instance) -> GuestInfo:
        return self._guest(instance).look().info()

    def listen(self, changed: Callable[[str], None]) -> None:
        def hear(event: events.Event) -> None:
            if event.kind == events.LIFECYCLE and decisions.is_change(*event.detail):
                changed(event.uuid)

        self._courier.listen(hear)

    # -- a guest's life ---------------------------------------------------------------------------
    def spawn(self, ctxt: RequestContext, instance: Instance) -> None:
        power.spawn(self._guest(instance), instance)

    def destroy(self, ctxt: RequestContext, instance: Instance,
                destroy_disks: bool = True) -> None:
        power.destroy(self._guest(instance), instance, destroy_disks)

    def power_on(self, ctxt: RequestContext, instance: Instance) -> None:
        power.power_on(self._guest(instance), instance)

    def power_off(self, ctxt: RequestContext, instance: Instance, timeout: int = 0) -> None:
        power.power_off(self._guest(instance), timeout)

    def reboot(self, ctxt: RequestContext, instance: Instance, reboot_type: str) -> None:
        power.reboot(self._guest(instance), instance, reboot_type)

    def pause(self, instance: Instance) -> None:
        self._guest(instance).pause()

    def unpause(self, instance: Instance) -> None:
        power.unpause(self._guest(instance))

    def suspend(self, ctxt: RequestContext, instance: Instance) -> None:
        self._guest(instance).save()

    def resume(self, ctxt: RequestContext, instance: Instance) -> None:
        power.power_on(self._guest(instance), instance)

    # -- before the move --------------------------------------------------------------------------
    def check_can_live_migrate_destination(self, ctxt: RequestContext, instance: Instance,
                                           src_node: ComputeNode, dst_node: ComputeNode,
                                           block_migration: bool | None,
                                           disk_over_commit: bool | None
                                           ) -> LibvirtLiveMigrateData:
        with self._as_refusal():
            return arrival.check(self._host, self._guest(instance), ctxt, instance, src_node,
                                 block_migration, disk_over_commit)

    def cleanup_live_migration_destination_check(self, ctxt: RequestContext,
                                                 migrate_data: LibvirtLiveMigrateData) -> None:
        probe.remove(self._host.storage, migrate_data.filename)

    def check_can_live_migrate_source(self, ctxt: RequestContext, instance: Instance,
                                      migrate_data: LibvirtLiveMigrateData
                                      ) -> LibvirtLiveMigrateData:
        with self._as_refusal():
            return departure.check(self._guest(instance), migrate_data)

    def get_instance_disk_info(self, instance: Instance) -> list[dict[str, Any]]:
        with self._as_refusal():
            return precheck_facts.disk_info(self._guest(instance))

    def pre_live_migration(self, ctxt: RequestContext, instance: Instance,
                           disk_info: list[dict[str, Any]],
                           migrate_data: LibvirtLiveMigrateData) -> LibvirtLiveMigrateData:
        with self._as_refusal():
            return arrival.prepare(self._guest(instance), instance, disk_info, migrate_data)

    # -- the move ---------------------------------------------------------------------------------
    def live_migration(self, ctxt: RequestContext, instance: Instance, dest: str,
                       migrate_data: LibvirtLiveMigrateData,
                       on_progress: Callable[[Progress], None],
                       steering: Steering | None = None) -> Outcome:
        return self._departures.move(self._guest(instance), instance, dest, migrate_data,
                                     on_progress, steering)

    def adopt_live_migration(self, ctxt: RequestContext, instance: Instance, dest: str,
                             migrate_data: LibvirtLiveMigrateData,
                             on_progress: Callable[[Progress], None],
                             steering: Steering | None = None) -> Outcome:
        return self._departures.adopt(self._guest(instance), instance, migrate_data, on_progress,
                                      steering)

    def resume_live_migration(self, ctxt: RequestContext, instance: Instance, dest: str,
                              migrate_data: LibvirtLiveMigrateData,
                              on_progress: Callable[[Progress], None]) -> Outcome:
        return self._departures.resume(self._guest(instance), instance, dest, migrate_data,
                                       on_progress)

    def live_migration_abort(self, instance: Instance) -> None:
        self._departures.abort(self._guest(instance))

    def live_migration_force_complete(self, instance: Instance) -> None:
        self._departures.force_complete(self._guest(instance))

    def live_migration_set_bandwidth(self, instance: Instance, mib_per_s: int) -> None:
        self._departures.set_bandwidth(self._guest(instance), mib_per_s)

    # -- after the move ---------------------------------------------------------------------------
    def post_live_migration_at_destination(self, ctxt: RequestContext, instance: Instance,
                                           migrate_data: LibvirtLiveMigrateData) -> GuestInfo:
        return arrival.confirm(self._guest(instance), migrate_data)

    def post_live_migration_at_source(self, ctxt: RequestContext, instance: Instance,
                                      migrate_data: LibvirtLiveMigrateData) -> str:
        return departure.clean_up(self._guest(instance), migrate_data)

    def rollback_live_migration_at_destination(self, ctxt: RequestContext, instance: Instance,
                                               migrate_data: LibvirtLiveMigrateData) -> None:
        arrival.roll_back(self._guest(instance), migrate_data)

    def list_incoming(self) -> list[tuple[str, str]]:
        return self._host.storage.list_incoming()

    def rollback_live_migration_at_source(self, ctxt: RequestContext, instance: Instance,
                                          migrate_data: LibvirtLiveMigrateData) -> None:
        """Nothing is left to do: who watched the copy let the guest go on, or paused it again."""

    @contextlib.contextmanager
    def _as_refusal(self) -> Iterator[None]:
        """Errors of libvirt, files and images before a migration as MigrationPreCheckError."""
        try:
            yield
        except (LibvirtError, exception.ImageNotFound, OSError,
                subprocess.SubprocessError) as error:
            raise exception.MigrationPreCheckError(
                reason=f'on host {self._host.name}: {power.words_of(error)}') from error


def make_driver() -> virt_driver.ComputeDriver:
    """For the hypervisor that ``[libvirt]connection_uri`` names."""
    uri = CONF.libvirt.connection_uri
    if not binding.is_simulated(uri):
        return LibvirtDriver()
    return steps.with_faults(LibvirtDriver(), lambda host: simulation.find(uri, host)[0])
