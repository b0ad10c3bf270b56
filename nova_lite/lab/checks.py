# SPDX-License-Identifier: Apache-2.0
"""Whether the lab can run on this machine: one line that says what is missing, and the remedy.

Asked before anything is made, so that a machine on which it cannot run stays as it was.
"""
import importlib.util
import os
import platform
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from nova_lite.lab.command import LabError, run
from nova_lite.lab.image import kernel_release

# program: Debian's package
PROGRAMS = {
    'ip': 'iproute2', 'nsenter': 'util-linux', 'unshare': 'util-linux', 'setpriv': 'util-linux',
    'mount': 'mount', 'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils',
    '/usr/sbin/libvirtd': 'libvirt-daemon', 'virsh': 'libvirt-clients', 'bindfs': 'bindfs',
    'busybox': 'busybox-static', 'gcc': 'gcc libc6-dev', 'openssl': 'openssl',
    'mariadbd': 'mariadb-server', 'epmd': 'erlang-base',
    '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server',
}
FILES = {
    '/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so':
        'libvirt-daemon-driver-qemu',
    '/usr/lib/x86_64-linux-gnu/libc.a': 'libc6-dev',
}
# Debian keeps daemons where only root's PATH leads
SEARCH = os.pathsep.join((os.environ.get('PATH', ''), '/usr/sbin', '/sbin'))
# Before it, a guest under emulation loses writes in a longer migration
MIN_QEMU_TCG = (9, 0)
MIN_FREE_MIB = 1024


def check_machine() -> None:
    """:raises LabError: the first thing that is missing"""
    for check in (_platform, _root, _programs, _python, _namespaces, _fuse, _memory):
        check()
    kernel_release()


def check_reachable(directory: Path) -> None:
    """The broker, the database and the guests run under accounts of their own.

    :raises LabError: they may not get to the directory
    """
    for parent in directory.parents:
        if parent.exists() and not parent.stat().st_mode & 0o001:
            raise LabError(f'{parent} lets no other account through, and those of the broker and '
                           f'the database must get to {directory}: chmod o+x {parent}, or use '
                           'another --dir')


def check_emulator(virt_type: str, version: Callable[[], tuple[int, int]] | None = None) -> None:
    """:raises LabError: QEMU is too old for guests without hardware virtualisation"""
    found = (version or qemu_version)()
    if virt_type == 'qemu' and found < MIN_QEMU_TCG:
        raise LabError(
            f'QEMU {found[0]}.{found[1]} loses writes of emulated guests in a migration and '
            f'/dev/kvm does not work here: install QEMU 9.0 or newer '
            f'(apt-get install -t bookworm-backports qemu-system-x86)')


def qemu_version() -> tuple[int, int]:
    words = run('qemu-system-x86_64', '--version').stdout
    match = re.search(r'version (\d+)\.(\d+)', words)
    if not match:
        raise LabError('qemu-system-x86_64 does not tell its version: reinstall qemu-system-x86')
    return int(match[1]), int(match[2])


def _platform() -> None:
    if platform.system() != 'Linux' or platform.machine() != 'x86_64':
        raise LabError('the lab needs Linux on x86_64; nova-lite-all-in-one runs anywhere')


def _root() -> None:
    if os.geteuid() != 0:
        raise LabError('the lab needs root for its namespaces: run it with sudo; '
                       'nova-lite-all-in-one needs none')


def _programs() -> None:
    missing = {package: program for program, package in PROGRAMS.items()
               if not shutil.which(program, path=SEARCH)}
    missing |= {package: file for file, package in FILES.items() if not os.path.exists(file)}
    if missing:
        raise LabError(f'{", ".join(missing.values())} missing: '
                       f'apt-get install {" ".join(missing)}')


def _python() -> None:
    if not importlib.util.find_spec('libvirt'):
        raise LabError('the Python module libvirt is missing: apt-get install libvirt-dev '
                       'pkg-config python3-dev gcc, then pip install libvirt-python')


def _namespaces() -> None:
    apart = ('unshare', '--net', '--mount', '--uts', '--propagation', 'private')
    try:
        run(*apart, 'true')
    except LabError as error:
        raise LabError(f'this machine makes no namespaces ({error}): a container needs '
                       f'--privileged, a kernel CONFIG_NET_NS and CONFIG_UTS_NS') from None
    for link, module in ((('br0', 'type', 'bridge'), 'bridge'),
                         (('e0', 'type', 'veth', 'peer', 'name', 'p0'), 'veth')):
        try:    # in a network that is gone with the command
            run(*apart, 'ip', 'link', 'add', *link)
        except LabError:
            raise LabError(f'this kernel has no {module} device: modprobe {module}') from None


def _fuse() -> None:
    if not os.path.exists('/dev/fuse'):
        raise LabError('/dev/fuse is missing: modprobe fuse')


def _memory() -> None:
    for line in Path('/proc/meminfo').read_text().splitlines():
        if line.startswith('MemAvailable:') and int(line.split()[1]) < MIN_FREE_MIB * 1024:
            raise LabError(f'less than {MIN_FREE_MIB} MiB of memory are free: stop something')
