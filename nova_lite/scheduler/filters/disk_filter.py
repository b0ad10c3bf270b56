# SPDX-License-Identifier: Apache-2.0
"""DiskFilter: is there disk left, with overcommitment and without what the host keeps?"""
from typing import Any

from nova_lite.objects.flavor import resources_of
from nova_lite.scheduler.host_manager import HostState


def refusal(host: HostState, spec: Any) -> str | None:
    wanted = resources_of(spec.flavor).disk_gb
    if wanted > max(host.free_disk_gb, 0):
        return f'{max(host.free_disk_gb, 0):g} GiB of disk are free, {wanted} are needed'
    return None
