# SPDX-License-Identifier: Apache-2.0
"""The simulated hypervisors of all hosts: guests that tick, copies that take real time, faults.

They stand where libvirtd and QEMU stand, below the driver, and answer libvirt's calls. A URI
chooses them: ``simulated:///HOST?world=DIRECTORY``. Without a host it is that of the driver, so
one process can have many; without a world, that of ``[simulation]path``, or one that ends with
this process.
"""
import urllib.parse

from nova_lite.conf import CONF
from nova_lite.virt.simulation.connection import Connection
from nova_lite.virt.simulation.files import SimulatedStorage
from nova_lite.virt.simulation.world import SHARED, World

__all__ = ['SHARED', 'Connection', 'SimulatedStorage', 'World', 'current', 'find', 'install',
           'open_connection']

_worlds: dict[str, World] = {}      # by directory; '' for the default


def current(path: str = '') -> World:
    """The world in a directory, or the default one, made when it is first asked for."""
    if path not in _worlds:
        _worlds[path] = World(path or CONF.simulation.path, CONF.simulation.time_scale)
    return _worlds[path]


def install(world: World | None) -> None:
    """Let ``world`` be the default one; None for a fresh one."""
    _worlds.pop('', None)
    if world is not None:
        _worlds[''] = world


def find(uri: str, host: str) -> tuple[World, str]:
    """The world and the host that a URI names; ``host`` is that of the driver."""
    parts = urllib.parse.urlsplit(uri)
    path = urllib.parse.parse_qs(parts.query).get('world', [''])[0]
    return current(path), parts.path.strip('/') or host


def open_connection(uri: str, host: str) -> Connection:
    """Connect; a host that there is not is made, as [simulation] says. libvirtError."""
    world, name = find(uri, host)
    options = CONF.simulation
    world.add_host(name, vcpus=options.vcpus, memory_mb=options.memory_mb,
                   local_gb=options.local_gb, bandwidth=options.bandwidth,
                   cpu_model=options.cpu_model,
                   storage=SHARED if options.shared_storage else name)
    return Connection(world, name)
