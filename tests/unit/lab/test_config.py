# SPDX-License-Identifier: Apache-2.0
"""What each process of the lab is told, and what it is not."""
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_lite.lab import config
from nova_lite.lab.state import Settings, State
from nova_lite.lab.topology import Topology


@pytest.fixture
def topology(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Topology:
    monkeypatch.setattr('nova_lite.lab.state.MAX_PATH', 4096)
    state = State(tmp_path / 'lab')
    state.create()
    return Topology(state, Settings(hosts=2, virt_type='qemu'))


def compute(topology: Topology) -> dict:
    return config.compute(topology.state, topology.settings, topology.host('compute2'),
                          'rabbit://u:secret@10.77.0.10:5672/')


def test_compute_when_written_has_no_database_and_no_users(topology):
    sections = compute(topology)
    assert 'database' not in sections and 'api' not in sections
    assert 'mysql' not in config.render(sections)


def test_compute_when_written_is_its_host(topology):
    default = compute(topology)['DEFAULT']
    assert (default['host'], default['my_ip']) == ('compute2', '10.77.0.12')


@pytest.mark.parametrize('storage, directory', [('private', 'instances'), ('shared', 'shared')])
def test_compute_when_storage_is_chosen_keeps_its_guests_there(topology, storage, directory):
    topology.settings.storage = storage
    path = compute(topology)['DEFAULT']['instances_path']
    assert path == topology.state.path / 'host' / directory


def test_api_when_written_knows_database_and_users(topology):
    sections = config.control(topology.state, topology.controller, 'api', 'rabbit://', 'mysql://')
    assert sections['database'] == {'connection': 'mysql://'}
    assert sections['api']['auth_strategy'] == 'http_basic'
    assert sections['api']['htpasswd_file'].exists()


def test_conductor_when_written_has_no_users(topology):
    sections = config.control(topology.state, topology.controller, 'conductor', 'r', 'm')
    assert 'api' not in sections and 'database' in sections


def test_file_when_read_by_oslo_config_says_the_same(topology, tmp_path):
    file = tmp_path / 'file.conf'
    file.write_text(config.render({'DEFAULT': {'transport_url': 'rabbit://u:p$w@h/'},
                                   'api': {'port': 8774}}))
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.StrOpt('transport_url'))
    conf.register_opt(cfg.PortOpt('port'), group='api')
    conf(['--config-file', str(file)])
    assert (conf.transport_url, conf.api.port) == ('rabbit://u:p$w@h/', 8774)


def test_file_when_put_on_a_host_is_for_root_alone_and_where_the_host_looks(topology):
    host = topology.host('compute1')
    config.put(host, 'compute', compute(topology))
    file = host.root / config.path_on(host, 'compute').relative_to(host.common)
    assert file.stat().st_mode & 0o777 == 0o600
