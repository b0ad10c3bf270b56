# SPDX-License-Identifier: Apache-2.0
"""A simulated world of two hosts, with a clock to turn."""
import pytest

from nova_lite.virt.simulation.world import World
from tests.fixtures.conf import options  # noqa: F401
from tests.unit.virt.simulation.acts import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(clock, tmp_path):
    world = World(str(tmp_path / 'world'), clock=clock)
    for host in ('src', 'dst'):
        world.add_host(host, bandwidth=100)
    return world
