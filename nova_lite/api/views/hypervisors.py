# SPDX-License-Identifier: Apache-2.0
"""A host and what it has left for guests."""
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from oslo_utils import netutils

from nova_lite.api import wsgi
from nova_lite.objects import ComputeNode, Instance, Service

CPU_INFO_OBJECT_SINCE = 28
UUID_SINCE = 53
EMPTY_SERVERS_SINCE = 75

# Zero where the host has not reported yet, since the shape wants a number
NUMBERS = ('vcpus', 'vcpus_used', 'memory_mb', 'memory_mb_used', 'local_gb', 'local_gb_used',
           'free_ram_mb', 'free_disk_gb', 'current_workload', 'running_vms')


class Host(NamedTuple):
    """``servers`` is None where they were not asked for."""
    node: ComputeNode
    service: Service
    servers: Sequence[Instance] | None = None


def basic(request: wsgi.Request, host: Host) -> dict[str, Any]:
    node, service = host.node, host.service
    shown: dict[str, Any] = {
        'id': node.uuid if request.minor >= UUID_SINCE else node.id,
        'hypervisor_hostname': node.hypervisor_hostname,
        'state': 'up' if service.up else 'down',
        'status': 'disabled' if service.disabled else 'enabled'}
    if host.servers or (host.servers is not None and request.minor >= EMPTY_SERVERS_SINCE):
        shown['servers'] = [{'name': server.name, 'uuid': server.uuid}
                            for server in host.servers]
    return shown


def detail(request: wsgi.Request, host: Host) -> dict[str, Any]:
    node, service = host.node, host.service
    return {**basic(request, host), **{name: getattr(node, name) or 0 for name in NUMBERS},
            'hypervisor_type': node.hypervisor_type or '',
            'hypervisor_version': node.hypervisor_version or 0,
            'host_ip': node.host_ip if netutils.is_valid_ip(node.host_ip) else None,
            'disk_available_least': node.disk_available_least,
            'cpu_info': _cpu_info(request, node),
            'service': {'host': service.host, 'disabled_reason': service.disabled_reason,
                        'id': service.uuid if request.minor >= UUID_SINCE else service.id}}


def statistics(nodes: Sequence[ComputeNode]) -> dict[str, int]:
    """Sums over ``nodes``."""
    names = (*NUMBERS, 'disk_available_least')
    return {'count': len(nodes),
            **{name: sum(getattr(node, name) or 0 for node in nodes) for name in names}}


def _cpu_info(request: wsgi.Request, node: ComputeNode) -> Any:
    """The host's CPU as libvirt describes it: JSON in a string, from 2.28 an object."""
    if request.minor < CPU_INFO_OBJECT_SINCE:
        return node.cpu_info or ''
    return json.loads(node.cpu_info) if node.cpu_info else {}
