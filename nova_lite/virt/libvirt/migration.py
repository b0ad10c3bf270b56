# SPDX-License-Identifier: Apache-2.0
"""How a guest is moved: flags, addresses and parameters of the copy. Pure functions."""
import ipaddress
import re
from typing import Any, NamedTuple

from nova_lite import exception
from nova_lite.virt.libvirt.abi import Migrate, Param

_HOSTNAME = re.compile(r'(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9_-]{0,62})'
                       r'(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,62}))*\.?\Z')


class Options(NamedTuple):
    """The options of [libvirt] that a copy starts with, without their prefix live_migration_."""
    virt_type: str = 'kvm'
    uri: str | None = None
    scheme: str | None = None
    tunnelled: bool = False
    with_native_tls: bool = False
    bandwidth: int = 0
    permit_post_copy: bool = False
    permit_auto_converge: bool = False
    parallel_connections: int = 1

    @classmethod
    def read(cls, group: object) -> 'Options':
        return cls(*(getattr(group, name if name == 'virt_type' else f'live_migration_{name}')
                     for name in cls._fields))


class Plan(NamedTuple):
    """One call of migrateToURI3."""
    uri: str
    flags: Migrate
    params: dict[str, Any]


# From here QEMU can switch a copy over several connections to post-copy; before, the guest ends.
PARALLEL_POST_COPY_SINCE = 10_001_000


def one_connection(options: Options, qemu_version: int) -> Options:
    """``options`` with one connection where QEMU ``qemu_version`` cannot have both several and
    post-copy."""
    if options.permit_post_copy and qemu_version < PARALLEL_POST_COPY_SINCE:
        return options._replace(parallel_connections=1)
    return options


def make_flags(options: Options, block: bool, copies_disks: bool, paused: bool) -> Migrate:
    """Nova's table of flags.

    ``block``: disks are not shared; ``copies_disks``: there is one to copy. Without any the flag
    NON_SHARED_INC must go, since libvirt reads an empty list of disks as all of them.
    ``paused``: the guest does not run, and post-copy would never end.
    """
    flags = Migrate.LIVE | Migrate.PEER2PEER | Migrate.UNDEFINE_SOURCE | Migrate.PERSIST_DEST
    if block and copies_disks:
        flags |= Migrate.NON_SHARED_INC
    if options.tunnelled:
        flags |= Migrate.TUNNELLED
    if options.with_native_tls:
        flags |= Migrate.TLS
    if options.permit_post_copy:
        if not paused:
            flags |= Migrate.POSTCOPY
    elif options.permit_auto_converge:
        flags |= Migrate.AUTO_CONVERGE
    if options.parallel_connections > 1:
        flags |= Migrate.PARALLEL
    return flags


def make_uri(options: Options, dest: str) -> str:
    """Where the source's libvirt finds the destination's.

    InvalidHostname for what is no host name nor address: it would change the URI's meaning.
    """
    address = _as_address(dest)
    if address is None and not _HOSTNAME.match(dest):
        raise exception.InvalidHostname(hostname=dest)
    bracketed = f'[{dest}]' if address is not None and address.version == 6 else dest
    if options.uri:
        return options.uri.replace('%s', bracketed)
    if options.virt_type not in ('kvm', 'qemu'):
        raise exception.LiveMigrationURINotAvailable(virt_type=options.virt_type)
    return f'qemu+{options.scheme or "tcp"}://{bracketed}/system'


def make_params(options: Options, xml: str, persistent_xml: str, disks: list[str],
                inbound_addr: str | None, flags: Migrate) -> dict[str, Any]:
    """The typed parameters of migrateToURI3.

    Both definitions are always sent: without the persistent one the destination would keep the
    source's. ``disks`` are target names, ``inbound_addr`` the destination's address for the copy.
    """
    params: dict[str, Any] = {Param.DEST_XML: xml, Param.PERSIST_XML: persistent_xml}
    if options.bandwidth:
        params[Param.BANDWIDTH] = options.bandwidth
        if Migrate.POSTCOPY in flags:   # pages that the guest waits for are sent all the same
            params[Param.BANDWIDTH_POSTCOPY] = options.bandwidth
    if Migrate.NON_SHARED_INC in flags and Migrate.TUNNELLED not in flags:
        params[Param.MIGRATE_DISKS] = list(disks)
    if inbound_addr and Migrate.TUNNELLED not in flags:
        address = _as_address(inbound_addr)
        v6 = address is not None and address.version == 6
        params[Param.URI] = f'tcp://[{inbound_addr}]' if v6 else f'tcp://{inbound_addr}'
    if Migrate.PARALLEL in flags:
        params[Param.PARALLEL_CONNECTIONS] = options.parallel_connections
    return params


# From 8.5.0 libvirt can resume a post-copy. These versions, first to last, must not be asked to:
# the destination's libvirtd ends on a null pointer, with all that it was doing.
RESUME_SINCE = 8_005_000
RESUME_CRASHES = ((11_003_000, 11_003_999),)


def why_not_resume(version: int | None, wish: str) -> str:
    """What forbids to resume a post-copy to a host with libvirt ``version`` (libvirt's number, or
    None where it is not known); '' for nothing. ``wish``: auto, never or always."""
    if wish == 'always':
        return ''
    if wish == 'never':
        return 'live_migration_resume_post_copy=never forbids to resume it'
    if version is None:
        return "it is not resumed, since the version of the destination's libvirt is not known"
    words = f'{version // 1000000}.{version // 1000 % 1000}.{version % 1000}'
    if version < RESUME_SINCE or any(first <= version <= last for first, last in RESUME_CRASHES):
        return f'it is not resumed, since libvirt {words} of the destination cannot do that safely'
    return ''


def _as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
