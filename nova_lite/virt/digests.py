# SPDX-License-Identifier: Apache-2.0
"""SHA-256 of files that do not change: computed once, then known by what tells a file apart.

A file that was replaced, written to or given another time is read again.
"""
import collections
import errno
import hashlib
import io
import os
import typing
from typing import BinaryIO

from oslo_log import log as logging

from nova_lite import utils

LOG = logging.getLogger(__name__)

MOST = 1000     # files; then the oldest is forgotten

_known: collections.OrderedDict[tuple[int, ...], str] = collections.OrderedDict()


def of_file(path: str) -> str:
    """The digest of the file, 64 hexadecimal digits. OSError, also for one that is written to
    while it is read."""
    with open(path, 'rb') as stream:
        identity = _identity(stream)
        digest = _known.get(identity)
        if digest is None:
            LOG.info('Computing the digest of %s', path)
            digest = utils.tpool_execute(_compute, stream)
            if _identity(stream) != identity:
                raise OSError(errno.EBUSY, 'the file is being written to', path)
            _known[identity] = digest
            while len(_known) > MOST:
                _known.popitem(last=False)
        return digest


def _identity(stream: BinaryIO) -> tuple[int, ...]:
    status = os.fstat(stream.fileno())
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _compute(stream: BinaryIO) -> str:
    return hashlib.file_digest(typing.cast(io.BufferedReader, stream), 'sha256').hexdigest()
