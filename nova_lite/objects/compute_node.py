# SPDX-License-Identifier: Apache-2.0
"""A host's resources, and the claims on them that keep two moves from taking the same place."""
from typing import Any, Self

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects import base, fields


@base.NovaLiteObjectRegistry.register
class ComputeNode(base.PersistentObject):
    """Memory in MiB, disk in GiB. ``*_used`` and ``free_*`` are the claims' to write."""
    VERSION = '1.0'
    TABLE = 'compute_nodes'
    fields = {
        'uuid': fields.UUIDField(),
        'host': fields.StringField(),
        'hypervisor_hostname': fields.StringField(),
        'hypervisor_type': fields.StringField(nullable=True),
        'host_ip': fields.StringField(nullable=True),
        'cpu_info': fields.JsonTextField(nullable=True),
        'stats': fields.JsonTextField(nullable=True),
        'supported_instances': fields.JsonListTextField(nullable=True),
        'service_id': fields.IntegerField(nullable=True),
        'hypervisor_version': fields.IntegerField(nullable=True),
        'vcpus': fields.IntegerField(default=0),
        'vcpus_used': fields.IntegerField(default=0),
        'memory_mb': fields.IntegerField(default=0),
        'memory_mb_used': fields.IntegerField(default=0),
        'local_gb': fields.IntegerField(default=0),
        'local_gb_used': fields.IntegerField(default=0),
        'free_ram_mb': fields.IntegerField(default=0),
        'free_disk_gb': fields.IntegerField(default=0),
        'disk_available_least': fields.IntegerField(nullable=True),
        'current_workload': fields.IntegerField(nullable=True),
        'running_vms': fields.IntegerField(nullable=True),
        'reserved_host_memory_mb': fields.IntegerField(default=0),
        'reserved_host_disk_mb': fields.IntegerField(default=0),
        'max_incoming_live_migrations': fields.IntegerField(nullable=True),
        'cpu_allocation_ratio': fields.FloatField(default=1.0),
        'ram_allocation_ratio': fields.FloatField(default=1.0),
        'disk_allocation_ratio': fields.FloatField(default=1.0),
    }

    @classmethod
    @base.remotable
    def report(cls, context: RequestContext, host: str, values: dict[str, Any]) -> Self:
        """Write what ``host`` has, and make its row when it is new. ``values`` by column; the
        used and free columns are not the host's to write (Invalid)."""
        allowed = set(cls.fields) - set(base.PersistentObject.fields) - CLAIMED - {
            'uuid', 'host', 'service_id'}
        if wrong := set(values) - allowed:
            raise exception.Invalid(reason=f'a host cannot report {", ".join(sorted(wrong))}')
        return cls.from_row(context, base.db().resources.report(host, values))

    @classmethod
    @base.remotable
    def get_by_host(cls, context: RequestContext, host: str) -> Self:
        return cls._get(context, host, host=host)

    @classmethod
    @base.remotable
    def get_by_uuid(cls, context: RequestContext, uuid: str) -> Self:
        return cls._get(context, uuid, uuid=uuid)

    @classmethod
    @base.remotable
    def get_by_id(cls, context: RequestContext, node_id: int) -> Self:
        return cls._get(context, node_id, id=node_id)

    @classmethod
    def _get(cls, context: RequestContext, wanted: object, **columns: object) -> Self:
        row = base.db().get(cls.TABLE, **columns)
        if row is None:
            raise exception.ComputeHostNotFound(host=wanted)
        return cls.from_row(context, row)


CLAIMED = {'vcpus_used', 'memory_mb_used', 'local_gb_used', 'free_ram_mb', 'free_disk_gb'}


@base.NovaLiteObjectRegistry.register
class ComputeNodeList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = ComputeNode
    fields = {'objects': fields.ListOfObjectsField('ComputeNode')}

    @classmethod
    @base.remotable
    def get_all(cls, context: RequestContext) -> Self:
        return cls.from_rows(context, base.db().resources.by_filters({}, None, None))

    @classmethod
    @base.remotable
    def get_by_filters(cls, context: RequestContext, filters: dict[str, Any] | None = None,
                       limit: int | None = None, marker: str | None = None) -> Self:
        """Filters: any column by value or list of values, ``hypervisor_hostname_pattern`` (a
        part of it). Ordered by id; the marker is a uuid. Invalid, MarkerNotFound."""
        return cls.from_rows(context, base.db().resources.by_filters(filters or {}, limit, marker))

    @classmethod
    @base.remotable
    def get_candidates(cls, context: RequestContext, memory_mb: int, vcpus: int, disk_gb: int,
                       ignore_hosts: list[str] | None = None, requested_host: str | None = None,
                       limit: int | None = None) -> Self:
        """Nodes with that much room, most free memory first (the newest of equals), whose
        nova-compute is enabled and not down."""
        return cls.from_rows(context, base.db().resources.candidates(
            {'memory_mb': memory_mb, 'vcpus': vcpus, 'disk_gb': disk_gb}, ignore_hosts or (),
            requested_host, limit))


@base.NovaLiteObjectRegistry.register
class Claim(base.PersistentObject):
    """What ``host`` has promised to a server or, on its way there, to a migration."""
    VERSION = '1.0'
    TABLE = 'claims'
    fields = {
        'consumer_uuid': fields.UUIDField(),
        'host': fields.StringField(),
        'vcpus': fields.IntegerField(),
        'memory_mb': fields.IntegerField(),
        'disk_gb': fields.IntegerField(),
    }

    @classmethod
    @base.remotable
    def claim(cls, context: RequestContext, host: str, consumer_uuid: str, vcpus: int,
              memory_mb: int, disk_gb: int) -> Self:
        """Take room on ``host`` for the consumer; again for the same two changes nothing.

        ComputeHostNotFound, InsufficientResources (which names what lacks);
        InvalidMigrationState, InstanceNotFound when the consumer is over or gone.
        """
        return cls.from_row(context, base.db().resources.claim(
            host, consumer_uuid, vcpus=vcpus, memory_mb=memory_mb, disk_gb=disk_gb))

    @classmethod
    @base.remotable
    def drop(cls, context: RequestContext, consumer_uuid: str, host: str | None = None) -> None:
        """Give back what the consumer holds, everywhere or on ``host``. Nothing held is fine."""
        base.db().resources.drop_claim(consumer_uuid, host)
