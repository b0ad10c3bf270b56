# SPDX-License-Identifier: Apache-2.0
"""What this host and its libvirt tell the checks before a migration, each when it is asked for."""
import functools
import json
import os
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.migration import prechecks
from nova_lite.migration.precheck_facts import Cpu
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData
from nova_lite.virt.libvirt import abi, config, power, probe, resources
from nova_lite.virt.libvirt.guest import Guest, Seen, look
from nova_lite.virt.libvirt.host import Host

LOG = logging.getLogger(__name__)


class _Facts:
    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self.instance_uuid, self.host = guest.uuid, guest.host_name
        self.path = guest.storage.instance_dir(guest.uuid)

    @functools.cached_property
    def domain(self) -> Seen | None:
        return look(self._guest)


class DestinationFacts(_Facts):
    """Of the host that a guest is to come to. ``probe``: the file that was left for the source to
    look for."""

    def __init__(self, host: Host, guest: Guest, instance: Instance,
                 source_node: ComputeNode) -> None:
        super().__init__(guest)
        self.instances_path = CONF.instances_path
        self.probe: str | None = None
        self._host, self._instance, self._source_node = host, instance, source_node

    @property
    def missing_image(self) -> str:
        try:
            power.boot_of(self._guest, self._instance)
        except exception.ImageNotFound as error:
            return power.words_of(error)
        return ''

    @property
    def cpu(self) -> Cpu | None:
        """Only for a guest whose CPU is taken from its host: an emulated one is the same on every
        host, and of a named model libvirt at the destination judges itself."""
        options, source = config.Options.read(CONF.libvirt), self._source_node
        if (CONF.workarounds.skip_cpu_compare_on_dest or source is None
                or options.effective_cpu_mode != 'host-model'):
            return None
        cpu_info = json.loads(source.cpu_info or '{}')
        if not cpu_info.get('model'):
            return None
        result = resources.compare_cpu(self._host, config.cpu_xml(cpu_info), options.virt_type)
        return None if result is None else Cpu(cpu_info['model'], source.host,
                                               result > abi.Compare.INCOMPATIBLE)

    @property
    def not_writable(self) -> str:
        try:
            self.probe = probe.leave(self._guest.storage)
        except OSError as error:
            return error.strerror or str(error)
        return ''


class SourceFacts(_Facts):
    """Of the host that the guest is on. ``data``: LibvirtLiveMigrateData of the destination."""

    def __init__(self, guest: Guest, data: LibvirtLiveMigrateData) -> None:
        super().__init__(guest)
        self.wanted, self._probe = data.block_migration, data.filename
        self.over_commit, self.available_mb = data.disk_over_commit, data.disk_available_mb
        self.is_tunnelled = CONF.libvirt.live_migration_tunnelled

    @functools.cached_property
    def has_disks(self) -> bool:
        return bool(copied_disks(self._guest))

    @functools.cached_property
    def is_shared_path(self) -> bool:
        return probe.is_seen(self._guest.storage, self._probe or '')

    @functools.cached_property
    def sizes(self) -> list[dict[str, Any]]:
        return disk_info(self._guest)


class BackingFacts(_Facts):
    """Of the file ``backing`` that the disk ``path`` lies on, '' when it lies on none."""

    def __init__(self, guest: Guest, path: str, backing: str, recorded: str) -> None:
        super().__init__(guest)
        self.path, self.backing, self.recorded = path, backing, recorded
        self.images_path = CONF.images.path

    @property
    def is_image(self) -> bool:
        return self.backing == os.path.join(CONF.images.path, os.path.basename(self.backing))

    @functools.cached_property
    def found(self) -> str:
        """ImageNotFound; OSError for one of another place."""
        storage = self._guest.storage
        return storage.digest(storage.image(os.path.basename(self.backing)) if self.is_image
                              else self.backing)


class PreparationFacts(_Facts):
    def __init__(self, guest: Guest, data: LibvirtLiveMigrateData) -> None:
        super().__init__(guest)
        self.is_shared_path = bool(data.is_shared_instance_path)

    @property
    def has_directory(self) -> bool:
        return self._guest.storage.has_directory(self._guest.uuid)


def copied_disks(guest: Guest) -> list[config.DiskSeen]:
    """The disks that a block migration copies: not those that others may write or nobody does."""
    return [disk for disk in config.read_disks(guest.live_xml()) if disk.copied]


def disk_info(guest: Guest) -> list[dict[str, Any]]:
    """What the destination has to make: path, type, virt_disk_size and disk_size (bytes),
    backing_file (name in the image directory or ''), its backing_format, and the backing_digest
    that the destination's must have. MigrationPreCheckError for one that has changed since."""
    found = []
    for disk in copied_disks(guest):
        size = guest.storage.read_disk(guest.storage.own_disk_path(guest.uuid, disk.path))
        recorded = guest.storage.recorded_bases(guest.uuid).get(os.path.basename(disk.path), '')
        backing = BackingFacts(guest, disk.path, disk.backing, recorded)
        prechecks.run(prechecks.SOURCE_DISK, backing)
        if disk.backing and not backing.recorded:
            LOG.warning('Nobody has written down what disk %s stood on when it was made; taking '
                        '%s as it is now', disk.path, backing.backing)
        found.append({
            'path': disk.path, 'type': disk.format, 'virt_disk_size': size.virtual_size,
            'disk_size': size.allocated, 'backing_file': os.path.basename(disk.backing),
            'backing_format': disk.backing_format,
            'backing_digest': backing.found if disk.backing else ''})
    return found
