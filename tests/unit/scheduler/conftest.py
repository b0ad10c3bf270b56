# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import context, objects
from nova_lite.conf import CONF
from nova_lite.db import models, session
from nova_lite.scheduler import manager


@pytest.fixture
def config():
    """Options as a process has them that was given none."""
    CONF([], project='nova-lite', default_config_files=[])
    yield CONF
    CONF.reset()
    CONF.clear_override('enabled_filters', group='filter_scheduler')
    CONF.clear_override('weight_classes', group='filter_scheduler')
    CONF.clear_override('host_subset_size', group='filter_scheduler')


@pytest.fixture
def database(config, tmp_path):
    session.configure(f'sqlite:///{tmp_path}/nova.db')
    models.Base.metadata.create_all(session.get_engine())
    yield
    session.dispose()


@pytest.fixture
def ctxt():
    return context.get_admin_context()


@pytest.fixture
def add_host(database, ctxt):
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
def scheduler(database):
    return manager.SchedulerManager()
