# SPDX-License-Identifier: Apache-2.0
"""The simulated driver keeps the driver contract, and its world sees nothing that must not be."""
import pytest

from tests.contract.driver_contract import *       # noqa: F401,F403
from tests.contract.storage_contract import *      # noqa: F401,F403
from tests.fixtures.hypervisors import SimulatedHypervisors


@pytest.fixture
def hypervisors(request):
    pair = SimulatedHypervisors()
    yield pair
    twice = 'destination_has_the_guest' in request.node.name
    assert bool(pair.world.violations) == twice, pair.world.violations
