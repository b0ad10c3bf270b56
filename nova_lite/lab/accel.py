# SPDX-License-Identifier: Apache-2.0
"""Whether this machine really runs guests in hardware.

/dev/kvm proves nothing: nested in another machine it may open, and even answer, and then
never return from the first guest instruction. So a guest of five instructions is run. Where that
ends, a kernel may still never come up; so one is booted, as far as it comes without a disk.
"""
import os
import subprocess
import tempfile
from pathlib import Path

from nova_lite.lab.image import BOOT, kernel_release

EXIT_PORT = 0xf4
WRITTEN = 0x10
EXIT_CODE = WRITTEN << 1 | 1        # what QEMU's isa-debug-exit makes of the byte
# mov al, WRITTEN; out EXIT_PORT, al; hlt
BOOT_SECTOR = bytes((0xb0, WRITTEN, 0xe6, EXIT_PORT, 0xf4)).ljust(510, b'\0') + b'\x55\xaa'


# without anything to run a kernel panics, reboots at once, and so ends QEMU
CMDLINE = 'quiet panic=-1 mitigations=off cryptomgr.notests ipv6.disable=1'


def virt_type(timeout: float = 3, boot_timeout: float = 10) -> str:
    """libvirt's domain type for this machine: 'kvm', or 'qemu' (TCG) in every doubtful case."""
    usable = (os.path.exists('/dev/kvm') and runs('kvm', timeout)
              and boots('kvm', BOOT / f'vmlinuz-{kernel_release()}', boot_timeout))
    return 'kvm' if usable else 'qemu'


def runs(accelerator: str, timeout: float) -> bool:
    """Boot the sector; True when it reached the exit port within ``timeout`` seconds."""
    with tempfile.TemporaryDirectory() as directory:
        disk = Path(directory) / 'boot'
        disk.write_bytes(BOOT_SECTOR)
        return _ends(timeout, EXIT_CODE, '-accel', accelerator, '-m', '16', '-boot', 'a',
                     '-drive', f'file={disk},format=raw,if=floppy,read-only=on',
                     '-device', f'isa-debug-exit,iobase={EXIT_PORT},iosize=1')


def boots(accelerator: str, kernel: Path, timeout: float) -> bool:
    """Boot the kernel that the lab's guests have; True when it came up in ``timeout`` seconds."""
    return _ends(timeout, 0, '-accel', accelerator, '-m', '192', '-no-reboot',
                 '-kernel', str(kernel), '-append', CMDLINE)


def _ends(timeout: float, code: int, *arguments: str) -> bool:
    """Does QEMU with these arguments end with this code in time?"""
    guest = subprocess.Popen(
        ['qemu-system-x86_64', '-display', 'none', '-nodefaults', '-no-user-config', *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return guest.wait(timeout) == code
    except subprocess.TimeoutExpired:
        return False
    finally:
        guest.kill()
        try:
            guest.wait(2)
        except subprocess.TimeoutExpired:
            pass        # stuck in the kernel: nothing more can be done about it
