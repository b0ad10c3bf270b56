# SPDX-License-Identifier: Apache-2.0
"""Whether this machine really runs guests in hardware.

/dev/kvm proves nothing: nested in another machine it may open, and even answer, and then
never return from the first guest instruction. So a guest of five instructions is run.
"""
from pathlib import Path
import os
import subprocess
import tempfile

EXIT_PORT = 0xf4
WRITTEN = 0x10
EXIT_CODE = WRITTEN << 1 | 1        # what QEMU's isa-debug-exit makes of the byte
# mov al, WRITTEN; out EXIT_PORT, al; hlt
BOOT_SECTOR = bytes((0xb0, WRITTEN, 0xe6, EXIT_PORT, 0xf4)).ljust(510, b'\0') + b'\x55\xaa'


def virt_type(timeout: float = 3) -> str:
    """libvirt's domain type for this machine: 'kvm', or 'qemu' (TCG) in every doubtful case."""
    return 'kvm' if os.path.exists('/dev/kvm') and runs('kvm', timeout) else 'qemu'


def runs(accelerator: str, timeout: float) -> bool:
    """Boot the sector; True when it reached the exit port within ``timeout`` seconds."""
    with tempfile.TemporaryDirectory() as directory:
        disk = Path(directory) / 'boot'
        disk.write_bytes(BOOT_SECTOR)
        guest = subprocess.Popen(
            ['qemu-system-x86_64', '-accel', accelerator, '-m', '16', '-display', 'none',
             '-nodefaults', '-no-user-config', '-boot', 'a',
             '-drive', f'file={disk},format=raw,if=floppy,read-only=on',
             '-device', f'isa-debug-exit,iobase={EXIT_PORT},iosize=1'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return guest.wait(timeout) == EXIT_CODE
        except subprocess.TimeoutExpired:
            return False
        finally:
            guest.kill()
            try:
                guest.wait(2)
            except subprocess.TimeoutExpired:
                pass        # stuck in the kernel: nothing more can be done about it
