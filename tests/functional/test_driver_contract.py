# SPDX-License-Identifier: Apache-2.0
"""The driver keeps its contract on simulated hypervisors, and their world sees nothing that must
not be."""
import pytest

from tests.contract.driver_contract import *  # noqa: F401,F403
from tests.contract.storage_contract import *  # noqa: F401,F403
from tests.fixtures.conf import options  # noqa: F401
from tests.fixtures.hypervisors import SimulatedHypervisors


@pytest.fixture
def hypervisors(request, options, tmp_path):       # noqa: F811
    pair = SimulatedHypervisors(options, tmp_path)
    yield pair
    pair.close()
    twice = 'destination_has_the_guest' in request.node.name
    assert bool(pair.world.violations) == twice, pair.world.violations
