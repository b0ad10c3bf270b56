# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import objects
from nova_lite.objects.flavor import Resources, resources_of
from tests.unit.scheduler import builders


def test_resources_of_flavor_counts_ephemeral_and_swap_as_disk():
    flavor = builders.flavor(root_gb=10, ephemeral_gb=5, swap=1025)
    assert resources_of(flavor) == Resources(vcpus=2, memory_mb=1024, disk_gb=17)


def test_resources_of_flavor_when_it_has_no_disk_count_none():
    flavor = builders.flavor(vcpus=2, memory_mb=64, root_gb=None, ephemeral_gb=None, swap=None)
    assert resources_of(flavor) == Resources(2, 64, 0)


def test_host_state_free_amounts_follow_the_allocation_ratios():
    host = builders.host_state(vcpus=4, vcpus_used=3, cpu_allocation_ratio=2.0, memory_mb=1000,
                               memory_mb_used=700, ram_allocation_ratio=1.5, local_gb=10,
                               local_gb_used=4, disk_allocation_ratio=1.0)
    assert (host.free_vcpus, host.free_ram_mb, host.free_disk_gb) == (5, 800, 6)


def test_host_state_when_node_has_reported_nothing_yet_has_nothing_free():
    host = builders.host_state(vcpus=None, memory_mb=None, local_gb=None, memory_mb_used=None,
                               hypervisor_version=None, hypervisor_type=None)
    assert host.free_ram_mb == 0 and host.hypervisor_version == 0
    assert host.free_vcpus == 0 and host.hypervisor_type == ''


@pytest.mark.parametrize('up', [True, False])
def test_host_state_up_follows_the_service(up):
    service = objects.Service(host='host1', up=up, disabled=False, disabled_reason=None)
    assert builders.host_state(service=service).up is up


@pytest.mark.parametrize('text', [None, ''])
def test_host_state_when_a_json_column_is_empty_then_reads_so(text):
    assert builders.host_state(supported_instances=text).supported_instances == []
