# SPDX-License-Identifier: Apache-2.0
"""What went wrong with a server; the newest one is what the API shows."""
from typing import Self

from nova_lite.context import RequestContext
from nova_lite.objects import base, fields


@base.NovaLiteObjectRegistry.register
class InstanceFault(base.PersistentObject):
    VERSION = '1.0'
    TABLE = 'instance_faults'
    fields = {
        'instance_uuid': fields.UUIDField(),
        'code': fields.IntegerField(nullable=True),
        'message': fields.StringField(nullable=True),
        'details': fields.StringField(nullable=True),
        'host': fields.StringField(nullable=True),
    }

    @base.remotable
    def create(self) -> None:
        """The message is cut at 255 characters, as Nova's is."""
        if self.message is not None:
            self.message = self.message[:255]
        self._insert()

    @classmethod
    @base.remotable
    def get_latest_for_instance(cls, context: RequestContext, instance_uuid: str) -> Self | None:
        found = base.db().actions.latest_faults([instance_uuid])
        return cls.from_row(context, found[0]) if found else None


@base.NovaLiteObjectRegistry.register
class InstanceFaultList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = InstanceFault
    fields = {'objects': fields.ListOfObjectsField('InstanceFault')}

    @classmethod
    @base.remotable
    def get_latest_by_instance_uuids(cls, context: RequestContext,
                                     instance_uuids: list[str]) -> dict[str, InstanceFault]:
        """The newest fault by uuid; a server without one is left out."""
        return {row['instance_uuid']: InstanceFault.from_row(context, row)
                for row in base.db().actions.latest_faults(instance_uuids)}
