# SPDX-License-Identifier: Apache-2.0
"""A guest's files: instances_path/UUID/{disk, disk.eph0, console.log}, and who made them.

A directory that is made for an incoming guest carries a marker with the migration's uuid until the
guest has arrived, so a rollback removes what was made for its own migration and nothing else.
"""
import errno
import json
import mmap
import os
import shutil
import struct
import subprocess
import uuid as uuid_module
from typing import Any, NamedTuple

from oslo_log import log as logging

from nova_lite import exception, utils
from nova_lite.conf import CONF
from nova_lite.objects import Instance
from nova_lite.virt import digests, images
from nova_lite.virt.libvirt import config

LOG = logging.getLogger(__name__)

GIB = 1024 ** 3
CONSOLE = 'console.log'
MARKER = '.incoming'
BASES = '.bases.json'       # digest of each disk's backing file, by the disk's name
QEMU_IMG_TIMEOUT = 120      # s
_QCOW2 = struct.Struct('>4sIQIIQ')
_EXTERNAL_DATA = 1 << 2     # of qcow2's incompatible features


class DiskFacts(NamedTuple):
    """What a disk's file says of itself, in bytes. ``external``: it keeps data in another file."""
    virtual_size: int
    allocated: int
    format: str = 'raw'
    backing_file: str = ''
    external: bool = False


def read_disk(path: str) -> DiskFacts:
    """Read a disk's header; the file may be in use. OSError."""
    with open(path, 'rb') as stream:
        status = os.fstat(stream.fileno())
        allocated = status.st_blocks * 512
        header = stream.read(104).ljust(104, b'\0')
        if header[:4] != b'QFI\xfb':
            return DiskFacts(status.st_size, allocated)
        _, version, offset, length, _, size = _QCOW2.unpack_from(header)
        features = struct.unpack_from('>Q', header, 72)[0] if version >= 3 else 0
        backing = ''
        if offset > status.st_size:
            raise OSError(errno.EINVAL, 'the header of this qcow2 file is damaged', path)
        if offset:
            stream.seek(offset)
            backing = stream.read(min(length, 1023)).decode('utf-8', 'replace')
        return DiskFacts(size, allocated, 'qcow2', backing, bool(features & _EXTERNAL_DATA))


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


class Storage:
    """The files of one host's guests. Methods take and give paths as definitions of guests have
    them; ``real()`` tells where the file is that such a path means."""

    def real(self, path: str) -> str:
        """Where to find what this host calls ``path``."""
        return path

    def capacity(self) -> tuple[int, int]:
        """Bytes of the file system of instances_path: all, and free."""
        status = os.statvfs(self.real(CONF.instances_path))
        return status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize

    def prepare(self) -> None:
        """Make the directory of all guests."""
        os.makedirs(self.real(CONF.instances_path), exist_ok=True)

    # -- paths ------------------------------------------------------------------------------------
    def instance_dir(self, uuid: str) -> str:
        return os.path.join(CONF.instances_path, str(uuid_module.UUID(uuid)))

    def _real_dir(self, uuid: str) -> str:
        return self.real(self.instance_dir(uuid))

    def has_directory(self, uuid: str) -> bool:
        return os.path.isdir(self._real_dir(uuid))

    def console_path(self, uuid: str) -> str:
        return os.path.join(self.instance_dir(uuid), CONSOLE)

    def own_disk_path(self, uuid: str, path: str) -> str:
        """The path of a disk in its guest's directory here. MigrationPreCheckError for a file of
        another place: it would not be found, or be somebody else's."""
        here = os.path.join(self.instance_dir(uuid), os.path.basename(path))
        if os.path.normpath(path) != os.path.normpath(here):
            raise exception.MigrationPreCheckError(
                reason=f'disk {path} is not in the directory {self.instance_dir(uuid)}: '
                       'instances_path must be the same on both hosts')
        return here

    # -- disks ------------------------------------------------------------------------------------
    def read_disk(self, path: str) -> DiskFacts:
        """What the header of a disk says. OSError."""
        return read_disk(self.real(path))

    def image(self, name: str) -> str:
        """The path of an image's file. Invalid, ImageNotFound."""
        return images.path_of(name)

    def digest(self, path: str) -> str:
        """SHA-256 of a file. OSError."""
        return digests.of_file(self.real(path))

    def create_disk(self, path: str, fmt: str, size: int, backing: str = '',
                    backing_format: str = '') -> None:
        """Make an empty disk of ``size`` bytes, on top of ``backing`` if given. OSError, or
        subprocess.CalledProcessError with qemu-img's words."""
        command = ['qemu-img', 'create', '-q', '-f', fmt]
        if backing:
            command += ['-b', backing, '-F', backing_format]
        subprocess.run([*command, self.real(path), str(size)], check=True, capture_output=True,
                       text=True, timeout=QEMU_IMG_TIMEOUT)

    def make_disks(self, instance: Instance, image: dict[str, Any]) -> list[config.Disk]:
        """Make the disks of a new guest: vda of root_gb over the image's disk, vdb of
        ephemeral_gb."""
        directory = self.instance_dir(instance.uuid)
        cache = 'none' if self.supports_direct_io(directory) else 'writeback'
        disks = []
        backing, size = '', (instance.root_gb or 0) * GIB
        if image.get('disk'):
            backing = self.image(image['disk'])
            size = self._root_size(backing, image, size)
        if size:
            disks.append(config.Disk(os.path.join(directory, 'disk'), 'vda', cache))
            self.create_disk(disks[0].path, 'qcow2', size, backing, image.get('disk_format') or '')
            if backing:
                self.record_base(instance.uuid, disks[0].path, self.digest(backing))
        if instance.ephemeral_gb:
            disks.append(config.Disk(os.path.join(directory, 'disk.eph0'), 'vdb', cache))
            self.create_disk(disks[-1].path, 'qcow2', instance.ephemeral_gb * GIB)
        return disks

    def existing_disks(self, instance: Instance) -> list[config.Disk]:
        """The disks that make_disks() made."""
        directory = self.instance_dir(instance.uuid)
        cache = 'none' if self.supports_direct_io(directory) else 'writeback'
        paths = [(os.path.join(directory, name), target)
                 for name, target in (('disk', 'vda'), ('disk.eph0', 'vdb'))]
        return [config.Disk(path, target, cache) for path, target in paths
                if os.path.exists(self.real(path))]

    def _root_size(self, path: str, image: dict[str, Any], wanted: int) -> int:
        """Bytes of a root disk on top of an image. Invalid for an image that does not fit, or that
        would let a guest read other files of the host."""
        facts = self.read_disk(path)
        if image['disk_format'] == 'qcow2':
            if facts.format != 'qcow2':
                raise exception.Invalid(reason=f"image {image['name']}: its disk is not qcow2")
            if facts.backing_file or facts.external:
                raise exception.Invalid(
                    reason=f"image {image['name']}: its disk refers to another file")
        size = (facts.virtual_size if image['disk_format'] == 'qcow2'
                else os.path.getsize(self.real(path)))
        if wanted and size > wanted:
            raise exception.Invalid(
                reason=f"image {image['name']}: its disk of {size} bytes is larger than the "
                       "flavor's")
        return wanted or size

    def supports_direct_io(self, directory: str) -> bool:
        """Whether the file system can do without the host's cache, which cache=none asks for."""
        path = os.path.join(self.real(directory), f'.direct-{uuid_module.uuid4()}')
        try:
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_DIRECT, 0o600)
        except OSError:
            _remove(path)   # some file systems make the file and then refuse
            return False
        try:
            with mmap.mmap(-1, 4096) as block:
                os.write(fd, block)
            return True
        except OSError:
            return False
        finally:
            os.close(fd)
            _remove(path)

    def record_base(self, uuid: str, disk: str, digest: str) -> None:
        """Write down what a disk stands on, when it is made. OSError."""
        path = os.path.join(self._real_dir(uuid), BASES)
        bases = {**self.recorded_bases(uuid), os.path.basename(disk): digest}
        with open(f'{path}.new', 'w', encoding='ascii') as stream:
            json.dump(bases, stream)
        os.replace(f'{path}.new', path)

    def recorded_bases(self, uuid: str) -> dict[str, str]:
        """The digest of what each disk stood on when it was made, by the disk's file name, where
        that has been written down."""
        try:
            with open(os.path.join(self._real_dir(uuid), BASES), encoding='ascii') as stream:
                bases: dict[str, str] = json.load(stream)
                return bases
        except (FileNotFoundError, ValueError):
            return {}

    # -- directories ------------------------------------------------------------------------------
    def make_directory(self, uuid: str, made_for: str | None = None) -> None:
        """Make a guest's directory with an empty console. ``made_for``: uuid of the migration it
        is made for; a directory that the same migration made before is used again.

        DestinationDiskExists when there is one that holds anything of another; OSError, and then a
        directory that was made here is gone again.
        """
        path = self._real_dir(uuid)
        try:
            os.mkdir(path)
        except FileExistsError:
            if os.listdir(path) and (made_for is None or self.read_marker(uuid) != made_for):
                raise exception.DestinationDiskExists(
                    path=self.instance_dir(uuid)) from None
        try:
            if made_for is not None:
                with open(os.path.join(path, MARKER), 'w', encoding='ascii') as stream:
                    stream.write(made_for)
            with open(os.path.join(path, CONSOLE), 'a', encoding='ascii'):
                pass
        except OSError:
            self.remove_directory(uuid)      # it held nothing, or was made for the same migration
            raise

    def list_incoming(self) -> list[tuple[str, str]]:
        """(guest, migration) of each directory that was made for a guest which has not arrived."""
        found = []
        for name in os.listdir(self.real(CONF.instances_path)):
            try:
                marker = self.read_marker(name)
            except (OSError, ValueError):
                continue    # not a guest's directory, or gone meanwhile
            if marker:
                found.append((name, marker))
        return found

    def read_marker(self, uuid: str) -> str | None:
        """The migration that the directory was made for, while its guest has not arrived."""
        try:
            with open(os.path.join(self._real_dir(uuid), MARKER), encoding='ascii') as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    def remove_marker(self, uuid: str) -> None:
        _remove(os.path.join(self._real_dir(uuid), MARKER))

    def remove_directory(self, uuid: str) -> None:
        """Remove a guest's files. Idempotent."""
        path = self._real_dir(uuid)
        try:
            utils.tpool_execute(shutil.rmtree, path)
        except FileNotFoundError:
            return
        LOG.info('Removed %s', path)

    def remove_empty_directory(self, uuid: str) -> None:
        try:
            os.rmdir(self._real_dir(uuid))
        except OSError:
            pass    # not there, or not empty: then it is not ours to judge
