# SPDX-License-Identifier: Apache-2.0
"""The local image directory: what guests are booted from, and what copied disks lie on top of.

An image is one descriptor NAME.json with its files beside it. Every host has the same directory,
so a destination finds the kernel and the backing file of a guest that comes to it. File names come
from descriptors, from the database and from other hosts, so they are looked at before use.
"""
import json
import os
import re
import time
import uuid
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.conf import CONF

LOG = logging.getLogger(__name__)

DISK_FORMATS = ('raw', 'qcow2')
_FILE_NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.+-]{0,254}\Z')
_MAX_DESCRIPTOR = 64 * 1024     # bytes

_cache: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]] = {}


def list_images() -> list[dict[str, Any]]:
    """Every usable image, by name: id, name, kernel, initrd, cmdline, disk, disk_format, min_ram
    (MiB), min_disk (GiB), properties, created_at (ISO 8601, UTC), size (bytes), status.

    A descriptor that cannot be used is left out, and said so in the log once.
    """
    directory = CONF.images.path
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        LOG.error('Cannot read the image directory %s: %s', directory, error.strerror)
        return []
    found = [_load(os.path.join(directory, name)) for name in names
             if name.endswith('.json') and _FILE_NAME.match(name)]
    return sorted((image for image in found if image), key=lambda image: image['name'])


def get_image(id_or_name: str) -> dict[str, Any]:
    """One image. ImageNotFound; Invalid when several have that name."""
    images = list_images()
    for image in images:
        if image['id'] == id_or_name:
            return image
    named = [image for image in images if image['name'] == id_or_name]
    if len(named) > 1:
        raise exception.Invalid(
            reason=f'{len(named)} images are named {id_or_name}; use the id of one of them: '
                   + ', '.join(image['id'] for image in named))
    if not named:
        raise exception.ImageNotFound(image_id=id_or_name)
    return named[0]


def path_of(name: str) -> str:
    """Path of an image's file. Invalid for a name that could lead out of the directory;
    ImageNotFound when there is no such file."""
    if not isinstance(name, str) or not _FILE_NAME.match(name):
        raise exception.Invalid(reason=f'{name!r} is not the name of a file of an image')
    directory = os.path.realpath(CONF.images.path)
    path = os.path.join(CONF.images.path, name)
    if os.path.dirname(os.path.realpath(path)) != directory:
        raise exception.Invalid(reason=f'{name!r} leads out of the image directory')
    if not os.path.isfile(path):
        raise exception.ImageNotFound(image_id=name)
    return path


def _load(path: str) -> dict[str, Any] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None     # removed meanwhile
    signature = (status.st_mtime_ns, status.st_size, status.st_ino)
    cached = _cache.get(path)
    if cached is None or cached[0] != signature:
        cached = _cache[path] = (signature, _read(path, status))
    return dict(cached[1]) if cached[1] else None


def _read(path: str, status: os.stat_result) -> dict[str, Any] | None:
    try:
        if status.st_size > _MAX_DESCRIPTOR:
            raise ValueError(f'larger than {_MAX_DESCRIPTOR} bytes')
        with open(path, encoding='utf-8') as stream:
            image = validate(json.load(stream))
        files = [path_of(image[key]) for key in ('disk', 'kernel', 'initrd') if image[key]]
    except (OSError, ValueError, exception.NovaLiteException) as error:
        LOG.warning('Image descriptor %s cannot be used: %s', path, exception.message_of(error))
        return None
    created = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(status.st_mtime))
    return {**image, 'created_at': created, 'status': 'active',
            'size': sum(os.path.getsize(file) for file in files)}


def validate(descriptor: object) -> dict[str, Any]:
    """The descriptor with all its keys. ValueError names what is wrong with it."""
    if not isinstance(descriptor, dict):
        raise ValueError('it is not a JSON object')
    image: dict[str, Any] = {'id': _uuid(descriptor), 'name': descriptor.get('name')}
    if not isinstance(image['name'], str) or not 0 < len(image['name']) <= 255:
        raise ValueError('name: a text of 1 to 255 characters is needed')
    for key in ('kernel', 'initrd', 'disk'):
        image[key] = descriptor.get(key) or None
        if image[key] and not (isinstance(image[key], str) and _FILE_NAME.match(image[key])):
            raise ValueError(f'{key}: {image[key]!r} is not a plain file name')
    if not image['kernel'] and not image['disk']:
        raise ValueError('a kernel or a disk is needed')
    if image['initrd'] and not image['kernel']:
        raise ValueError('initrd: useless without a kernel')
    image['disk_format'] = descriptor.get('disk_format') or None
    if image['disk'] and image['disk_format'] not in DISK_FORMATS:
        raise ValueError(f'disk_format: use one of {", ".join(DISK_FORMATS)}')
    image['cmdline'] = descriptor.get('cmdline') or ''
    if not isinstance(image['cmdline'], str):
        raise ValueError('cmdline: a text is needed')
    for key in ('min_ram', 'min_disk'):
        image[key] = descriptor.get(key) or 0
        if not isinstance(image[key], int) or isinstance(image[key], bool) or image[key] < 0:
            raise ValueError(f'{key}: a whole number from 0 is needed')
    image['properties'] = descriptor.get('properties') or {}
    if not isinstance(image['properties'], dict):
        raise ValueError('properties: an object is needed')
    return image


def _uuid(descriptor: dict[str, Any]) -> str:
    try:
        return str(uuid.UUID(descriptor.get('id')))
    except (ValueError, TypeError, AttributeError):
        raise ValueError('id: a UUID is needed') from None
