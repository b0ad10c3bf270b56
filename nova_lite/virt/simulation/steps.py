# SPDX-License-Identifier: Apache-2.0
"""Faults at the calls of a driver: each method of the contract is a step that can be ordered to
fail, to refuse or to hang, on the host of the simulated hypervisor that the driver works on."""
import functools
from collections.abc import Callable
from typing import Any

from nova_lite.virt import driver
from nova_lite.virt.simulation.world import World


def with_faults(served: driver.ComputeDriver,
                find: Callable[[str], World]) -> driver.ComputeDriver:
    """The driver with every method of the contract as a step. ``find`` tells the world in which a
    host is, once the driver is told its name."""
    where = _Where(find)
    for name in driver.ComputeDriver.__abstractmethods__:
        setattr(served, name, _step(where, name, served))
    return served


class _Where:
    def __init__(self, find: Callable[[str], World]) -> None:
        self._find = find
        self.host = ''

    def reach(self, step: str, arguments: tuple[Any, ...]) -> None:
        if step == 'init_host':
            self.host = arguments[0]
        instance = next((each for each in arguments if hasattr(each, 'metadata')), None)
        self._find(self.host).reach(step, self.host, instance.uuid if instance else '',
                                    instance.metadata if instance else None)


def _step(where: _Where, name: str, served: driver.ComputeDriver) -> Callable[..., Any]:
    @functools.wraps(getattr(type(served), name))
    def reached(*args: object, **kwargs: object) -> Any:
        where.reach(name, (*args, *kwargs.values()))
        return getattr(type(served), name)(served, *args, **kwargs)
    return reached
