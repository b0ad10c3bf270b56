# SPDX-License-Identifier: Apache-2.0
"""nova-lite's commands, and those of its plugin of ``openstack``, against a running all-in-one."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.clients.all_in_one import AllInOne

PROGRAMS = Path(sys.executable).parent
TIMEOUT = 100
pytestmark = pytest.mark.timeout(400)


class Shell:
    def __init__(self, running):
        self._environment = {**os.environ, **running.exports, 'PYTHONWARNINGS': 'ignore'}

    def run(self, program, *words, code=0):
        done = subprocess.run([PROGRAMS / program, *words], env=self._environment, text=True,
                              capture_output=True, timeout=TIMEOUT)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def __call__(self, *words, code=0):
        return self.run('nova-lite', *words, code=code)

    def json(self, *words, code=0):
        return json.loads(self(*words, '-f', 'json', code=code).stdout)

    def server(self, name):
        return self.json('show', '--minimal', name)

    def wait(self, name, **expected):
        """There is nothing to subscribe to: ask again until the server is so."""
        deadline = time.monotonic() + TIMEOUT
        while (shown := self.server(name)) and any(
                shown[key] != value for key, value in expected.items()):
            assert time.monotonic() < deadline, (expected, shown)
            time.sleep(0.1)

    def boot(self, name, host):
        self('boot', '--flavor', 'm1.nano', '--image', 'tiny', '--host', host, '--poll', name)


@pytest.fixture(scope='module')
def shell(tmp_path_factory):
    with AllInOne(tmp_path_factory.mktemp('all-in-one')) as running:
        yield Shell(running)


def hosts(shell):
    return [row['Hypervisor hostname'] for row in shell.json('hypervisor-list')]


def test_orders_when_given_then_show_in_the_server(shell):
    shell.boot('orders', hosts(shell)[0])
    for words, status in ((('reboot',), 'ACTIVE'), (('suspend',), 'SUSPENDED'),
                          (('resume',), 'ACTIVE'), (('reset-state',), 'ERROR'),
                          (('reset-state', '--active'), 'ACTIVE')):
        done = shell(*words, 'orders')
        assert done.stdout.endswith('server orders has been accepted.\n')
        shell.wait('orders', status=status, **{'OS-EXT-STS:task_state': None})
    shell('delete', 'orders')


def test_service_when_disabled_and_forced_down_then_is_listed_so_until_undone(shell):
    host = hosts(shell)[0]

    def listed():
        [row] = shell.json('service-list', '--host', host, '--binary', 'nova-compute')
        return row['Status'], row['Disabled Reason'], row['State'], row['Forced down']

    shell('service-disable', host, '--reason', 'new disk')
    assert listed() == ('disabled', 'new disk', 'up', False)
    shell('service-enable', host)
    shell('service-force-down', host)
    assert listed() == ('enabled', None, 'down', True)
    shell('service-force-down', '--unset', host)
    assert listed()[3] is False


def test_flavor_when_created_then_is_listed_until_it_is_deleted(shell):
    made = shell.json('flavor-create', 'm9.test', 'auto', '256', '1', '2')
    [row] = [row for row in shell.json('flavor-list') if row['Name'] == 'm9.test']
    assert (row['ID'], row['Memory_MiB'], row['Disk'], row['VCPUs']) == (made['id'], 256, 1, 2)
    shell('flavor-delete', 'm9.test')
    assert 'm9.test' not in shell('flavor-list').stdout


def test_host_when_evacuated_live_then_every_server_has_a_line_and_a_refusal_an_exit_code(shell):
    host = hosts(shell)[1]
    names = ['first', 'second', 'third']
    for name in names:
        shell.boot(name, host)
    shell('stop', 'third')
    shell.wait('third', status='SHUTOFF')
    rows = {row['Name']: row for row in shell.json('host-evacuate-live', host, code=1)}
    assert sorted(rows) == names
    assert rows['third']['Status'] == 'refused' and 'HTTP 409' in rows['third']['Error Message']
    for name in names[:2]:
        assert rows[name]['Error Message'] is None
        shell('migration-show', str(rows[name]['Migration']), '--watch')
        assert shell.server(name)['OS-EXT-SRV-ATTR:host'] == rows[name]['Dest Compute'] != host
    shell('delete', 'third')
    assert shell.json('host-evacuate-live', host) == []


def test_plugin_when_installed_then_openstack_has_what_only_nova_lite_can_do(shell):
    host = hosts(shell)[2]
    shell.boot('plugged', host)
    moved = shell.run('openstack', 'server', 'live', 'migrate', 'plugged', '--deadline', '60',
                      '--watch')
    assert 'completed after' in moved.stdout.splitlines()[-1]
    [row] = shell.json('migration-list', '--instance-uuid', shell.server('plugged')['id'])
    receipt = json.loads(shell.run('openstack', 'server', 'migration', 'receipt',
                                   str(row['Id']), '-f', 'json').stdout)
    assert receipt['status'] == 'completed' and receipt['goal deadline_s'] == 60
    located = shell.run('openstack', 'server', 'locate', 'plugged', '-f', 'json')
    assert f'Proved to be on host {receipt["dest_compute"]}' in located.stderr
    tuned = shell.run('openstack', 'server', 'migration', 'tune', 'plugged', str(row['Id']),
                      '--bandwidth', '5', code=1)
    assert tuned.stderr.startswith('ERROR (') and tuned.stderr.count('\n') == 1
    shell('delete', 'plugged')
