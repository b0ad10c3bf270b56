# SPDX-License-Identifier: Apache-2.0
"""What the host has, as libvirt and the file system tell it, by column of compute_nodes."""
import json
import os
import subprocess
import uuid
import xml.etree.ElementTree as ET
from typing import Any, NamedTuple

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.virt.libvirt import abi, config, guest
from nova_lite.virt.libvirt.host import Host, LibvirtError
from nova_lite.virt.libvirt.interface import Connection
from nova_lite.virt.libvirt.storage import Storage

GIB = 1024 ** 3
MIB = 1024 ** 2
UPTIME_TIMEOUT = 10     # s


class Space(NamedTuple):
    """Bytes of the file system of instances_path. ``least`` is left when every sparse disk on it
    has grown to its full size; it may be negative."""
    total: int
    free: int
    least: int


def available(host: Host) -> dict[str, Any]:
    """All of a compute's columns that a hypervisor knows."""
    found = host.call(_read_host)
    space = disk_space(host.storage)
    running = sum(guest.list_all(host).values())
    return {
        'hypervisor_hostname': found['hostname'],
        'hypervisor_type': found['type'],
        'hypervisor_version': found['version'],
        'vcpus': found['vcpus'],
        'memory_mb': found['memory_mb'],
        'local_gb': space.total // GIB,
        'disk_available_least': space.least // GIB,
        'running_vms': running,
        'cpu_info': json.dumps(cpu_info(host, found['capabilities']), sort_keys=True),
        'supported_instances': json.dumps(read_supported(found['capabilities'])),
        'host_ip': CONF.my_ip,
    }


def uptime() -> str:
    """What uptime(1) prints, in English whatever the host speaks. UptimeUnknown without it."""
    try:
        return subprocess.run(['uptime'], env={**os.environ, 'LC_ALL': 'C'}, check=True,
                              capture_output=True, text=True, timeout=UPTIME_TIMEOUT).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise exception.UptimeUnknown(host=CONF.host) from error


def hostname(host: Host) -> str:
    return host.call(lambda connection: connection.getHostname())


def version(host: Host) -> str:
    number = host.call(lambda connection: connection.getVersion())
    return f'{number // 1000000}.{number // 1000 % 1000}.{number % 1000}'


def libvirt_version(host: Host) -> int:
    """libvirt's own number: major * 1000000 + minor * 1000 + release."""
    return host.call(lambda connection: connection.getLibVersion())


def compare_cpu(host: Host, xml: str, virt_type: str) -> int | None:
    """libvirt's comparison of a guest's CPU with what the hypervisor here can offer; None where
    libvirt cannot compare."""
    try:
        return host.call(lambda connection: connection.compareHypervisorCPU(
            None, None, None, virt_type, xml, 0))
    except LibvirtError as error:
        if error.code == abi.Error.NO_SUPPORT:
            return None
        raise


def disk_space(storage: Storage) -> Space:
    total, free = storage.capacity()
    return Space(total, free, free - promised_bytes(storage))


def promised_bytes(storage: Storage) -> int:
    """What the disks of all guests under instances_path may still grow by."""
    promised = 0
    for directory in os.scandir(storage.real(CONF.instances_path)):
        if not _is_uuid(directory.name):
            continue
        for path in _disk_files(directory.path):
            try:
                facts = storage.read_disk(path)
            except OSError:
                continue    # removed meanwhile
            promised += max(0, facts.virtual_size - facts.allocated)
    return promised


def available_mb(storage: Storage, over_commit: bool | None) -> int:
    """C3: MiB of disk that this host can give: what is free now, or what would be left when all
    disks have grown; less the reserve. Measured, since the record may be a minute old."""
    space = disk_space(storage)
    reserved: int = CONF.reserved_host_disk_mb
    return (space.free if over_commit else space.least) // MIB - reserved


def cpu_info(host: Host, capabilities: str) -> dict[str, Any]:
    """The CPU that guests take from this host, where they do; the host's own otherwise. The
    host's own has features that no guest ever gets, so it must not be asked of a destination."""
    cpu = read_cpu(capabilities)
    options = config.Options.read(CONF.libvirt)
    if options.effective_cpu_mode == 'host-model':
        xml = host.call(lambda connection: connection.getDomainCapabilities(
            None, cpu.get('arch'), options.machine_type, options.virt_type))
        cpu |= read_host_model(xml)
    return cpu


def read_host_model(domain_capabilities: str) -> dict[str, Any]:
    """model, vendor, features and disabled_features of mode host-model; empty without it."""
    mode = ET.fromstring(domain_capabilities).find("cpu/mode[@name='host-model']")
    if mode is None or not mode.findtext('model'):
        return {}
    features: dict[str, list[str]] = {'require': [], 'disable': []}
    for feature in mode.iterfind('feature'):
        features.setdefault(feature.get('policy', 'require'), []).append(feature.get('name', ''))
    return {'model': mode.findtext('model'), 'vendor': mode.findtext('vendor'),
            'features': sorted(features['require']),
            'disabled_features': sorted(features['disable'])}


def read_cpu(capabilities: str) -> dict[str, Any]:
    """arch, model, vendor, topology and features of the host's CPU, from the capabilities."""
    cpu = ET.fromstring(capabilities).find('host/cpu')
    if cpu is None:
        return {}
    topology = cpu.find('topology')
    return {'arch': cpu.findtext('arch'), 'model': cpu.findtext('model'),
            'vendor': cpu.findtext('vendor'),
            'topology': {key: int(value) for key, value in topology.attrib.items()
                         if value.isdigit()} if topology is not None else {},
            'features': sorted(feature.get('name', '') for feature in cpu.iterfind('feature'))}


def read_supported(capabilities: str) -> list[list[str]]:
    """[architecture, hypervisor, mode] of each kind of guest that can run here."""
    return [[arch.get('name', ''), domain.get('type', ''), element.findtext('os_type', '')]
            for element in ET.fromstring(capabilities).iterfind('guest')
            for arch in element.iterfind('arch') for domain in arch.iterfind('domain')]


def _read_host(connection: Connection) -> dict[str, Any]:
    # not getInfo()'s memory: it adds up the cells, which may show less than the kernel has
    memory = connection.getMemoryStats(abi.MEMORY_STATS_ALL_CELLS)
    return {'hostname': connection.getHostname(), 'type': connection.getType(),
            'version': connection.getVersion(), 'memory_mb': memory['total'] // 1024,
            'vcpus': connection.getInfo()[2], 'capabilities': connection.getCapabilities()}


def _disk_files(directory: str) -> list[str]:
    try:
        return [entry.path for entry in os.scandir(directory)
                if entry.name.split('.')[0] == 'disk' and entry.is_file(follow_symlinks=False)]
    except OSError:
        return []


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
