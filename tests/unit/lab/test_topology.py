# SPDX-License-Identifier: Apache-2.0
"""What belongs to a lab, and where."""
from pathlib import Path

import pytest

from nova_lite.lab.command import LabError
from nova_lite.lab.state import Settings, State
from nova_lite.lab.topology import Topology


@pytest.fixture
def topology(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Topology:
    monkeypatch.setattr('nova_lite.lab.state.MAX_PATH', 4096)
    state = State(tmp_path / 'lab')
    state.create()
    return Topology(state, Settings(hosts=2))


def test_hosts_when_counted_are_computes_and_a_controller(topology):
    assert {host.name: host.address for host in topology.hosts} == {
        'controller': '10.77.0.10', 'compute1': '10.77.0.11', 'compute2': '10.77.0.12'}
    assert [host.runs_guests for host in topology.hosts] == [False, True, True]
    assert len({host.netns.name for host in topology.hosts}) == 3


def test_host_when_unknown_is_refused_with_the_known_ones(topology):
    with pytest.raises(LabError, match='no host compute3: there are controller, compute1'):
        topology.host('compute3')


def test_parts_when_nothing_runs_are_all_dead(topology):
    rows = [part.row() for part in topology.parts()]
    assert {(row['host'], row['kind']) for row in rows} == {
        ('controller', kind) for kind in
        ('rabbitmq', 'mariadb', 'api', 'conductor', 'scheduler')} | {
        (host, kind) for host in ('compute1', 'compute2')
        for kind in ('libvirtd', 'storage', 'compute')}
    assert not any(row['alive'] or row['pid'] for row in rows)


def test_parts_when_services_are_not_wanted_end_below_them(topology):
    topology.settings.services = False
    assert {part.kind for part in topology.parts()} == {
        'rabbitmq', 'mariadb', 'libvirtd', 'storage'}


def test_consoles_when_asked_are_one_a_host_and_the_shared_one(topology):
    root = topology.state.path
    assert topology.consoles('u') == {
        'compute1': root / 'hosts/compute1/instances/u/console.log',
        'compute2': root / 'hosts/compute2/instances/u/console.log',
        'shared': root / 'shared/u/console.log'}


def test_cmd_prefix_when_the_host_is_down_says_what_to_do(topology):
    with pytest.raises(LabError, match='host compute1 is down: nova-lite-lab up'):
        topology.host('compute1').cmd_prefix
