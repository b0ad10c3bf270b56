# SPDX-License-Identifier: Apache-2.0
"""Kinds of option values that oslo.config does not have.

Each refuses what would fail only later, in the middle of a migration. The words of a refusal
follow the option and its value: "[libvirt]live_migration_uri = qemu: %s must stand for the host".
"""
import math
import re
import urllib.parse
from typing import Any

from oslo_config import types

# no wait of ours is longer, and threading cannot wait for much longer than some hundred years
LONGEST = 365 * 86400       # s
MOST = 2 ** 31 - 1          # what a column of the database and a number of libvirt hold

TRANSPORTS = ('tcp', 'tls', 'ssh', 'libssh', 'libssh2')
_HERE = ('qemu', 'qemu+unix', *(f'qemu+{transport}' for transport in TRANSPORTS), 'qemu+ext')
_ELSEWHERE = tuple(scheme for scheme in _HERE if scheme != 'qemu+unix')
_HOST = 'a-host.example.org'


class Float(types.Float):
    """A number that is one: not nan, not infinite."""

    def __call__(self, value: Any) -> float | None:
        number = super().__call__(value)
        if number is not None and not math.isfinite(number):
            raise ValueError('a finite number is needed')
        return number


class Path(types.String):
    """An absolute path, since a process may be started in any directory."""

    def __call__(self, value: Any) -> str:
        path = super().__call__(value)
        if not path.startswith('/') or '\0' in path:
            raise ValueError('an absolute path is needed')
        return path


class Name(types.String):
    """A word of letters, digits and ``.``, ``_``, ``-``."""

    def __call__(self, value: Any) -> str:
        name = super().__call__(value)
        if not re.fullmatch(r'[A-Za-z0-9][A-Za-z0-9._-]{0,254}', name):
            raise ValueError('a name of letters, digits, ".", "_" and "-" is needed')
        return name


class HttpUrl(types.String):
    """URL of a service that speaks HTTP."""

    def __call__(self, value: Any) -> str:
        url = super().__call__(value)
        try:
            parts = urllib.parse.urlsplit(url)
            good = parts.scheme in ('http', 'https') and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if not good or re.search(r'[\s\x00]', url):
            raise ValueError('a URL such as http://cloud.example.org:8774 is needed')
        return url


class LibvirtUri(types.String):
    """URI of a libvirt that runs QEMU guests, or of the simulated hypervisor."""
    schemes = (*_HERE, 'simulated')

    def __call__(self, value: Any) -> str:
        uri = super().__call__(value)
        scheme = uri.partition('://')[0]
        if '://' not in uri or re.search(r'[\s\x00]', uri):
            raise ValueError('a URI such as qemu:///system is needed')
        if scheme not in self.schemes:
            raise ValueError(f'libvirt has no {scheme}:// for QEMU guests here; there are '
                             f'{", ".join(self.schemes)}')
        return uri


class LibvirtUriTemplate(LibvirtUri):
    """The same of another host, whose name is put in the place of ``%s``."""
    schemes = _ELSEWHERE

    def __call__(self, value: Any) -> str:
        template = super().__call__(value)
        try:
            parts = urllib.parse.urlsplit(template.replace('%s', _HOST))
            found = parts.hostname if parts.port != 0 else None     # reading a bad port raises
        except ValueError as error:
            raise ValueError(f'this is no URI: {error}') from None
        if template.count('%s') != 1 or found != _HOST:
            raise ValueError('%s must stand, once, where the host is, as in '
                             'qemu+tls://%s/system')
        if not parts.path.strip('/'):
            raise ValueError('the path is missing, as in qemu+tls://%s/system')
        return template
