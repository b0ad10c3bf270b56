# SPDX-License-Identifier: Apache-2.0
"""What source and destination tell each other of a move before and while it runs."""
from typing import Any, Self

from nova_lite import exception
from nova_lite.objects import base, fields, unreadable


@base.NovaLiteObjectRegistry.register
class LiveMigrateData(base.NovaLiteObject):
    """Facts that every driver needs. ``migration`` is the migration's uuid; ``filename`` the
    probe that the destination left in its instances directory; disk sizes in MiB.
    ``paused``: whether the guest is to be paused when it arrives, where somebody has changed that
    during the copy. ``prepared``: the destination has made ready for it.
    ``old_vol_attachment_ids`` stays empty, as there are no volumes."""
    VERSION = '1.2'
    fields = {
        **fields.optional(fields.BooleanField, 'is_shared_instance_path',
                          'is_shared_block_storage', 'block_migration', 'disk_over_commit',
                          'paused', 'prepared'),
        **fields.optional(fields.IntegerField, 'disk_available_mb'),
        **fields.optional(fields.StringField, 'filename', 'image_type', 'instance_relative_path',
                          'graphics_listen_addr_vnc', 'target_connect_addr', 'serial_listen_addr',
                          'dest_host', 'dest_node'),
        'migration': fields.UUIDField(nullable=True),
        'wait_for_vif_plugged': fields.BooleanField(nullable=True, default=False),
        'old_vol_attachment_ids': fields.JsonField(nullable=True, default={}),
    }

    @property
    def is_on_shared_storage(self) -> bool:
        return bool(self.is_shared_block_storage or self.is_shared_instance_path)

    @classmethod
    def from_stored(cls, context: Any, migration: Any) -> Self:
        """The object out of ``Migration.migrate_data``, as the class that it was. RowUnreadable.
        """
        try:
            return base.NovaLiteObject.obj_from_primitive(migration.migrate_data, context)
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
