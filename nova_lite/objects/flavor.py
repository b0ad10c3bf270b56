# SPDX-License-Identifier: Apache-2.0
"""How much of a host a server takes. Each server keeps a copy of its flavor as it was at boot."""
from typing import Any, NamedTuple, Self

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects import base, fields


@base.NovaLiteObjectRegistry.register
class Flavor(base.PersistentObject):
    """Memory and swap in MiB, disks in GiB."""
    VERSION = '1.0'
    TABLE = 'flavors'
    fields = {
        'flavorid': fields.StringField(),
        'name': fields.StringField(),
        'description': fields.StringField(nullable=True),
        'memory_mb': fields.IntegerField(),
        'vcpus': fields.IntegerField(),
        'vcpu_weight': fields.IntegerField(nullable=True),
        'root_gb': fields.IntegerField(nullable=True, default=0),
        'ephemeral_gb': fields.IntegerField(nullable=True, default=0),
        'swap': fields.IntegerField(default=0),
        'rxtx_factor': fields.FloatField(nullable=True, default=1.0),
        'disabled': fields.BooleanField(nullable=True, default=False),
        'is_public': fields.BooleanField(nullable=True, default=True),
        'extra_specs': fields.JsonField(nullable=True, default={}),
    }

    @base.remotable
    def create(self) -> None:
        """FlavorExists for a flavorid or a name that is in use."""
        self.obj_set_defaults()
        try:
            self._insert()
        except base.db().DuplicateEntry as exc:
            what = 'name' if 'name' in exc.columns else 'flavorid'
            raise exception.FlavorExists(what=what, value=getattr(self, what)) from exc

    @base.remotable
    def destroy(self) -> None:
        """FlavorNotFound."""
        if not base.db().soft_delete(self.TABLE, self.id):
            raise exception.FlavorNotFound(flavor_id=self.flavorid)

    @classmethod
    @base.remotable
    def get_by_flavor_id(cls, context: RequestContext, flavorid: str) -> Self:
        return cls._get(context, flavorid, flavorid=flavorid)

    @classmethod
    @base.remotable
    def get_by_name(cls, context: RequestContext, name: str) -> Self:
        return cls._get(context, name, name=name)

    @classmethod
    @base.remotable
    def get_by_id(cls, context: RequestContext, flavor_id: int) -> Self:
        return cls._get(context, flavor_id, id=flavor_id)

    @classmethod
    def _get(cls, context: RequestContext, wanted: object, **columns: object) -> Self:
        row = base.db().get(cls.TABLE, **columns)
        if row is None:
            raise exception.FlavorNotFound(flavor_id=wanted)
        return cls.from_row(context, row)


@base.NovaLiteObjectRegistry.register
class FlavorList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = Flavor
    fields = {'objects': fields.ListOfObjectsField('Flavor')}

    @classmethod
    @base.remotable
    def get_all(cls, context: RequestContext, filters: dict[str, Any] | None = None,
                limit: int | None = None, marker: str | None = None,
                sort_key: str = 'flavorid', sort_dir: str = 'asc') -> Self:
        """Filters: any column by value, ``min_memory_mb``, ``min_root_gb``. The marker is a
        flavorid. Invalid, MarkerNotFound."""
        return cls.from_rows(context, base.db().flavors.by_filters(
            filters or {}, sort_key, sort_dir, limit, marker))


class Resources(NamedTuple):
    """What a guest takes from a host. Memory in MiB, disk in GiB."""
    vcpus: int
    memory_mb: int
    disk_gb: int


def resources_of(flavor: Flavor) -> Resources:
    """What a guest of ``flavor`` takes; swap (MiB in a flavor) is disk, rounded up to GiB."""
    swap_gb = -(-(flavor.swap or 0) // 1024)
    disk = (flavor.root_gb or 0) + (flavor.ephemeral_gb or 0) + swap_gb
    return Resources(flavor.vcpus, flavor.memory_mb, disk)
