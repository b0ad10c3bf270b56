# SPDX-License-Identifier: Apache-2.0
"""Guests and migrations by libvirt alone: what the lab itself must be able to do."""
import contextlib
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import libvirt
import libvirt_qemu

from nova_lite.lab.command import run
from nova_lite.lab.guest import GuestWatch
from nova_lite.lab.host import Host
from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab

MIGRATE = (libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_PEER2PEER
           | libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE)

HMP = libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP

DOMAIN = '''
<domain type='{virt_type}'>
  <name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>192</memory><vcpu>1</vcpu>
  <os><type machine='pc'>hvm</type><kernel>{kernel}</kernel><initrd>{initrd}</initrd>
    <cmdline>{cmdline}</cmdline></os>
  <features><acpi/></features>
  <devices>{disk}
    <controller type='usb' model='none'/><memballoon model='none'/>
    <serial type='file'><source path='{directory}/console.log' append='on'/></serial>
  </devices>
</domain>'''
DISK = '''
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/><source file='{directory}/disk'/>
      <target dev='vda' bus='virtio'/></disk>'''


class RawGuest:
    """
    :param storage: instances (a directory of each host) or shared
    """

    def __init__(self, lab: Lab, image: Image, storage: str = 'instances') -> None:
        self.lab, self.image, self.storage = lab, image, storage
        self.uuid = str(uuid.uuid4())
        self.name = f'raw-{self.uuid[:8]}'

    def make_directory(self, host: Host) -> None:
        """Where the guest's files go on this host, with an empty copy of its disk."""
        directory = self._seen_by_machine(host)
        directory.mkdir(exist_ok=True)
        if self.image.disk and not (directory / 'disk').exists():
            run('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw',
                '-b', self.lab.state.images / 'disk.raw', directory / 'disk', '64M')

    def start(self, host: Host) -> None:
        self.make_directory(host)
        images, descriptor = self.lab.state.images, self.image.descriptor()
        directory = host.common / self.storage / self.uuid
        xml = DOMAIN.format(
            virt_type=self.lab.settings.virt_type, name=self.name, uuid=self.uuid,
            kernel=images / descriptor['kernel'], initrd=images / descriptor['initrd'],
            cmdline=descriptor['cmdline'], directory=directory,
            disk=DISK.format(directory=directory) if self.image.disk else '')
        with connected(host) as libvirtd:
            libvirtd.defineXML(xml).create()

    def migrate(self, source: Host, target: Host, bandwidth: int = 0, flags: int = 0) -> None:
        """Peer to peer, to its end; bandwidth in MiB/s."""
        parameters = {libvirt.VIR_MIGRATE_PARAM_BANDWIDTH: bandwidth} if bandwidth else {}
        with connected(source) as libvirtd:
            libvirtd.lookupByUUIDString(self.uuid).migrateToURI3(
                f'qemu+tcp://{target.name}/system', parameters, MIGRATE | flags)

    def destroy(self, host: Host) -> None:
        with connected(host) as libvirtd:
            domain = libvirtd.lookupByUUIDString(self.uuid)
            if domain.isActive():
                domain.destroy()
            domain.undefine()

    def shutdown(self, host: Host, timeout: float) -> bool:
        """Press its power button; True when it went down within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        with connected(host) as libvirtd:
            domain = libvirtd.lookupByUUIDString(self.uuid)
            domain.shutdown()
            while domain.isActive() and time.monotonic() < deadline:
                time.sleep(0.1)     # events would need a loop of their own
            return not domain.isActive()

    def pid(self, host: Host) -> int:
        """Of its QEMU."""
        return host.processes(f'guest={self.name},debug-threads=on')[0].pid

    def damage_disk(self, host: Host) -> None:
        """Spoil the base text, which the guest never writes, in its own layer of the disk."""
        with connected(host) as libvirtd:
            # the guest's own QEMU holds the lock of the file, so it has to do it itself
            said = libvirt_qemu.qemuMonitorCommand(
                libvirtd.lookupByUUIDString(self.uuid),
                'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend '
                '"write -P 0x58 4096 4096"', HMP)
            assert said == '', said

    def watch(self) -> GuestWatch:
        return GuestWatch(self.lab.topology.consoles(self.uuid))

    def _seen_by_machine(self, host: Host) -> Path:
        root = self.lab.state.path if self.storage == 'shared' else host.root
        return root / self.storage / self.uuid


@contextlib.contextmanager
def connected(host: Host) -> Iterator[libvirt.virConnect]:
    connection = libvirt.open(host.libvirt_uri)
    try:
        yield connection
    finally:
        connection.close()
