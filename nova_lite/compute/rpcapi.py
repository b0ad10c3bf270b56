# SPDX-License-Identifier: Apache-2.0
"""What a compute host does when asked. Client and server both come from here.

Method names are Nova's. ``host`` is where the call goes and is not sent along.
"""
from typing import Any

import oslo_messaging as messaging

from nova_lite import rpc
from nova_lite.context import RequestContext
from nova_lite.migration import recovery
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData, Migration

ANSWER_TIMEOUT = 10.0       # s that a host may take to say what it has


class ComputeAPI(rpc.Interface):
    topic = 'compute'
    version = '2.0'

    @rpc.call(to='host')
    def get_host_uptime(self, ctxt: RequestContext, host: str) -> str:
        """How long the host is up, as uptime(1) says it."""

    @rpc.call(to='host')
    def ping(self, ctxt: RequestContext, host: str) -> None:
        """Answer: who does that lives, whatever becomes of its heartbeats."""

    # -- the life of a server --------------------------------------------------------------------
    # each says only where to look: what is to be done, and whether it is still, stands in the
    # database (objects/order.py)
    @rpc.cast(to='host')
    def build_and_run_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Start a new guest."""

    @rpc.cast(to='host')
    def terminate_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """End a guest and remove its files."""

    @rpc.cast(to='host')
    def start_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Power a guest on."""

    @rpc.cast(to='host')
    def stop_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Shut a guest down."""

    @rpc.cast(to='host')
    def reboot_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Reboot a guest."""

    @rpc.cast(to='host')
    def pause_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Stop a guest's CPUs."""

    @rpc.cast(to='host')
    def unpause_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Let a paused guest go on."""

    @rpc.cast(to='host')
    def suspend_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Save a guest's memory and end it."""

    @rpc.cast(to='host')
    def resume_instance(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Start a suspended guest from its saved memory."""

    # -- before the move -------------------------------------------------------------------------
    @rpc.call(to='host', timeout=rpc.LONG, event=True, late=True)
    def check_can_live_migrate_destination(self, ctxt: RequestContext, host: str,
                                           instance: Instance, source_node: ComputeNode,
                                           dest_node: ComputeNode, block_migration: bool | None,
                                           disk_over_commit: bool | None
                                           ) -> LibvirtLiveMigrateData:
        """Destination: can the guest come here? Asks the source too; returns LiveMigrateData."""

    @rpc.call(to='host', event=True, late=True)
    def check_can_live_migrate_source(self, ctxt: RequestContext, host: str, instance: Instance,
                                      dest_check_data: LibvirtLiveMigrateData
                                      ) -> LibvirtLiveMigrateData:
        """Source: does the destination see the same storage, do the disks fit?"""

    # -- the move --------------------------------------------------------------------------------
    @rpc.cast(to='host', event=True)
    def live_migration(self, ctxt: RequestContext, host: str, dest: str, instance: Instance,
                       block_migration: bool | None, migration: Migration,
                       migrate_data: LibvirtLiveMigrateData | None) -> None:
        """Source: queue the migration; all about it and its outcome is on its record."""

    @rpc.call(to='host', timeout=rpc.LONG, event=True, late=True)
    def pre_live_migration(self, ctxt: RequestContext, host: str, instance: Instance,
                           disk_info: list[dict[str, Any]],
                           migrate_data: LibvirtLiveMigrateData) -> LibvirtLiveMigrateData:
        """Destination: make room; returns LiveMigrateData."""

    @rpc.call(to='host', timeout=rpc.LONG, event=True)
    def post_live_migration_at_destination(self, ctxt: RequestContext, host: str,
                                           instance: Instance, migration: Migration,
                                           migrate_data: LibvirtLiveMigrateData) -> int:
        """Destination: prove that the guest runs here; returns its power_state."""

    @rpc.call(to='host')
    def guest_presence(self, ctxt: RequestContext, host: str, instance: Instance) -> str:
        """Either side: what there is of a guest, one of the words of migration/recovery.py."""

    @rpc.call(to='host')
    def locate_guest(self, ctxt: RequestContext, host: str, instance: Instance) -> str:
        """Any host: what there is of a guest, one of the words of migration/location.py."""

    @rpc.call(to='host', event=True)
    def keep_guest(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Where a guest came by hand: prove that it is whole, and give it a definition that lasts.
        """

    @rpc.call(to='host', event=True)
    def forget_guest(self, ctxt: RequestContext, host: str, instance: Instance) -> str:
        """Where a guest has left by hand: remove its definition, and keep its disks. Returns the
        directory that they are in, '' when there is none."""

    @rpc.call(to='host')
    def live_migration_obstacle(self, ctxt: RequestContext, host: str, instance: Instance) -> str:
        """Destination: what keeps a guest in post-copy from being whole; '' when it is."""

    @rpc.call(to='host', event=True)
    def discard_half(self, ctxt: RequestContext, host: str, instance: Instance) -> None:
        """Destination: end what came of a guest in post-copy, since its server is deleted."""

    @rpc.call(to='host', timeout=rpc.LONG, event=True)
    def rollback_live_migration_at_destination(self, ctxt: RequestContext, host: str,
                                               instance: Instance,
                                               migrate_data: LibvirtLiveMigrateData) -> None:
        """Destination: remove what was made for a guest that does not come."""

    @rpc.cast(to='host')
    def live_migration_place_free(self, ctxt: RequestContext, host: str) -> None:
        """Source: a destination that queued migrations wait for has a place again."""

    @rpc.cast(to='host', event=True)
    def live_migration_abort(self, ctxt: RequestContext, host: str, instance: Instance,
                             migration: Migration) -> None:
        """Source: end a migration, the guest stays."""

    @rpc.cast(to='host', event=True)
    def live_migration_force_complete(self, ctxt: RequestContext, host: str, instance: Instance,
                                      migration: Migration) -> None:
        """Source: make the running copy converge."""

    @rpc.cast(to='host', event=True)
    def live_migration_tune(self, ctxt: RequestContext, host: str, instance: Instance,
                            migration: Migration, changes: dict[str, int]) -> None:
        """Source: give the running copy other terms."""


def ask_presence(compute: ComputeAPI, ctxt: RequestContext, host: str, instance: Instance) -> str:
    """What ``host`` says of a guest, a word of migration/recovery.py: AWAY when it does not answer
    within ANSWER_TIMEOUT."""
    try:
        with rpc.within(ANSWER_TIMEOUT):
            return compute.guest_presence(ctxt, host=host, instance=instance)
    except rpc.UNREACHABLE:
        return recovery.AWAY


def lives(compute: ComputeAPI, ctxt: RequestContext, host: str) -> bool:
    """Does the compute service of ``host`` answer, be it with an error? What rpc.NOT_SENT
    names is raised: who cannot ask knows nothing."""
    try:
        with rpc.within(ANSWER_TIMEOUT):
            compute.ping(ctxt, host=host)
    except messaging.MessagingTimeout:
        return False
    except messaging.RemoteError:
        pass        # of a release that has no such call
    return True
