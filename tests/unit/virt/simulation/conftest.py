# SPDX-License-Identifier: Apache-2.0
"""A simulated world of two hosts, kept in memory and in a directory, with a clock to turn."""
import pytest

from nova_lite.virt.simulation.store import DirectoryStore, MemoryStore
from nova_lite.virt.simulation.world import World
from tests.unit.virt.simulation.acts import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=['memory', 'directory'])
def world(request, clock, tmp_path):
    store = MemoryStore() if request.param == 'memory' else DirectoryStore(str(tmp_path / 'w'))
    world = World(store, clock=clock)
    for host in ('src', 'dst'):
        world.add_host(host, bandwidth=100)
    return world
