# SPDX-License-Identifier: Apache-2.0
"""libvirt's driver keeps the driver contract, on two hosts and with real guests."""
import contextlib

import pytest

from tests.contract.driver_contract import *  # noqa: F401,F403
from tests.contract.storage_contract import *  # noqa: F401,F403
from tests.lab.hypervisors import HOSTS, LibvirtHypervisors, start_driver


@pytest.fixture(scope='module')
def drivers(ground):
    with contextlib.ExitStack() as stack:
        started = []
        for name in HOSTS:
            started.append(start_driver(ground, ground.topology.host(name)))
            stack.callback(started[-1].close)
        yield started


@pytest.fixture
def hypervisors(request, ground, drivers, _watcher):
    with LibvirtHypervisors(ground, drivers) as pair:
        yield pair
    assert pair.harm == []
    violations, _watcher.violations = _watcher.violations, []
    # one test starts a guest twice on purpose, for less time than there is between two looks
    assert violations == [] or 'destination_has_the_guest' in request.node.name
