# SPDX-License-Identifier: Apache-2.0
"""Hosts and requests with one thing changed, for the scheduler's tests."""
import json
import uuid
from typing import Any

from nova_lite import objects
from nova_lite.scheduler.host_manager import HostState

SUPPORTED = json.dumps([['x86_64', 'qemu', 'hvm'], ['i686', 'qemu', 'hvm']])
CPU_INFO = json.dumps({'arch': 'x86_64', 'vendor': 'AMD', 'features': ['avx', 'sse4.2']})


def node(host: str = 'host1', **values: Any) -> objects.ComputeNode:
    values = {'vcpus': 4, 'vcpus_used': 0, 'memory_mb': 8192, 'memory_mb_used': 512,
              'local_gb': 100, 'local_gb_used': 0, 'cpu_allocation_ratio': 4.0,
              'ram_allocation_ratio': 1.0, 'disk_allocation_ratio': 1.0,
              'hypervisor_type': 'QEMU', 'hypervisor_version': 8002000, 'running_vms': 0,
              'supported_instances': SUPPORTED, 'cpu_info': CPU_INFO} | values
    return objects.ComputeNode(uuid=str(uuid.uuid4()), host=host, hypervisor_hostname=host,
                               **values)


def host_state(host: str = 'host1', service: Any = None, **values: Any) -> HostState:
    return HostState.from_node(node(host, **values), service)


def flavor(**values: Any) -> objects.Flavor:
    return objects.Flavor(**({'flavorid': '1', 'name': 'small', 'vcpus': 2, 'memory_mb': 1024,
                              'root_gb': 10, 'ephemeral_gb': 0, 'swap': 0,
                              'extra_specs': {}} | values))


def spec(flavor_values: dict[str, Any] | None = None, **values: Any) -> objects.RequestSpec:
    return objects.RequestSpec(flavor=flavor(**(flavor_values or {})),
                               instance_uuid=str(uuid.uuid4()), consumer_uuid=str(uuid.uuid4()),
                               project_id='project', **values)
