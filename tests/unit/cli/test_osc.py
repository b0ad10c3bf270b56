# SPDX-License-Identifier: Apache-2.0
"""The plugin of python-openstackclient, in the unmodified program ``openstack``."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

OPENSTACK = Path(sys.executable).with_name('openstack')


@pytest.fixture
def openstack(api, monkeypatch):
    api.user = ('ada', 'secret')
    for name, value in {'AUTH_TYPE': 'http_basic', 'USERNAME': 'ada', 'PASSWORD': 'secret',
                        'ENDPOINT': f'{api.url}/v2.1'}.items():
        monkeypatch.setenv(f'OS_{name}', value)
    monkeypatch.setenv('PYTHONWARNINGS', 'ignore')

    def run(*argv):
        return subprocess.run([OPENSTACK, *argv], capture_output=True, text=True, timeout=100)
    return run


def test_tune_goes_to_the_migration(openstack, api, server):
    api.migrations.append(api.migration(server, status='running'))
    done = openstack('server', 'migration', 'tune', 'web1', '1', '--bandwidth', '50')
    assert (done.returncode, done.stderr) == (0, '')
    assert api.sent('PATCH', f"/v2.1/servers/{server['id']}/migrations/1") == [
        {'migration': {'bandwidth': 50}}]


def test_migration_with_goals_is_followed_to_its_end(openstack, api, server):
    api.script = [{'status': 'queued'}]
    api.streams = [[{'status': 'running', 'dest_compute': 'host2'}, {'status': 'completed'}]]
    done = openstack('server', 'live', 'migrate', 'web1', '--deadline', '60', '--watch')
    assert (done.returncode, done.stderr) == (0, '')
    assert 'completed after' in done.stdout.splitlines()[-1]
    [body] = api.sent('POST', f"/v2.1/servers/{server['id']}/action")
    assert body['os-migrateLive']['nova-lite:goals'] == {'deadline_s': 60}


def test_receipt_comes_in_the_formats_of_openstack(openstack, api, server):
    api.migrations.append(api.migration(server, status='completed',
                                        **{'nova-lite:phases_ms': {'copy': 12}}))
    done = openstack('server', 'migration', 'receipt', '1', '-f', 'json')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)['phase copy (ms)'] == 12


def test_error_is_told_in_one_line_with_exit_code_1(openstack, api):
    done = openstack('server', 'locate', 'nobody')
    assert (done.returncode, done.stderr) == (
        1, "ERROR (CommandError): No server with a name or ID of 'nobody' exists.\n")


def test_microversion_that_the_user_insists_on_is_not_negotiated(openstack, api, server):
    api.max_version = (2, 53)
    done = openstack('--os-compute-api-version', '2.60', 'server', 'locate', 'web1')
    assert done.returncode == 1 and '(HTTP 406)' in done.stderr
