# SPDX-License-Identifier: Apache-2.0
"""Is instances_path one directory on both hosts? The destination leaves a file, the source looks.

The name comes from the other host and carries 128 random bits, so that two hosts never make the
same one. A probe that a crash left behind is removed at the next start.
"""
import os
import re
import time
import uuid

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.virt.libvirt.storage import Storage

PREFIX = '.probe-'
STALE = 3600.0      # s; far longer than any check takes
_NAME = re.compile(re.escape(PREFIX) + r'[0-9a-f]{32}\Z')


def leave(storage: Storage) -> str:
    """Make the file; returns its name. OSError."""
    name = PREFIX + uuid.uuid4().hex
    os.close(os.open(_path(storage, name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return name


def is_seen(storage: Storage, name: str) -> bool:
    """Whether the file is here. MigrationPreCheckError for a name that we never make."""
    if not _NAME.match(name or ''):
        raise exception.MigrationPreCheckError(reason=f'{name!r} is not the name of a probe')
    try:
        os.utime(storage.real(CONF.instances_path))   # makes NFS read the directory again
    except OSError:
        pass
    return os.path.exists(_path(storage, name))


def remove(storage: Storage, name: str | None) -> None:
    """Idempotent; a name that we never make is left alone."""
    if name and _NAME.match(name):
        try:
            os.unlink(_path(storage, name))
        except FileNotFoundError:
            pass


def remove_stale(storage: Storage) -> None:
    """At start: remove what a crash left, here or on another host of a shared directory."""
    oldest = time.time() - STALE
    for entry in os.scandir(storage.real(CONF.instances_path)):
        if _NAME.match(entry.name) and entry.stat(follow_symlinks=False).st_mtime < oldest:
            remove(storage, entry.name)


def _path(storage: Storage, name: str) -> str:
    return os.path.join(storage.real(CONF.instances_path), name)
