# SPDX-License-Identifier: Apache-2.0
"""Whether a guest's disks are copied, and what must hold for them to be."""
from typing import Any, NamedTuple

from nova_lite import exception

MIB = 1024 ** 2


class Storage(NamedTuple):
    """``block``: copy the disks. ``shared_disks``: both hosts see them, or there are none."""
    block: bool
    shared_disks: bool


def decide_storage(requested: bool | None, shared_path: bool, has_disks: bool,
                   path: str) -> Storage:
    """Are the disks copied? ``requested`` None lets the storage decide; ``path`` is for errors.

    A guest without disks has nothing that would have to be shared, and nothing to copy; it may be
    moved in either way.
    """
    shared_disks = shared_path or not has_disks
    block = not shared_disks if requested is None else requested
    if block and shared_path:
        raise exception.InvalidLocalStorage(
            path=path, reason='Block migration can not be used with shared storage.')
    if not block and not shared_disks:
        raise exception.InvalidSharedStorage(
            path=path, reason='Live migration can not be used without shared storage, unless '
                              'disks are copied (block migration).')
    return Storage(block, shared_disks)


def check_space(disks: list[dict[str, Any]], over_commit: bool | None, available_mb: int | None,
                instance_uuid: str) -> None:
    """The disks must fit over there, by their full size or, with ``over_commit``, by what is
    allocated. Checked at every microversion, which Nova leaves out from 2.25 on."""
    size = 'disk_size' if over_commit else 'virt_disk_size'
    needed = sum(disk[size] for disk in disks)
    available = (available_mb or 0) * MIB
    if available < needed:
        raise exception.MigrationPreCheckError(
            reason=f'Disk of instance {instance_uuid} is too large (available on destination '
                   f'host: {available} bytes < need: {needed} bytes)')


def check_same_base(disk: str, base: str, since: str, now: str, host: str) -> None:
    """The guest must stand on what it has always stood on: ``since`` is the digest that its
    backing file had when the disk was made, '' where that is not known, ``now`` today's."""
    if since and since != now:
        raise exception.MigrationPreCheckError(
            reason=f'the backing file {base} on host {host} is not the one that disk {disk} '
                   f'stands on: it was replaced or changed since the disk was made (SHA-256 '
                   f'{now[:16]} instead of {since[:16]}). Put the former file back under that '
                   f'name, or make the disk whole: virsh blockpull')


def check_same_image(image: str, wanted: str, found: str, host: str) -> None:
    """The destination must have the same backing file, by its digest."""
    if wanted and wanted != found:
        raise exception.MigrationPreCheckError(
            reason=f'{image} on host {host} is not the file that it is at the source (SHA-256 '
                   f'{found[:16]} instead of {wanted[:16]}): the image directories differ. Copy '
                   'the file from the source')
