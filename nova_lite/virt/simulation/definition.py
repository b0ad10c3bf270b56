# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor reads in definitions, and the XML that it writes itself.

How busy a guest is stands in the metadata of its server, which a definition carries:
sim:dirty_rate and sim:working_set (MiB/s, MiB). The options of [simulation] stand in for what is
missing.
"""
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import NamedTuple

from nova_lite.conf import CONF
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.binding import make_error
from nova_lite.virt.libvirt.config import NAMESPACE
from nova_lite.virt.simulation.state import Host

# a guest moves to a CPU that has all features of its own
CPU_FEATURES = {'sim-v1': ('base',), 'sim-v2': ('base', 'wide'),
                'sim-v3': ('base', 'wide', 'wider'), 'sim-other': ('strange',)}


class Definition(NamedTuple):
    uuid: str
    memory_mb: int
    vcpus: int
    dirty_rate: float
    working_set: float


def read(xml: str) -> Definition:
    """libvirtError (XML_ERROR) for what is no definition of a guest."""
    try:
        domain = ET.fromstring(xml)
        uuid, size = domain.findtext('uuid') or '', int(domain.findtext('memory') or '')
        vcpus = int(domain.findtext('vcpu') or 1)
    except (ET.ParseError, ValueError) as error:
        raise make_error(abi.Error.XML_ERROR, f'XML error: {error}') from None
    memory = domain.find('memory')
    unit = {'MiB': 1, 'GiB': 1024}.get('' if memory is None else memory.get('unit', 'KiB'))
    properties = {element.get('key'): element.text or ''
                  for element in domain.iterfind(f'metadata/*/{{{NAMESPACE}}}property')}
    return Definition(
        uuid, size * unit if unit else size // 1024, vcpus,
        _number(properties.get('sim:dirty_rate'), CONF.simulation.dirty_rate),
        _number(properties.get('sim:working_set'), CONF.simulation.working_set))


def _number(text: str | None, default: float) -> float:
    """A user's number, or ``default`` where it is none."""
    try:
        return max(0.0, float(text or ''))
    except ValueError:
        return default


def disk_names(xml: str) -> dict[str, str]:
    """File name of each disk by its target."""
    return {target.get('dev', ''): os.path.basename(source.get('file', ''))
            for disk in ET.fromstring(xml).iterfind("devices/disk[@type='file']")
            if (source := disk.find('source')) is not None
            and (target := disk.find('target')) is not None}


def with_backing(xml: str, find: Callable[[str], tuple[str, str]]) -> str:
    """The definition of a running guest: libvirt adds what its disks lie on. ``find(name)`` tells
    (path, format) of a disk's backing file, or ('', '')."""
    domain = ET.fromstring(xml)
    for disk in domain.iterfind("devices/disk[@type='file']"):
        source = disk.find('source')
        path, form = find(os.path.basename(source.get('file', ''))) if source is not None \
            else ('', '')
        if path:
            backing = ET.SubElement(disk, 'backingStore', type='file')
            ET.SubElement(backing, 'format', type=form)
            ET.SubElement(backing, 'source', file=path)
    return ET.tostring(domain, encoding='unicode')


# -- hosts ------------------------------------------------------------------------------------
def capabilities(host: Host) -> str:
    root = ET.Element('capabilities')
    cpu = ET.SubElement(ET.SubElement(root, 'host'), 'cpu')
    for tag, text in (('arch', 'x86_64'), ('model', host.cpu_model), ('vendor', 'Simulated')):
        ET.SubElement(cpu, tag).text = text
    ET.SubElement(cpu, 'topology', sockets='1', cores=str(host.vcpus), threads='1')
    for name in CPU_FEATURES[host.cpu_model]:
        ET.SubElement(cpu, 'feature', name=name)
    guest = ET.SubElement(root, 'guest')
    ET.SubElement(guest, 'os_type').text = 'hvm'
    arch = ET.SubElement(guest, 'arch', name='x86_64')
    for kind in ('qemu', 'kvm'):
        ET.SubElement(arch, 'domain', type=kind)
    return ET.tostring(root, encoding='unicode')


def domain_capabilities(host: Host) -> str:
    """With the CPU that a guest of mode host-model gets."""
    root = ET.Element('domainCapabilities')
    mode = ET.SubElement(ET.SubElement(root, 'cpu'), 'mode', name='host-model', supported='yes')
    ET.SubElement(mode, 'model').text = host.cpu_model
    ET.SubElement(mode, 'vendor').text = 'Simulated'
    for name in CPU_FEATURES[host.cpu_model]:
        ET.SubElement(mode, 'feature', policy='require', name=name)
    return ET.tostring(root, encoding='unicode')


def compare_cpu(host: Host, xml: str) -> abi.Compare:
    """What libvirt would say of a guest's CPU on this host."""
    wanted = {feature.get('name') for feature in ET.fromstring(xml).iterfind('feature')
              if feature.get('policy') == 'require'}
    here = set(CPU_FEATURES[host.cpu_model])
    if not wanted <= here:
        return abi.Compare.INCOMPATIBLE
    return abi.Compare.IDENTICAL if wanted == here else abi.Compare.SUPERSET
