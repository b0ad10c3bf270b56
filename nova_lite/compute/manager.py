# SPDX-License-Identifier: Apache-2.0
"""The compute service's endpoints: unpack, let the right part do it.

The parts are the two sides of a live migration, the rest of a server's life and the host's
resources; the hypervisor is behind ``driver``.
"""
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging

from nova_lite import context
from nova_lite.compute import presence, refusals
from nova_lite.compute.departed import Departed
from nova_lite.compute.foreign_copies import ForeignCopies
from nova_lite.compute.guest_changes import GuestChanges
from nova_lite.compute.guest_inventory import GuestInventory
from nova_lite.compute.live_migration_destination import LiveMigrationDestination
from nova_lite.compute.live_migration_queue import LiveMigrationQueue
from nova_lite.compute.orders import Orders
from nova_lite.compute.resource_tracker import ResourceTracker
from nova_lite.compute.server_lifecycle import ServerLifecycle
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.migration import recovery
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData, Migration
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)


class ComputeManager:
    """Endpoints of :class:`nova_lite.compute.rpcapi.ComputeAPI`."""

    def __init__(self, host: str, driver: virt_driver.ComputeDriver) -> None:
        self.host, self.driver = host, driver
        self.servers = ServerLifecycle(host, driver)
        self.queue = LiveMigrationQueue(host, driver)
        self.orders = Orders(host, driver, self.servers, self.queue)
        self.foreign = ForeignCopies(host, driver)
        self.departed = Departed(host, driver, self.queue.moves)
        self.destination = LiveMigrationDestination(host, driver)
        self.resources = ResourceTracker(host, driver)
        self.guests = GuestInventory(host, driver)
        self.changes = GuestChanges(self._sync_changed)

    # -- service ---------------------------------------------------------------------------------
    def init_host(self) -> None:
        """Connect to the hypervisor, report the host, take up what the last process left."""
        ctxt = context.get_admin_context()
        self.driver.init_host(self.host)
        self.resources.report(ctxt)
        self.departed.clean_up(ctxt)
        self.foreign.look(ctxt)
        self.queue.start()
        self.orders.take_up(ctxt)
        self.driver.listen(self.changes.note)

    def periodic_tasks(self) -> list[tuple[float, Callable[[], None]]]:
        tasks: list[tuple[float, Callable[[], None]]] = [
            (CONF.update_resources_interval, self.update_resources),
            (CONF.update_resources_interval, self.sweep),
            (CONF.update_resources_interval, self.report_guests)]
        if CONF.sync_power_state_interval > 0:
            tasks.append((CONF.sync_power_state_interval, self.sync_power_states))
        return tasks

    def update_resources(self) -> None:
        self.resources.report(context.get_admin_context())

    def sweep(self) -> None:
        ctxt = context.get_admin_context()
        self.foreign.look(ctxt)
        self.destination.sweep(ctxt)
        self.departed.clean_up(ctxt)
        self.orders.take_up(ctxt)

    def report_guests(self) -> None:
        self.guests.report(context.get_admin_context())

    def sync_power_states(self) -> None:
        self.servers.sync_power_states(context.get_admin_context(), self.guests.is_elsewhere)

    def _sync_changed(self, uuids: set[str]) -> set[str]:
        return self.servers.sync_changed(context.get_admin_context(), uuids,
                                         self.guests.is_elsewhere)

    def stop(self) -> None:
        self.changes.stop()
        self.queue.stop()
        self.driver.cleanup_host()

    def get_host_uptime(self, ctxt: RequestContext) -> str:
        return self.driver.get_host_uptime()

    def ping(self, ctxt: RequestContext) -> None:
        pass        # that it answers is the answer

    # -- the life of a server: what is to be done stands in the database ------------------------
    def build_and_run_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def terminate_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def start_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def stop_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def reboot_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def pause_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def unpause_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def suspend_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    def resume_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out(instance.uuid)

    # -- live migration: destination -------------------------------------------------------------
    def check_can_live_migrate_destination(self, ctxt: RequestContext, instance: Instance,
                                           source_node: ComputeNode, dest_node: ComputeNode,
                                           block_migration: bool | None,
                                           disk_over_commit: bool | None
                                           ) -> LibvirtLiveMigrateData:
        return self.destination.check(ctxt, instance, source_node, dest_node, block_migration,
                                      disk_over_commit)

    def pre_live_migration(self, ctxt: RequestContext, instance: Instance,
                           disk_info: list[dict[str, Any]],
                           migrate_data: LibvirtLiveMigrateData) -> LibvirtLiveMigrateData:
        self.departed.let_in()
        return self.destination.pre(ctxt, instance, disk_info, migrate_data)

    def post_live_migration_at_destination(self, ctxt: RequestContext, instance: Instance,
                                           migration: Migration,
                                           migrate_data: LibvirtLiveMigrateData) -> int:
        return self.destination.post(ctxt, instance, migrate_data)

    def guest_presence(self, ctxt: RequestContext, instance: Instance) -> str:
        return recovery.GUEST[presence.look(self.driver, instance)]

    def locate_guest(self, ctxt: RequestContext, instance: Instance) -> str:
        return presence.locate(self.driver, instance)

    def keep_guest(self, ctxt: RequestContext, instance: Instance) -> None:
        self.guests.keep(ctxt, instance)

    def forget_guest(self, ctxt: RequestContext, instance: Instance) -> str:
        return self.guests.forget(ctxt, instance)

    def live_migration_obstacle(self, ctxt: RequestContext, instance: Instance) -> str:
        return self.destination.obstacle(instance)

    def discard_half(self, ctxt: RequestContext, instance: Instance) -> None:
        self.driver.destroy(ctxt, instance)

    def rollback_live_migration_at_destination(self, ctxt: RequestContext, instance: Instance,
                                               migrate_data: LibvirtLiveMigrateData) -> None:
        self.destination.rollback(ctxt, instance, migrate_data)

    # -- live migration: source ------------------------------------------------------------------
    def check_can_live_migrate_source(self, ctxt: RequestContext, instance: Instance,
                                      dest_check_data: LibvirtLiveMigrateData
                                      ) -> LibvirtLiveMigrateData:
        with refusals.by(self.host):
            return self.driver.check_can_live_migrate_source(ctxt, instance, dest_check_data)

    def live_migration(self, ctxt: RequestContext, dest: str, instance: Instance,
                       block_migration: bool | None, migration: Migration,
                       migrate_data: LibvirtLiveMigrateData | None) -> None:
        self.queue.put(migration)

    def live_migration_place_free(self, ctxt: RequestContext) -> None:
        self.queue.wake()

    def live_migration_abort(self, ctxt: RequestContext, instance: Instance,
                             migration: Migration) -> None:
        self.queue.abort(ctxt, instance, migration)

    def live_migration_force_complete(self, ctxt: RequestContext, instance: Instance,
                                      migration: Migration) -> None:
        self.queue.force_complete(ctxt, instance, migration)

    def live_migration_tune(self, ctxt: RequestContext, instance: Instance, migration: Migration,
                            changes: dict[str, int]) -> None:
        self.queue.tune(ctxt, instance, migration, changes)
