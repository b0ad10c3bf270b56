# SPDX-License-Identifier: Apache-2.0
"""What the scheduler is asked for, and what it answers."""
from typing import Self

from nova_lite.context import RequestContext
from nova_lite.objects import base, fields
from nova_lite.objects.flavor import Flavor  # noqa: F401, of a field, for mypy
from nova_lite.objects.instance import Instance


@base.NovaLiteObjectRegistry.register
class RequestSpec(base.NovaLiteObject):
    """``consumer_uuid`` holds the claim on the chosen host: the server's uuid at boot, the
    migration's on a move. ``force`` skips the filters for ``requested_host``."""
    VERSION = '1.0'
    fields = {
        'instance_uuid': fields.UUIDField(nullable=True),
        'consumer_uuid': fields.UUIDField(nullable=True),
        'project_id': fields.StringField(nullable=True),
        'requested_host': fields.StringField(nullable=True),
        'availability_zone': fields.StringField(nullable=True),
        'hypervisor_type': fields.StringField(nullable=True),
        'source_hypervisor_version': fields.IntegerField(nullable=True),
        'flavor': fields.ObjectField('Flavor', nullable=True),
        'ignore_hosts': fields.ListOfStringsField(nullable=True, default=[]),
        'force': fields.BooleanField(nullable=True, default=False),
        'image_properties': fields.JsonField(nullable=True, default={}),
    }

    @classmethod
    def for_instance(cls, context: RequestContext, instance: Instance, *, consumer_uuid: str,
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
        'service_host': fields.StringField(),
        'nodename': fields.StringField(),
        'compute_node_uuid': fields.UUIDField(nullable=True),
    }
