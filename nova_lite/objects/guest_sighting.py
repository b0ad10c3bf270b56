# SPDX-License-Identifier: Apache-2.0
"""A guest that was found on another host than the record of its server says."""
from typing import TYPE_CHECKING, Self

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects import base, fields
from nova_lite.objects import instance as instance_obj

if TYPE_CHECKING:      # a compute has no database
    from nova_lite.db.sightings import Found


@base.NovaLiteObjectRegistry.register
class GuestSighting(base.PersistentObject):
    """``state``: one of the words of migration/location.py for what ``host`` has."""
    VERSION = '1.1'
    TABLE = 'guest_sightings'
    fields = {
        'instance_uuid': fields.UUIDField(),
        'host': fields.StringField(),
        'state': fields.StringField(),
    }

    @classmethod
    @base.remotable
    def report(cls, context: RequestContext, host: str, seen: dict[str, str],
               known: dict[str, int]) -> tuple[list[str], dict[str, int]]:
        """All guests that ``host`` has on, by uuid. Those of servers that are said to be elsewhere
        are written down and their servers put in error. Returns the uuids of those that were not
        known yet, and what cannot be judged before it is seen again (uuid: generation), which is
        ``known`` to the next report."""
        return _tell(context, base.db().sightings.report(host, seen, known))

    @classmethod
    @base.remotable
    def add(cls, context: RequestContext, host: str, uuid: str, state: str,
            generation: int) -> tuple[list[str], dict[str, int]]:
        """The same for one guest that another host has found on ``host`` after it had read the
        server of this ``generation``."""
        return _tell(context, base.db().sightings.add(host, uuid, state, generation))

    @classmethod
    def take_place(cls, context: RequestContext, instance: instance_obj.Instance,
                   **values: object) -> None:
        """Write the place that was proved: ``host``, ``node``, ``vm_state``, ``power_state``. The
        API's alone. InstanceUpdateConflict when the server has changed since it was read."""
        before, after = base.db().sightings.take_place(instance.uuid, instance.generation, values)
        if before is None:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        if after is None:
            raise exception.InstanceUpdateConflict(
                instance_uuid=instance.uuid,
                expected={'generation': instance.generation, 'task_state': None},
                actual={'generation': before['generation'], 'task_state': before['task_state']})
        instance._load(context, after)
        instance_obj.notify(context, instance, before['vm_state'], before['task_state'])


def _tell(context: RequestContext, found: 'Found') -> tuple[list[str], dict[str, int]]:
    for before, after in found.new:
        instance_obj.notify(context, instance_obj.Instance.from_row(context, after),
                            before['vm_state'], before['task_state'])
    return [before['uuid'] for before, _ in found.new], found.unsettled


@base.NovaLiteObjectRegistry.register
class GuestSightingList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = GuestSighting
    fields = {'objects': fields.ListOfObjectsField('GuestSighting')}

    @classmethod
    @base.remotable
    def get_by_instances(cls, context: RequestContext, uuids: list[str]) -> Self:
        return cls.from_rows(context, base.db().sightings.by_instances(uuids) if uuids else [])
