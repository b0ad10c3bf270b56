# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import exception, objects
from nova_lite.conf import scheduler as scheduler_conf
from nova_lite.scheduler import filters
from nova_lite.scheduler.filters import extra_specs_ops, image_props_filter
from tests.unit.scheduler import builders


def refusal(name, host, spec):
    return filters.FILTERS[name](host, spec)


def service(**values):
    return objects.Service(**({'host': 'host1', 'disabled': False, 'disabled_reason': None,
                               'up': True} | values))


# -- the table ----------------------------------------------------------------------------------
def test_filters_table_knows_every_default_of_the_option():
    assert list(filters.load(scheduler_conf.FILTERS)) == scheduler_conf.FILTERS


def test_load_when_a_name_is_unknown_names_it_and_the_known_ones():
    with pytest.raises(exception.ConfigInvalid) as error:
        filters.load(['RamFilter', 'MagicFilter'])
    assert 'MagicFilter' in error.value.format_message()
    assert 'ComputeCapabilitiesFilter' in error.value.format_message()


@pytest.mark.parametrize('name', filters.FILTERS)
def test_every_filter_lets_an_empty_host_of_the_right_kind_pass(name):
    assert refusal(name, builders.host_state(service=service()), builders.spec()) is None


def test_first_refusal_asks_in_the_configured_order():
    host = builders.host_state(memory_mb=0, vcpus=0)
    chain = filters.load(['CoreFilter', 'RamFilter'])
    assert filters.first_refusal(chain, host, builders.spec())[0] == 'CoreFilter'
    chain = filters.load(['RamFilter', 'CoreFilter'])
    assert filters.first_refusal(chain, host, builders.spec())[0] == 'RamFilter'


# -- ComputeFilter ------------------------------------------------------------------------------
def test_compute_filter_when_disabled_tells_the_reason():
    host = builders.host_state(service=service(disabled=True, disabled_reason='new disks'))
    assert 'new disks' in refusal('ComputeFilter', host, builders.spec())


def test_compute_filter_when_forced_down_refuses():
    host = builders.host_state(service=service(up=False))
    assert 'down' in refusal('ComputeFilter', host, builders.spec())


# -- room ---------------------------------------------------------------------------------------
@pytest.mark.parametrize('name, full, just_enough', [
    ('CoreFilter', {'vcpus_used': 15}, {'vcpus_used': 14}),
    ('RamFilter', {'memory_mb_used': 7169}, {'memory_mb_used': 7168}),
    ('DiskFilter', {'local_gb_used': 91}, {'local_gb_used': 90})])
def test_room_filters_refuse_one_unit_below_what_is_needed(name, full, just_enough):
    assert refusal(name, builders.host_state(**full), builders.spec())
    assert refusal(name, builders.host_state(**just_enough), builders.spec()) is None


def test_ram_filter_tells_free_and_needed():
    host = builders.host_state(memory_mb_used=8092)
    assert refusal('RamFilter', host, builders.spec()) == (
        '100 MiB of memory are free, 1024 are needed')


def test_disk_filter_when_no_disk_is_asked_for_passes_an_overfull_host():
    host = builders.host_state(local_gb_used=120)
    assert refusal('DiskFilter', host, builders.spec({'root_gb': 0})) is None


# -- ComputeCapabilitiesFilter ------------------------------------------------------------------
@pytest.mark.parametrize('wanted, passes', [
    ({'hypervisor_type': 'QEMU'}, True), ({'hypervisor_type': 'xen'}, False),
    ({'source_hypervisor_version': 8002000}, True),
    ({'source_hypervisor_version': 8002001}, False), ({}, True)])
def test_capabilities_filter_compares_with_the_source(wanted, passes):
    answer = refusal('ComputeCapabilitiesFilter', builders.host_state(), builders.spec(**wanted))
    assert (answer is None) is passes


@pytest.mark.parametrize('key, value, passes', [
    ('capabilities:hypervisor_type', 'QEMU', True),
    ('capabilities:hypervisor_type', 's== QEMU', True),
    ('capabilities:hypervisor_type', '<or> KVM <or> QEMU', True),
    ('capabilities:hypervisor_type', 's!= QEMU', False),
    ('capabilities:hypervisor_version', '>= 8002000', True),
    ('capabilities:hypervisor_version', '>= 9000000', False),
    ('capabilities:cpu_info:vendor', 'AMD', True),
    ('capabilities:cpu_info:features', '<in> avx', True),
    ('capabilities:cpu_info:features', '<all-in> avx sse4.2', True),
    ('capabilities:cpu_info:features', '<all-in> avx avx512', False),
    ('capabilities:no_such_thing', 'x', False),
    ('hypervisor_type', 'KVM', False),
    ('hw:cpu_policy', 'dedicated', True)])
def test_capabilities_filter_reads_the_flavors_extra_specs(key, value, passes):
    spec = builders.spec({'extra_specs': {key: value}})
    answer = refusal('ComputeCapabilitiesFilter', builders.host_state(), spec)
    assert (answer is None) is passes
    assert passes or key.removeprefix('capabilities:') in answer


@pytest.mark.parametrize('value, requirement, met', [
    ('10', '= 9', True), ('8', '= 9', False), ('9', '== 9.0', True), ('9', '!= 9', False),
    ('3', '<= 3', True), ('abc', '>= 3', False), ('3', '>=', False), ('b', 's> a', True),
    ('b', 's<= a', False), ('x', '', False), ('', '', True), ('avx2', '<in> avx', True),
    ('x', '<in>', False), ('a b', 'a b', True)])
def test_extra_specs_operators(value, requirement, met):
    assert extra_specs_ops.match(value, requirement) is met


# -- ImagePropertiesFilter ----------------------------------------------------------------------
@pytest.mark.parametrize('properties, passes', [
    ({}, True),
    ({'hw_architecture': 'x86_64'}, True), ({'architecture': 'amd64'}, True),
    ({'hw_architecture': 'aarch64'}, False),
    ({'img_hv_type': 'qemu', 'hw_vm_mode': 'hvm'}, True), ({'img_hv_type': 'kvm'}, False),
    ({'hw_architecture': 'i686', 'img_hv_type': 'QEMU'}, True),
    ({'img_hv_requested_version': '>=8.0,<9'}, True),
    ({'img_hv_requested_version': '>=8.2.1'}, False),
    ({'img_hv_requested_version': 'nonsense'}, False)])
def test_image_properties_filter(properties, passes):
    spec = builders.spec(image_properties=properties)
    answer = refusal('ImagePropertiesFilter', builders.host_state(), spec)
    assert (answer is None) is passes


def test_image_properties_filter_wants_one_triple_to_meet_all():
    host = builders.host_state(
        supported_instances='[["x86_64", "kvm", "hvm"], ["i686", "qemu", "hvm"]]')
    spec = builders.spec(image_properties={'hw_architecture': 'x86_64', 'img_hv_type': 'qemu'})
    assert refusal('ImagePropertiesFilter', host, spec)


@pytest.mark.parametrize('conditions, met', [
    ('==8.2', True), ('8.2', False), ('!=8.2.0', False), ('>8.1.9,<8.3', True), ('<=8', False)])
def test_version_meets(conditions, met):
    assert image_props_filter.version_meets(8002000, conditions) is met
