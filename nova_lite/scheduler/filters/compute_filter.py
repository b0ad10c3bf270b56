# SPDX-License-Identifier: Apache-2.0
"""ComputeFilter: a disabled host, or one that is not heard of, gets no guests."""
from typing import Any

from nova_lite.scheduler.host_manager import HostState


def refusal(host: HostState, spec: Any) -> str | None:
    if host.disabled:
        return f'its compute service is disabled ({host.disabled_reason or "no reason given"})'
    if not host.up:
        return 'its compute service is down'
    return None
