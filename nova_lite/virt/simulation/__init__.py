# SPDX-License-Identifier: Apache-2.0
"""The simulated hypervisors of all hosts: guests that tick, copies that take real time, faults.

``current()`` is the world that drivers of this process act on: by default one in memory, with
``[simulation]path`` one in a directory that other processes share and that outlives them.
"""
from nova_lite import conf
from nova_lite.virt.simulation.store import DirectoryStore, MemoryStore
from nova_lite.virt.simulation.world import SHARED, World

__all__ = ['SHARED', 'World', 'current', 'install']

CONF = conf.CONF

_current: World | None = None


def current() -> World:
    """The world of this process, made when it is first asked for."""
    global _current
    if _current is None:
        options = CONF.simulation
        store = DirectoryStore(options.path) if options.path else MemoryStore()
        _current = World(store, options.time_scale)
    return _current


def install(world: World | None) -> None:
    """Let drivers that start from now on act on ``world``; None for a fresh one."""
    global _current
    _current = world
