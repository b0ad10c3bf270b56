# SPDX-License-Identifier: Apache-2.0
"""What source and destination tell each other of a move before and while it runs."""
from typing import TYPE_CHECKING, Any, Self, cast

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects import base, fields, unreadable

if TYPE_CHECKING:      # a circle otherwise
    from nova_lite.objects.migration import Migration


@base.NovaLiteObjectRegistry.register
class LiveMigrateData(base.NovaLiteObject):
    """Facts that every driver needs. ``migration`` is the migration's uuid; ``filename`` the
    probe that the destination left in its instances directory; disk sizes in MiB.
    ``paused``: whether the guest is to be paused when it arrives, where somebody has changed that
    during the copy. ``prepared``: the destination has made ready for it.
    ``old_vol_attachment_ids`` stays empty, as there are no volumes."""
    VERSION = '1.2'
    fields = {
        'is_shared_instance_path': fields.BooleanField(nullable=True),
        'is_shared_block_storage': fields.BooleanField(nullable=True),
        'block_migration': fields.BooleanField(nullable=True),
        'disk_over_commit': fields.BooleanField(nullable=True),
        'paused': fields.BooleanField(nullable=True),
        'prepared': fields.BooleanField(nullable=True),
        'disk_available_mb': fields.IntegerField(nullable=True),
        'filename': fields.StringField(nullable=True),
        'image_type': fields.StringField(nullable=True),
        'instance_relative_path': fields.StringField(nullable=True),
        'graphics_listen_addr_vnc': fields.StringField(nullable=True),
        'target_connect_addr': fields.StringField(nullable=True),
        'serial_listen_addr': fields.StringField(nullable=True),
        'dest_host': fields.StringField(nullable=True),
        'dest_node': fields.StringField(nullable=True),
        'migration': fields.UUIDField(nullable=True),
        'wait_for_vif_plugged': fields.BooleanField(nullable=True, default=False),
        'old_vol_attachment_ids': fields.JsonField(nullable=True, default={}),
    }

    @property
    def is_on_shared_storage(self) -> bool:
        return bool(self.is_shared_block_storage or self.is_shared_instance_path)

    @classmethod
    def from_stored(cls, context: RequestContext, migration: 'Migration') -> Self:
        """The object out of ``Migration.migrate_data``, as the class that it was. RowUnreadable.
        """
        try:
            # which class is the primitive's to say
            return cast(Self, base.NovaLiteObject.obj_from_primitive(
                cast(dict[str, Any], migration.migrate_data), context))
        except unreadable.ERRORS as error:
            raise exception.RowUnreadable(
                table=migration.TABLE, row=migration.uuid, column='migrate_data',
                kind=cls.obj_name()) from error


@base.NovaLiteObjectRegistry.register
class LibvirtLiveMigrateData(LiveMigrateData):
    """``migrate_disks``: targets (vda, ...) that a block migration copies; ``disk_info``: the
    driver's list of disks to make at the destination; ``libvirt_version``: the destination's."""
    VERSION = '1.2'
    fields = {
        'migrate_disks': fields.ListOfStringsField(nullable=True, default=[]),
        'disk_info': fields.JsonListField(nullable=True, default=[]),
        'machine_type': fields.StringField(nullable=True),
        'libvirt_version': fields.IntegerField(nullable=True),
    }
