# SPDX-License-Identifier: Apache-2.0
"""What the conductor does when asked, and the computes' way to the database through it."""
from collections.abc import Iterable
from typing import Any

from oslo_versionedobjects import base as ovo_base
from oslo_versionedobjects.base import VersionedObject

from nova_lite import rpc
from nova_lite.context import RequestContext
from nova_lite.objects import Flavor, Instance, Migration


class ComputeTaskAPI(rpc.Interface):
    """What spans hosts."""
    topic = 'conductor'
    namespace = 'compute_task'
    version = '2.0'

    @rpc.call(timeout=rpc.LONG, event=True)
    def migrate_server(self, ctxt: RequestContext, instance: Instance,
                       scheduler_hint: dict[str, Any], live: bool, rebuild: bool,
                       flavor: Flavor | None, block_migration: bool | None,
                       disk_over_commit: bool | None, migration: Migration) -> None:
        """Move a server. ``live``: check a live migration and start it at the source; the caller
        hears what a check refused, which is the form below microversion 2.34. ``migration`` is
        the record, and what it says of the other arguments decides: a conductor that takes it
        over has nothing else."""

    # written at once: the end, which another process writes, tells of all steps
    @rpc.cast(event=True, late=False)
    def live_migrate_instance(self, ctxt: RequestContext, instance: Instance,
                              scheduler_hint: dict[str, Any], block_migration: bool | None,
                              disk_over_commit: bool | None, migration: Migration) -> None:
        """The same without anybody waiting; the form from microversion 2.34."""

    @rpc.cast()
    def build_instance(self, ctxt: RequestContext, instance: Instance) -> None:
        """Find a host for a new server and have it started there. What is wanted stands in the
        database (objects/order.py)."""


class ConductorAPI(rpc.Interface):
    """The database, for who has none."""
    topic = 'conductor'
    version = '2.0'

    @rpc.call()
    def object_class_action_versions(self, ctxt: RequestContext, objname: str, objmethod: str,
                                     object_versions: dict[str, str], args: list[Any],
                                     kwargs: dict[str, Any]) -> Any:
        """Run a class method of an object at the database's side."""

    @rpc.call()
    def object_action(self, ctxt: RequestContext, objinst: VersionedObject, objmethod: str,
                      args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run a method of an object at the database's side; returns (updates, result)."""

    @rpc.call()
    def object_backport_versions(self, ctxt: RequestContext, objinst: VersionedObject,
                                 object_versions: dict[str, str]) -> Any:
        """An object in the version that an older service understands."""


INTERFACES = (ComputeTaskAPI, ConductorAPI)


class Indirection(ovo_base.VersionedObjectIndirectionAPI):
    """The computes' database: objects that act through the conductor."""

    def __init__(self) -> None:
        self._conductor = ConductorAPI()

    def object_action(self, context: RequestContext, objinst: VersionedObject, objmethod: str,
                      args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
        return self._conductor.object_action(context, objinst, objmethod, list(args), kwargs)

    def object_class_action(self, context: RequestContext, objname: str, objmethod: str,
                            objver: str, args: Iterable[Any], kwargs: dict[str, Any]) -> Any:
        return self.object_class_action_versions(context, objname, objmethod, {objname: objver},
                                                 args, kwargs)

    def object_class_action_versions(self, context: RequestContext, objname: str, objmethod: str,
                                     object_versions: dict[str, str], args: Iterable[Any],
                                     kwargs: dict[str, Any]) -> Any:
        return self._conductor.object_class_action_versions(
            context, objname, objmethod, object_versions, list(args), kwargs)

    def object_backport(self, context: RequestContext, objinst: VersionedObject,
                        target_version: str) -> Any:
        return self.object_backport_versions(context, objinst,
                                             {objinst.obj_name(): target_version})

    def object_backport_versions(self, context: RequestContext, objinst: VersionedObject,
                                 object_versions: dict[str, str]) -> Any:
        return self._conductor.object_backport_versions(context, objinst, object_versions)
