# SPDX-License-Identifier: Apache-2.0
"""A guest's definition: made for a new guest, read of a running one, changed for a destination.

Pure functions from values to XML text and back.
"""
import xml.etree.ElementTree as ET
from typing import Any, NamedTuple

from nova_lite.objects import Instance

NAMESPACE = 'urn:nova-lite:instance:1'
ET.register_namespace('nova-lite', NAMESPACE)


class Options(NamedTuple):
    """The options of [libvirt] that shape a guest."""
    virt_type: str = 'kvm'
    cpu_mode: str | None = None
    cpu_model: str | None = None
    machine_type: str | None = None

    @classmethod
    def read(cls, group: object) -> 'Options':
        return cls(*(getattr(group, name) for name in cls._fields))

    @property
    def effective_cpu_mode(self) -> str:
        return self.cpu_mode or ('host-model' if self.virt_type == 'kvm' else 'none')


class Boot(NamedTuple):
    """Kernel and initrd by path; without a kernel the first disk is booted."""
    kernel: str | None = None
    initrd: str | None = None
    cmdline: str = ''


class Disk(NamedTuple):
    """A disk of a new guest."""
    path: str
    target: str
    cache: str = 'none'
    format: str = 'qcow2'


class DiskSeen(NamedTuple):
    """A disk of a running guest. ``backing`` is the path its file lies on top of, or ''."""
    target: str
    path: str
    format: str = 'raw'
    kind: str = 'file'
    device: str = 'disk'
    read_only: bool = False
    shareable: bool = False
    backing: str = ''
    backing_format: str = ''

    @property
    def copied(self) -> bool:
        """A block migration has to copy it."""
        return (self.device == 'disk' and self.kind in ('file', 'block') and bool(self.path)
                and not self.read_only and not self.shareable)


def guest_xml(instance: Instance, options: Options, boot: Boot, disks: list[Disk],
              console: str) -> str:
    """Definition of a new guest. ``instance``: name, uuid, display_name, generation, metadata,
    memory_mb, vcpus. ``console``: path of the file that its serial port writes to."""
    domain = ET.Element('domain', type=options.virt_type)
    _text(domain, 'name', instance.name)
    _text(domain, 'uuid', instance.uuid)
    metadata = ET.SubElement(ET.SubElement(domain, 'metadata'), f'{{{NAMESPACE}}}instance')
    _text(metadata, f'{{{NAMESPACE}}}name', printable(instance.display_name or ''))
    _text(metadata, f'{{{NAMESPACE}}}generation', str(instance.generation or 0))
    for key, value in sorted((instance.metadata or {}).items()):
        _text(metadata, f'{{{NAMESPACE}}}property', printable(value), key=printable(key))
    _text(domain, 'memory', str(instance.memory_mb), unit='MiB')
    _text(domain, 'vcpu', str(instance.vcpus))
    _add_boot(domain, options, boot)
    features = ET.SubElement(domain, 'features')
    ET.SubElement(features, 'acpi')
    ET.SubElement(features, 'apic')
    _add_cpu(domain, options)
    ET.SubElement(domain, 'clock', offset='utc')
    _text(domain, 'on_poweroff', 'destroy')
    _text(domain, 'on_reboot', 'restart')
    _text(domain, 'on_crash', 'destroy')
    devices = ET.SubElement(domain, 'devices')
    for disk in disks:
        element = ET.SubElement(devices, 'disk', type='file', device='disk')
        ET.SubElement(element, 'driver', name='qemu', type=disk.format, cache=disk.cache)
        ET.SubElement(element, 'source', file=disk.path)
        ET.SubElement(element, 'target', dev=disk.target, bus='virtio')
    ET.SubElement(devices, 'controller', type='usb', model='none')
    serial = ET.SubElement(devices, 'serial', type='file')
    ET.SubElement(serial, 'source', path=console, append='on')
    ET.SubElement(serial, 'target', port='0')
    ET.SubElement(devices, 'memballoon', model='none')
    return ET.tostring(domain, encoding='unicode')


def read_disks(xml: str) -> list[DiskSeen]:
    """The disks of a guest, from its live definition."""
    return [_read_disk(element) for element in ET.fromstring(xml).iterfind('devices/disk')]


def for_destination(xml: str, graphics_addr: str | None = None,
                    serial_addr: str | None = None) -> str:
    """The definition as the destination needs it: listening on the destination's addresses."""
    domain = ET.fromstring(xml)
    for graphics in domain.iterfind('devices/graphics'):
        if not graphics_addr:
            break
        graphics.set('listen', graphics_addr)
        for listen in graphics.iterfind("listen[@type='address']"):
            listen.set('address', graphics_addr)
    for device in ('serial', 'console'):
        if not serial_addr:
            break
        for source in domain.iterfind(f"devices/{device}[@type='tcp']/source[@mode='bind']"):
            source.set('host', serial_addr)
    return ET.tostring(domain, encoding='unicode')


def cpu_xml(cpu_info: dict[str, Any]) -> str:
    """A guest's CPU for libvirt to compare with what it can offer, from a host's cpu_info."""
    cpu = ET.Element('cpu', mode='custom', match='exact')
    # libvirt 11.3 forgets the features of a model that is named with its version 1
    _text(cpu, 'model', cpu_info['model'].removesuffix('-v1'))
    if cpu_info.get('vendor'):
        _text(cpu, 'vendor', cpu_info['vendor'])
    for policy, key in (('require', 'features'), ('disable', 'disabled_features')):
        for name in cpu_info.get(key) or ():
            ET.SubElement(cpu, 'feature', name=name, policy=policy)
    return ET.tostring(cpu, encoding='unicode')


def printable(text: str) -> str:
    """``text`` without the characters that XML cannot carry."""
    return ''.join(char for char in text if char.isprintable())


def _add_boot(domain: ET.Element, options: Options, boot: Boot) -> None:
    attributes = {'machine': options.machine_type} if options.machine_type else {}
    os_element = ET.SubElement(domain, 'os')
    _text(os_element, 'type', 'hvm', **attributes)
    if not boot.kernel:
        ET.SubElement(os_element, 'boot', dev='hd')
        return
    _text(os_element, 'kernel', boot.kernel)
    if boot.initrd:
        _text(os_element, 'initrd', boot.initrd)
    if boot.cmdline:
        _text(os_element, 'cmdline', printable(boot.cmdline))


def _add_cpu(domain: ET.Element, options: Options) -> None:
    mode = options.effective_cpu_mode
    if mode == 'custom' and options.cpu_model:
        cpu = ET.SubElement(domain, 'cpu', mode='custom', match='exact')
        _text(cpu, 'model', options.cpu_model)
    elif mode in ('host-model', 'maximum'):
        ET.SubElement(domain, 'cpu', mode=mode)


def _read_disk(element: ET.Element) -> DiskSeen:
    def attribute(path: str, name: str, default: str = '') -> str:
        found = element.find(path)
        return default if found is None else found.get(name, default)

    return DiskSeen(
        target=attribute('target', 'dev'),
        path=attribute('source', 'file') or attribute('source', 'dev'),
        format=attribute('driver', 'type', 'raw'), kind=element.get('type', 'file'),
        device=element.get('device', 'disk'), read_only=element.find('readonly') is not None,
        shareable=element.find('shareable') is not None,
        backing=attribute('backingStore/source', 'file'),
        backing_format=attribute('backingStore/format', 'type'))


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
