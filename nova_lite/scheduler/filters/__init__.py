# SPDX-License-Identifier: Apache-2.0
"""Filters: which hosts may take a guest at all.

A filter is a function ``refusal(host: HostState, spec: RequestSpec) -> str | None``: None lets the
host pass, a text says why not. The table gives them Nova's names.
"""
from collections.abc import Callable
from typing import Any

from nova_lite import exception
from nova_lite.scheduler.filters import (
    compute_capabilities_filter,
    compute_filter,
    core_filter,
    disk_filter,
    image_props_filter,
    ram_filter,
)
from nova_lite.scheduler.host_manager import HostState

Filter = Callable[[HostState, Any], str | None]

FILTERS: dict[str, Filter] = {
    'ComputeFilter': compute_filter.refusal,
    'CoreFilter': core_filter.refusal,
    'RamFilter': ram_filter.refusal,
    'DiskFilter': disk_filter.refusal,
    'ComputeCapabilitiesFilter': compute_capabilities_filter.refusal,
    'ImagePropertiesFilter': image_props_filter.refusal,
}


def load(names: list[str]) -> dict[str, Filter]:
    """The filters called ``names``, in that order. ConfigInvalid for a name that is not known."""
    unknown = [name for name in names if name not in FILTERS]
    if unknown:
        raise exception.ConfigInvalid(
            reason=f"[filter_scheduler]enabled_filters: there is no {', '.join(unknown)}; "
                   f"there are {', '.join(FILTERS)}")
    return {name: FILTERS[name] for name in names}


def first_refusal(filters: dict[str, Filter], host: HostState,
                  spec: Any) -> tuple[str, str] | None:
    """The name of the first filter that refuses ``host``, and why; None when all let it pass."""
    for name, refusal in filters.items():
        reason = refusal(host, spec)
        if reason is not None:
            return name, reason
    return None
