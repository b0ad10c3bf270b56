# SPDX-License-Identifier: Apache-2.0
"""CoreFilter: are there virtual CPUs left, with overcommitment?"""
from typing import Any

from nova_lite.objects.flavor import resources_of
from nova_lite.scheduler.host_manager import HostState


def refusal(host: HostState, spec: Any) -> str | None:
    wanted = resources_of(spec.flavor).vcpus
    if wanted > max(host.free_vcpus, 0):
        return f'{max(host.free_vcpus, 0):g} vCPUs are free, {wanted} are needed'
    return None
