# SPDX-License-Identifier: Apache-2.0
"""A host as the scheduler sees it.

Filters and weighers read nothing but a :class:`HostState` and the RequestSpec, so they need
neither database nor message queue.
"""
import dataclasses
import functools
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class HostState:
    """One host at one moment. ``free_*``: what may still be promised, total × allocation ratio -
    used; what the host keeps for itself is part of what is used."""
    host: str
    nodename: str
    uuid: str
    up: bool
    disabled: bool
    disabled_reason: str
    hypervisor_type: str
    hypervisor_version: int
    free_vcpus: float
    free_ram_mb: float
    free_disk_gb: float
    num_instances: int
    node: Any = dataclasses.field(repr=False, compare=False, default=None)

    @classmethod
    def from_node(cls, node: Any, service: Any = None) -> 'HostState':
        """From a ComputeNode; ``service`` None means that it is known to be up and enabled."""
        return cls(
            host=node.host, nodename=node.hypervisor_hostname, uuid=node.uuid,
            up=service is None or bool(service.up or service.in_doubt),
            disabled=service is not None and bool(service.disabled),
            disabled_reason=(service.disabled_reason or '') if service is not None else '',
            hypervisor_type=node.hypervisor_type or '',
            hypervisor_version=node.hypervisor_version or 0,
            free_vcpus=_free(node.vcpus, node.cpu_allocation_ratio, node.vcpus_used),
            free_ram_mb=_free(node.memory_mb, node.ram_allocation_ratio, node.memory_mb_used),
            free_disk_gb=_free(node.local_gb, node.disk_allocation_ratio, node.local_gb_used),
            num_instances=node.running_vms or 0, node=node)

    @functools.cached_property
    def supported_instances(self) -> list[list[str]]:
        """The [architecture, hypervisor type, machine mode] triples that run here."""
        return _json(self, 'supported_instances', [])

    @functools.cached_property
    def cpu_info(self) -> dict[str, Any]:
        return _json(self, 'cpu_info', {})

    @functools.cached_property
    def stats(self) -> dict[str, Any]:
        return _json(self, 'stats', {})


def _free(total: int | None, ratio: float | None, used: int | None) -> float:
    return (total or 0) * (ratio or 1.0) - (used or 0)


def _json(host: HostState, column: str, empty: Any) -> Any:
    """A column of the node that holds JSON of the kind of ``empty``, or nothing."""
    text = getattr(host.node, column, None)
    return json.loads(text) if text else empty
