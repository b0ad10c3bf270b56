# SPDX-License-Identifier: Apache-2.0
"""The conductor: runs what spans hosts, and acts on the database for the computes."""
from collections.abc import Callable
from typing import Any

from oslo_versionedobjects.base import VersionedObject

from nova_lite import exception
from nova_lite.conductor.live_migrations import LiveMigrations
from nova_lite.conductor.orders import Orders
from nova_lite.conductor.silent_hosts import SilentHosts
from nova_lite.context import RequestContext
from nova_lite.objects import Flavor, Instance, Migration
from nova_lite.objects import base as objects_base


class ConductorManager:
    """Endpoints of the interfaces of conductor/rpcapi.py."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.live_migrations, self.silent_hosts = LiveMigrations(host), SilentHosts(host)
        self.orders = Orders(host)

    # -- service ---------------------------------------------------------------------------------
    def init_host(self) -> None:
        """ConfigInvalid when the database has not the tables that are needed."""
        objects_base.db().check()

    def periodic_tasks(self) -> list[tuple[float, Callable[[], None]]]:
        return [*self.live_migrations.periodic_tasks(), *self.silent_hosts.periodic_tasks(),
                *self.orders.periodic_tasks()]

    def stop(self) -> None:
        self.live_migrations.release_leases()
        self.orders.release_leases()

    # -- live migration --------------------------------------------------------------------------
    def migrate_server(self, ctxt: RequestContext, instance: Instance,
                       scheduler_hint: dict[str, Any], live: bool, rebuild: bool,
                       flavor: Flavor | None, block_migration: bool | None,
                       disk_over_commit: bool | None, migration: Migration) -> None:
        """MigrationError for a cold migration or a resize; NotImplementedError for what is
        neither."""
        if live and not rebuild and not flavor:
            self.live_migrations.run(ctxt, instance, migration)
        elif not live and not rebuild and flavor:
            raise exception.MigrationError(reason='only live migration is offered')
        else:
            raise NotImplementedError('a server can be migrated live, and in no other way')

    def live_migrate_instance(self, ctxt: RequestContext, instance: Instance,
                              scheduler_hint: dict[str, Any], block_migration: bool | None,
                              disk_over_commit: bool | None, migration: Migration) -> None:
        self.live_migrations.run(ctxt, instance, migration)

    # -- a new server ----------------------------------------------------------------------------
    def build_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        self.orders.carry_out_for(ctxt, instance.uuid)

    # -- the computes' database ------------------------------------------------------------------
    def object_class_action_versions(self, ctxt: RequestContext, objname: str, objmethod: str,
                                     object_versions: dict[str, str], args: list[Any],
                                     kwargs: dict[str, Any]) -> Any:
        cls = objects_base.NovaLiteObject.obj_class_from_name(objname, object_versions[objname])
        result = self._remotable(cls, objmethod)(ctxt, *args, **kwargs)
        if isinstance(result, VersionedObject):
            return result.obj_to_primitive(target_version=object_versions[objname],
                                           version_manifest=object_versions)
        return result

    def object_action(self, ctxt: RequestContext, objinst: VersionedObject, objmethod: str,
                      args: list[Any], kwargs: dict[str, Any]) -> Any:
        before = objinst.obj_clone()
        result = self._remotable(objinst, objmethod)(*args, **kwargs)
        updates: dict[str, Any] = {}
        for name, field in objinst.fields.items():
            if not objinst.obj_attr_is_set(name):
                continue
            if not before.obj_attr_is_set(name) or getattr(before, name) != getattr(objinst, name):
                updates[name] = field.to_primitive(objinst, name, getattr(objinst, name))
        updates['obj_what_changed'] = list(objinst.obj_what_changed())
        return updates, result

    def object_backport_versions(self, ctxt: RequestContext, objinst: VersionedObject,
                                 object_versions: dict[str, str]) -> Any:
        return objinst.obj_to_primitive(target_version=object_versions[objinst.obj_name()],
                                        version_manifest=object_versions)

    @staticmethod
    def _remotable(target: VersionedObject | type[VersionedObject], name: str) -> Any:
        """A method that may be called from afar: only those that say so."""
        method = getattr(target, name, None)
        if not getattr(method, 'remotable', False):
            raise exception.Forbidden(f'{name} cannot be called remotely')
        return method
