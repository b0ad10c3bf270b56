# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import objects
from nova_lite.scheduler import manager
from tests.fixtures.conf import options  # noqa: F401
from tests.fixtures.db import _sqlite, ctxt, database  # noqa: F401


@pytest.fixture
def add_host(options, database, ctxt):    # noqa: F811
    """Make a host that is up, with 8 GiB of memory (512 MiB reserved), 4 CPUs and 100 GiB."""
    def add(name, disabled=False, forced_down=False, **values):
        service = objects.Service.register(ctxt, name, 'nova-compute', 'compute')
        service.disabled, service.forced_down = disabled, forced_down
        service.save()
        return objects.ComputeNode.report(ctxt, name, {
            'hypervisor_hostname': name, 'hypervisor_type': 'QEMU',
            'hypervisor_version': 8002000, 'vcpus': 4, 'memory_mb': 8192, 'local_gb': 100,
            'cpu_allocation_ratio': 4.0, 'ram_allocation_ratio': 1.0,
            'disk_allocation_ratio': 1.0, 'reserved_host_memory_mb': 512} | values)
    return add


@pytest.fixture
def scheduler(options, database):    # noqa: F811
    return manager.SchedulerManager()
