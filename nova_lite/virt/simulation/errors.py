# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor refuses, with the code that libvirt has for it."""
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.binding import libvirtError, make_error

CLOSED = 'internal error: client socket is closed'


def no_domain(uuid: str) -> libvirtError:
    return make_error(abi.Error.NO_DOMAIN,
                      f"Domain not found: no domain with matching uuid '{uuid}'")


def invalid(what: str) -> libvirtError:
    """Not in this state."""
    return make_error(abi.Error.OPERATION_INVALID, f'Requested operation is not valid: {what}')


def failed(what: str) -> libvirtError:
    return make_error(abi.Error.OPERATION_FAILED, f'operation failed: {what}')


def down(host: str) -> libvirtError:
    return make_error(abi.Error.SYSTEM_ERROR, f'Failed to connect socket: the hypervisor of '
                                              f'{host} is down')
