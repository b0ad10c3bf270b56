# SPDX-License-Identifier: Apache-2.0
"""Weighers: which of the hosts that passed is the best one.

A weigher is a function from a HostState to a number, and an option for its multiplier. The numbers
of each weigher are put on a scale from 0 (the least of these hosts) to 1 (the most), multiplied
and added up.
"""
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nova_lite import exception
from nova_lite.scheduler.host_manager import HostState


class Weigher(NamedTuple):
    """``multiplier`` is the name of an option of [filter_scheduler]."""
    raw: Callable[[HostState], float]
    multiplier: str


WEIGHERS: dict[str, Weigher] = {
    'RAMWeigher': Weigher(lambda host: host.free_ram_mb, 'ram_weight_multiplier'),
    'CPUWeigher': Weigher(lambda host: host.free_vcpus, 'cpu_weight_multiplier'),
    'DiskWeigher': Weigher(lambda host: host.free_disk_gb, 'disk_weight_multiplier'),
    'HypervisorVersionWeigher': Weigher(lambda host: host.hypervisor_version,
                                        'hypervisor_version_weight_multiplier'),
    'NumInstancesWeigher': Weigher(lambda host: host.num_instances,
                                   'num_instances_weight_multiplier'),
}


def load(names: list[str]) -> list[Weigher]:
    """The weighers called ``names``. ConfigInvalid for a name that is not known."""
    unknown = [name for name in names if name not in WEIGHERS]
    if unknown:
        raise exception.ConfigInvalid(
            reason=f"[filter_scheduler]weight_classes: there is no {', '.join(unknown)}; "
                   f"there are {', '.join(WEIGHERS)}")
    return [WEIGHERS[name] for name in names]


def normalise(values: Sequence[float]) -> list[float]:
    """Min-max: 0 for the least, 1 for the most; all 0 where they are equal."""
    low, high = min(values), max(values)
    if low == high:
        return [0.0] * len(values)
    return [(value - low) / (high - low) for value in values]


def weigh(hosts: Sequence[HostState], weighers: Sequence[Weigher],
          options: Any) -> list[HostState]:
    """``hosts``, the best first; equal ones keep their order. ``options`` is
    CONF.filter_scheduler."""
    totals = [0.0] * len(hosts)
    for weigher in weighers if hosts else ():
        multiplier = getattr(options, weigher.multiplier)
        if multiplier:
            for index, value in enumerate(normalise([weigher.raw(host) for host in hosts])):
                totals[index] += multiplier * value
    best_first = sorted(range(len(hosts)), key=lambda index: -totals[index])
    return [hosts[index] for index in best_first]
