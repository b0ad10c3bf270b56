# SPDX-License-Identifier: Apache-2.0
"""The destination's part of a live migration: check, make room, prove arrival, or tidy up.

The destination acts only when asked and needs no memory of a migration: each call carries what it
needs and can be made again. What a rollback could not remove, since the hypervisor or the whole
host was away, is removed by a later :meth:`LiveMigrationDestination.sweep`.
"""
import math
import time
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, notifications, objects
from nova_lite.compute import ownership, refusals
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states, power_state
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData, Migration
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)

# how a migration ended of which the destination may still have something
LEAVE_SOMETHING = (migration_states.FAILED, migration_states.CANCELLED, migration_states.ERROR)

# s after its check for which a migration is taken to be under way, by this host's own clock
JUST_CHECKED = 2.0


class LiveMigrationDestination:
    def __init__(self, host: str, driver: virt_driver.ComputeDriver) -> None:
        self.host, self._driver = host, driver
        self._compute = ComputeAPI()
        self._checked: dict[str | None, float] = {}    # probe's name -> when the check began

    def check(self, ctxt: RequestContext, instance: Instance, source_node: ComputeNode,
              dest_node: ComputeNode, block_migration: bool | None,
              disk_over_commit: bool | None) -> LibvirtLiveMigrateData:
        """Ask this host's hypervisor, then the source about what both must agree on.

        Whatever goes wrong in the question to the source is a refusal by this host, so that the
        conductor may try another one. Returns LiveMigrateData.
        """
        began = time.monotonic()
        with refusals.by(self.host):
            data = self._driver.check_can_live_migrate_destination(
                ctxt, instance, source_node, dest_node, block_migration, disk_over_commit)
        for probe, at in list(self._checked.items()):       # others add and take at the same time
            if began - at >= JUST_CHECKED:
                self._checked.pop(probe, None)
        self._checked[data.filename] = began
        try:
            return self._compute.check_can_live_migrate_source(
                ctxt, host=instance.known_host, instance=instance, dest_check_data=data)
        except Exception as error:
            name, words = exception.class_of(error), exception.public_message(error)
            raise exception.MigrationPreCheckError(
                reason=f'Error while check_can_live_migrate_source from {instance.host} to '
                       f'{self.host}: {name if words == name else f"{name} {words}"}') from error
        finally:
            self._forget_check(ctxt, instance, data)

    def _forget_check(self, ctxt: RequestContext, instance: Instance,
                      data: LibvirtLiveMigrateData) -> None:
        """Remove what the check has made. What it found counts in any case; a file that cannot be
        removed is, when the host starts next."""
        try:
            self._driver.cleanup_live_migration_destination_check(ctxt, data)
        except Exception as error:
            LOG.warning('Instance %s: %s, made by a check, cannot be removed now: %s',
                        instance.uuid, data.filename, exception.message_of(error))

    def pre(self, ctxt: RequestContext, instance: Instance, disk_info: list[dict[str, Any]],
            migrate_data: LibvirtLiveMigrateData) -> LibvirtLiveMigrateData:
        # a message that was late is one of a migration that may be over
        checked = self._checked.pop(migrate_data.filename, -math.inf)
        if time.monotonic() - checked >= JUST_CHECKED:
            ownership.check_expected(ctxt, migrate_data.migration, self.host)
        with (notifications.live_migration_phase(ctxt, instance, 'pre', self.host),
              refusals.by(self.host)):
            return self._driver.pre_live_migration(ctxt, instance, disk_info, migrate_data)

    def post(self, ctxt: RequestContext, instance: Instance,
             migrate_data: LibvirtLiveMigrateData) -> int:
        """Prove that the guest is here and whole; returns its power_state."""
        with notifications.live_migration_phase(ctxt, instance, 'post_dest', self.host):
            info = self._driver.post_live_migration_at_destination(ctxt, instance, migrate_data)
        LOG.info('Instance %s has arrived on host %s', instance.uuid, self.host)
        return info.state

    def obstacle(self, instance: Instance) -> str:
        """What keeps a guest in post-copy from being whole; '' when it is. InstanceNotRunning when
        there is no guest any more that could become whole."""
        try:
            info = self._driver.get_info(instance)
        except exception.InstanceNotFound as error:
            raise exception.InstanceNotRunning(instance_id=instance.uuid, host=self.host,
                                               reason=error.format_message()) from error
        if info.state not in (power_state.RUNNING, power_state.PAUSED):
            raise exception.InstanceNotRunning(
                instance_id=instance.uuid, host=self.host,
                reason=f'it is {power_state.NAMES[info.state]}: {info.reason}')
        return (info.reason or 'its memory is still on the way') if info.incoming else ''

    def rollback(self, ctxt: RequestContext, instance: Instance,
                 migrate_data: LibvirtLiveMigrateData) -> None:
        with notifications.live_migration_phase(ctxt, instance, 'rollback_dest', self.host):
            self._driver.rollback_live_migration_at_destination(ctxt, instance, migrate_data)

    def sweep(self, ctxt: RequestContext) -> None:
        """Remove what is left here of migrations that have failed or were cancelled. One that
        ended in ``error`` is for an operator to look at, until the server is deleted."""
        incoming = {migration: instance for instance, migration in self._driver.list_incoming()}
        if not incoming:
            return
        for migration in objects.MigrationList.get_by_filters(
                ctxt, {'uuid': list(incoming), 'dest_compute': self.host,
                       'status': LEAVE_SOMETHING}):
            self._remove_what_is_left(ctxt, incoming[migration.uuid], migration)

    def _remove_what_is_left(self, ctxt: RequestContext, instance_uuid: str,
                             migration: Migration) -> None:
        instance = objects.Instance(ctxt, uuid=instance_uuid, metadata={}, task_state=None)
        try:
            if migration.status != migration_states.ERROR:
                LOG.info('Removing what is left of migration %s', migration.uuid)
                self._driver.rollback_live_migration_at_destination(
                    ctxt, instance,
                    objects.LibvirtLiveMigrateData.from_stored(ctxt, migration))
            elif self._is_deleted(ctxt, instance_uuid):
                LOG.info('Removing the deleted instance %s, which migration %s has lost',
                         instance_uuid, migration.uuid)
                self._driver.destroy(ctxt, instance)
        except exception.NovaLiteException as error:
            LOG.warning('Cannot remove what is left of migration %s: %s', migration.uuid,
                        error.format_message())

    @staticmethod
    def _is_deleted(ctxt: RequestContext, instance_uuid: str) -> bool:
        try:
            objects.Instance.get_by_uuid(ctxt, instance_uuid)
        except exception.InstanceNotFound:
            return True
        return False
