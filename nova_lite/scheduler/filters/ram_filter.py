# SPDX-License-Identifier: Apache-2.0
"""RamFilter: is there memory left, with overcommitment and without what the host keeps?"""
from typing import Any

from nova_lite.objects.flavor import resources_of
from nova_lite.scheduler.host_manager import HostState


def refusal(host: HostState, spec: Any) -> str | None:
    wanted = resources_of(spec.flavor).memory_mb
    if wanted > max(host.free_ram_mb, 0):
        return f'{max(host.free_ram_mb, 0):g} MiB of memory are free, {wanted} are needed'
    return None
