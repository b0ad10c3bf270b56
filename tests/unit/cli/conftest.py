# SPDX-License-Identifier: Apache-2.0
import json
import os

import pytest

from nova_lite.cli import main, watch
from tests.unit.cli import fake_api


@pytest.fixture
def api(monkeypatch, tmp_path):
    """A compute API without credentials, to which the environment points."""
    for name in [name for name in os.environ if name.startswith('OS_')]:
        monkeypatch.delenv(name)
    # no clouds.yaml of the machine's own
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path))
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setattr(watch, 'EARLY_INTERVAL', 0.001)
    monkeypatch.setattr(watch, 'INTERVAL', 0.001)
    with fake_api.FakeApi() as running:
        monkeypatch.setenv('OS_AUTH_TYPE', 'none')
        monkeypatch.setenv('OS_ENDPOINT', f'{running.url}/v2.1')
        yield running


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def rows(self):
        """The cells of a table, line by line; the first are the titles."""
        lines = [line for line in self.out.splitlines() if line.startswith('|')]
        return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]


@pytest.fixture
def run(capsys):
    """Run a command line as the console script does."""
    def call(*argv):
        try:
            code = main.main(argv)
        except SystemExit as leave:
            code = leave.code
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)
    return call


@pytest.fixture
def server(api):
    return api.add_server(1, 'web1')


@pytest.fixture
def things(api):
    """Flavors and an image to make servers of."""
    api.lists['flavors'] = [
        {'id': '1', 'name': 'small', 'ram': 512, 'disk': 1, 'OS-FLV-EXT-DATA:ephemeral': 0,
         'swap': '', 'vcpus': 1, 'rxtx_factor': 1.0, 'os-flavor-access:is_public': True,
         'description': None, 'extra_specs': {}},
        {'id': 'small', 'name': 'named-as-an-id', 'swap': 8}]
    api.lists['images'] = [{'id': fake_api.IMAGE, 'name': 'tick', 'status': 'active',
                            'size': 1536}]
    return api
