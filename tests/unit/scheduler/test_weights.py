# SPDX-License-Identifier: Apache-2.0
import types

import pytest

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.scheduler import weights
from tests.unit.scheduler import builders

ALL = list(weights.WEIGHERS)


def options(**multipliers):
    values = {weigher.multiplier: 0.0 for weigher in weights.WEIGHERS.values()}
    return types.SimpleNamespace(**(values | multipliers))


def names(hosts):
    return [host.host for host in hosts]


def test_every_weigher_has_an_option_for_its_multiplier():
    for weigher in weights.WEIGHERS.values():
        assert isinstance(getattr(CONF.filter_scheduler, weigher.multiplier), float)


def test_weighers_table_knows_every_default_of_the_option():
    assert len(weights.load(CONF.filter_scheduler.weight_classes)) == len(ALL)


def test_load_when_a_name_is_unknown_names_it():
    with pytest.raises(exception.ConfigInvalid, match='MoonWeigher'):
        weights.load(['MoonWeigher'])


def test_normalise_puts_the_least_at_0_and_the_most_at_1():
    assert weights.normalise([10, 20, 15]) == [0.0, 1.0, 0.5]
    assert weights.normalise([7, 7]) == [0.0, 0.0]


@pytest.mark.parametrize('multiplier, better, worse', [
    ('ram_weight_multiplier', {'memory_mb_used': 512}, {'memory_mb_used': 4096}),
    ('cpu_weight_multiplier', {'vcpus_used': 1}, {'vcpus_used': 2}),
    ('disk_weight_multiplier', {'local_gb_used': 0}, {'local_gb_used': 50}),
    ('hypervisor_version_weight_multiplier', {'hypervisor_version': 9000000}, {}),
    ('num_instances_weight_multiplier', {'running_vms': 5}, {'running_vms': 1})])
def test_weigh_orders_by_each_weigher_and_its_sign(multiplier, better, worse):
    hosts = [builders.host_state('worse', **worse), builders.host_state('better', **better)]
    chosen = weights.load(ALL)
    assert names(weights.weigh(hosts, chosen, options(**{multiplier: 1.0})))[0] == 'better'
    assert names(weights.weigh(hosts, chosen, options(**{multiplier: -1.0})))[0] == 'worse'


def test_weigh_adds_up_normalised_weights_not_raw_numbers():
    # 7 GiB of memory must not outweigh both others only because it is counted in MiB
    hosts = [builders.host_state('ram', memory_mb_used=1024, vcpus_used=8, local_gb_used=90),
             builders.host_state('rest', memory_mb_used=8000, vcpus_used=0, local_gb_used=0)]
    same = options(ram_weight_multiplier=1.0, cpu_weight_multiplier=1.0,
                   disk_weight_multiplier=1.0)
    assert names(weights.weigh(hosts, weights.load(ALL), same)) == ['rest', 'ram']


def test_weigh_when_all_are_equal_keeps_the_order_and_of_none_makes_none():
    hosts = [builders.host_state(name) for name in ('b', 'a', 'c')]
    assert names(weights.weigh(hosts, weights.load(ALL), CONF.filter_scheduler)) == ['b', 'a', 'c']
    assert weights.weigh([], weights.load(ALL), CONF.filter_scheduler) == []
