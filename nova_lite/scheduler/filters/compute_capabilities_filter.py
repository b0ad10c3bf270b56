# SPDX-License-Identifier: Apache-2.0
"""ComputeCapabilitiesFilter: is this the kind of hypervisor that the guest needs?

A guest that moves needs the hypervisor type it runs on now, in no older version. Any guest may
need more by its flavor's extra specs (``capabilities:hypervisor_version = ">= 7000000"``).
"""
from typing import Any

from nova_lite.scheduler.filters import extra_specs_ops
from nova_lite.scheduler.host_manager import HostState

SCOPE = 'capabilities'


def refusal(host: HostState, spec: Any) -> str | None:
    if spec.hypervisor_type and host.hypervisor_type != spec.hypervisor_type:
        return (f'its hypervisor is {host.hypervisor_type or "not known"}, the guest runs on '
                f'{spec.hypervisor_type}')
    if (spec.source_hypervisor_version or 0) > host.hypervisor_version:
        return (f'its hypervisor version {host.hypervisor_version} is older than '
                f'{spec.source_hypervisor_version} at the source')
    for key, wanted in (spec.flavor.extra_specs or {}).items():
        path = _capability_path(key)
        if path and not _matches(host, path, str(wanted)):
            return f'{":".join(path)} does not meet the flavor\'s {wanted!r}'
    return None


def _capability_path(key: str) -> list[str]:
    """``capabilities:cpu_info:vendor`` -> [cpu_info, vendor]; [] for what is not ours.

    NOTE: a key without any scope counts as a capability, as in Nova's ComputeCapabilitiesFilter.
    """
    scope, *path = key.split(':')
    if not path:
        return [scope]
    return path if scope == SCOPE else []


def _matches(host: HostState, path: list[str], wanted: str) -> bool:
    value: Any = host
    for name in path:
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        if value is None:
            return False
    return extra_specs_ops.match(value, wanted)
