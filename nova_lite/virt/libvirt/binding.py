# SPDX-License-Identifier: Apache-2.0
"""The one door to libvirt-python, and what stands in for it where it is not installed.

The scheme of the connection's URI chooses the hypervisor: ``simulated:`` is the one of
virt.simulation, which needs no libvirt-python; all others are libvirt's. Both raise the same class
of error. The numbers of libvirt's interface are in abi.
"""
import urllib.parse
from typing import TYPE_CHECKING, Any

from nova_lite.virt.libvirt.interface import Domain

__all__ = ['FROM_QEMU', 'SIMULATED', 'is_simulated', 'libvirt', 'libvirtError', 'make_error',
           'monitor_command']

try:
    import libvirt
    import libvirt_qemu
except ImportError:     # only a host that runs real guests needs it
    libvirt = libvirt_qemu = None

if TYPE_CHECKING or libvirt is None:
    class libvirtError(Exception):      # noqa: N801 (it takes the place of libvirt's)
        """An error with what libvirt tells of one: (code, domain, message, ...)."""
        err: tuple[Any, ...] = ()

        def get_error_code(self) -> int:
            return self.err[0] if self.err else None        # type: ignore[return-value]

        def get_error_domain(self) -> int | None:
            return self.err[1] if self.err else None

        def get_error_message(self) -> str | None:
            return self.err[2] if self.err else None

    libvirtError.__module__ = 'libvirt'     # by which driver_errors knows it
else:
    libvirtError = libvirt.libvirtError

SIMULATED = 'simulated'
FROM_QEMU = 10      # VIR_FROM_QEMU


def make_error(code: int, message: str) -> libvirtError:
    """An error as libvirt would raise it."""
    error = libvirtError(message)
    error.err = (code, FROM_QEMU, message, 2, message, None, None, -1, -1)
    error.args = (message,)
    return error


def is_simulated(uri: str) -> bool:
    return urllib.parse.urlsplit(uri).scheme == SIMULATED


def monitor_command(domain: Domain, command: str) -> str:
    """QEMU's answer to a command of its monitor (QMP)."""
    own = getattr(domain, 'qemuMonitorCommand', None)      # of a simulated domain
    answer: str = (own(command, 0) if own
                   else libvirt_qemu.qemuMonitorCommand(domain, command, 0))
    return answer
