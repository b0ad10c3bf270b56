# SPDX-License-Identifier: Apache-2.0
"""The conductor: runs what spans hosts, and acts on the database for the computes."""
from typing import Any

from oslo_log import log as logging
from oslo_versionedobjects import base as ovo_base

from nova_lite import exception, faults, notifications, objects
from nova_lite.compute import events, task_states, vm_states
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conductor.tasks import live_migrate
from nova_lite.objects import base as objects_base
from nova_lite.scheduler.rpcapi import SchedulerAPI

LOG = logging.getLogger(__name__)


class ConductorManager:
    """Endpoints of :class:`nova_lite.conductor.rpcapi.ConductorAPI`."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._scheduler, self._compute = SchedulerAPI(), ComputeAPI()

    # -- live migration --------------------------------------------------------------------------
    def migrate_server(self, ctxt: Any, instance: Any, scheduler_hint: dict, live: bool,
                       block_migration: bool | None, disk_over_commit: bool | None) -> None:
        if not live:
            raise exception.MigrationError(reason='only live migration is offered')
        self._live_migrate(ctxt, instance, scheduler_hint, block_migration, disk_over_commit)

    def live_migrate_instance(self, ctxt: Any, instance: Any, scheduler_hint: dict,
                              block_migration: bool | None,
                              disk_over_commit: bool | None) -> None:
        self._live_migrate(ctxt, instance, scheduler_hint, block_migration, disk_over_commit)

    def _live_migrate(self, ctxt: Any, instance: Any, hint: dict, block_migration: bool | None,
                      disk_over_commit: bool | None) -> None:
        # the API has decided what the user may; from here the system acts
        system = ctxt.elevated()
        migration = self._create_migration(system, instance, hint, block_migration,
                                           disk_over_commit)
        task = live_migrate.LiveMigrationTask(
            system, instance, migration, host=hint.get('host'), force=hint.get('force', False),
            block_migration=block_migration, disk_over_commit=disk_over_commit)
        try:
            task.execute()
        except Exception as error:
            self._refuse(system, instance, migration, error)
            if faults.event_for(error) == 'lose':
                raise exception.MigrationError(reason=exception.message_of(error)) from error
            raise

    def _create_migration(self, ctxt: Any, instance: Any, hint: dict,
                          block_migration: bool | None, disk_over_commit: bool | None) -> Any:
        flavor_id = instance.flavor.id if instance.flavor else None
        migration = objects.Migration(
            ctxt, instance_uuid=instance.uuid, migration_type='live-migration',
            source_compute=instance.host, source_node=instance.node,
            dest_compute=hint.get('host'), old_instance_type_id=flavor_id,
            new_instance_type_id=flavor_id, user_id=ctxt.user_id, project_id=ctxt.project_id,
            block_migration=block_migration, disk_over_commit=disk_over_commit, owner=self.host)
        migration.create()
        return migration

    def _refuse(self, ctxt: Any, instance: Any, migration: Any, error: Exception) -> None:
        """Write why a migration did not start; the server is as it was, or in error where
        nobody knows what happened."""
        event = faults.event_for(error)
        LOG.warning('Live migration of instance %s is over before it began: %s', instance.uuid,
                    exception.message_of(error), exc_info=error if event == 'lose' else None)
        events.record_fault(ctxt, instance, error, self.host)
        try:
            migration.advance(event, reason=exception.message_of(error),
                              failed_check=type(error).__name__.removesuffix('_Remote'))
        except exception.InvalidMigrationState as late:
            LOG.info('Migration %s is decided already: %s', migration.uuid,
                     late.format_message())
        instance.refresh()
        notifications.migrate_server_error(ctxt, instance, error, self.host)

    # -- a new server ----------------------------------------------------------------------------
    def build_instance(self, ctxt: Any, instance: Any, scheduler_hint: dict) -> None:
        system = ctxt.elevated()
        spec = objects.RequestSpec.for_instance(
            system, instance, consumer_uuid=instance.uuid, ignore_hosts=[],
            requested_host=scheduler_hint.get('host'), force=scheduler_hint.get('force', False))
        try:
            selection = self._scheduler.select_destinations(system, spec=spec)
            instance.host, instance.node = selection.service_host, selection.nodename
            instance.task_state = task_states.SPAWNING
            instance.save(expected_task_state=task_states.SCHEDULING)
            self._compute.build_and_run_instance(system, host=instance.host, instance=instance)
        except exception.UnexpectedDeletingTaskStateError:
            LOG.info('Instance %s was deleted before it was built', instance.uuid)
            objects.Claim.drop(system, instance.uuid)
        except Exception as error:
            objects.Claim.drop(system, instance.uuid)
            events.record_fault(system, instance, error, self.host)
            instance.refresh()
            instance.host = instance.node = instance.task_state = None
            instance.vm_state = vm_states.ERROR
            instance.save()
            raise

    # -- the computes' database ------------------------------------------------------------------
    def object_class_action_versions(self, ctxt: Any, objname: str, objmethod: str,
                                     object_versions: dict, args: list, kwargs: dict) -> Any:
        cls = objects_base.NovaLiteObject.obj_class_from_name(objname, object_versions[objname])
        result = self._remotable(cls, objmethod)(ctxt, *args, **kwargs)
        if isinstance(result, ovo_base.VersionedObject):
            return result.obj_to_primitive(target_version=object_versions[objname],
                                           version_manifest=object_versions)
        return result

    def object_action(self, ctxt: Any, objinst: Any, objmethod: str, args: list,
                      kwargs: dict) -> Any:
        before = objinst.obj_clone()
        result = self._remotable(objinst, objmethod)(*args, **kwargs)
        updates = {}
        for name, field in objinst.fields.items():
            if not objinst.obj_attr_is_set(name):
                continue
            if not before.obj_attr_is_set(name) or getattr(before, name) != getattr(objinst, name):
                updates[name] = field.to_primitive(objinst, name, getattr(objinst, name))
        updates['obj_what_changed'] = list(objinst.obj_what_changed())
        return updates, result

    def object_backport_versions(self, ctxt: Any, objinst: Any, object_versions: dict) -> Any:
        return objinst.obj_to_primitive(target_version=object_versions[objinst.obj_name()],
                                        version_manifest=object_versions)

    @staticmethod
    def _remotable(target: Any, name: str) -> Any:
        """A method that may be called from afar: only those that say so."""
        method = getattr(target, name, None)
        if not getattr(method, 'remotable', False):
            raise exception.Forbidden(f'{name} cannot be called remotely')
        return method
