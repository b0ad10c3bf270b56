# SPDX-License-Identifier: Apache-2.0
"""What the scheduler is asked for, and what it answers."""
from typing import Any, Self

from nova_lite.objects import base, fields


@base.NovaLiteObjectRegistry.register
class RequestSpec(base.NovaLiteObject):
    """``consumer_uuid`` holds the claim on the chosen host: the server's uuid at boot, the
    migration's on a move. ``force`` skips the filters for ``requested_host``."""
    VERSION = '1.0'
    fields = {
        **fields.optional(fields.UUIDField, 'instance_uuid', 'consumer_uuid'),
        **fields.optional(fields.StringField, 'project_id', 'requested_host', 'availability_zone',
                          'hypervisor_type'),
        **fields.optional(fields.IntegerField, 'source_hypervisor_version'),
        'flavor': fields.ObjectField('Flavor', nullable=True),
        'ignore_hosts': fields.ListOfStringsField(nullable=True, default=[]),
        'force': fields.BooleanField(nullable=True, default=False),
        'image_properties': fields.JsonField(nullable=True, default={}),
    }

    @classmethod
    def for_instance(cls, context: Any, instance: Any, *, consumer_uuid: str,
                     ignore_hosts: list[str], requested_host: str | None = None,
                     force: bool = False) -> Self:
        """What a host must offer to take ``instance``; its claim goes to ``consumer_uuid``."""
        return cls(context, instance_uuid=instance.uuid, project_id=instance.project_id,
                   availability_zone=instance.availability_zone, flavor=instance.flavor,
                   image_properties=(instance.image_meta or {}).get('properties') or {},
                   consumer_uuid=consumer_uuid, ignore_hosts=ignore_hosts,
                   requested_host=requested_host, force=force)


@base.NovaLiteObjectRegistry.register
class Selection(base.NovaLiteObject):
    VERSION = '1.0'
    fields = {
        **fields.optional(fields.StringField, 'service_host', 'nodename'),
        **fields.optional(fields.UUIDField, 'compute_node_uuid'),
    }
