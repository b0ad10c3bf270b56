# SPDX-License-Identifier: Apache-2.0
"""The lab with its services: who may come in, what dies and comes back, what a change touches."""
import json
import signal
import sys
import urllib.error
import urllib.request

import pytest

from nova_lite.lab import daemons
from nova_lite.lab.command import run
from nova_lite.lab.seed import FLAVORS, Client
from nova_lite.lab.state import USERS
from tests.lab.test_lab import COMMAND, pids

KINDS = ['api', 'conductor', 'scheduler', 'compute']


def test_services_when_up_report_from_where_they_run(lab, cloud):
    services = {(each['binary'], each['host'], each['state'])
                for each in cloud.get('/os-services')['services']}
    assert {('nova-conductor', 'controller', 'up'), ('nova-scheduler', 'controller', 'up'),
            ('nova-compute', 'compute1', 'up'), ('nova-compute', 'compute2', 'up'),
            ('nova-compute', 'compute3', 'up')} <= services


def test_flavors_when_up_are_there(lab, cloud):
    assert {flavor['name'] for flavor in FLAVORS} <= {
        flavor['name'] for flavor in cloud.get('/flavors')['flavors']}


@pytest.mark.parametrize('user', USERS)
def test_user_when_the_password_is_right_is_let_in(lab, user):
    assert lab.client(user).request('GET', '/servers')[0] == 200


def test_user_when_the_password_is_wrong_is_kept_out(lab):
    assert Client(lab.endpoint, 'admin', 'guess').request('GET', '/servers')[0] == 401


def test_reader_when_asking_for_what_is_the_admins_is_refused(lab):
    assert lab.client('reader').request('POST', '/flavors', {'flavor': FLAVORS[0]})[0] == 403


def test_environment_when_given_to_openstacks_client_suffices(lab):
    words = [f'{name}={value}' for name, value in lab.environment().items()]
    said = run('env', *words, sys.executable, '-m', 'openstackclient.shell', 'hypervisor', 'list',
               '-f', 'json', timeout=60).stdout
    assert {each['Hypervisor Hostname'] for each in json.loads(said)} == {
        'compute1', 'compute2', 'compute3'}


def test_api_when_up_listens_on_loopback_of_the_machine_only(lab):
    port = lab.settings.port
    listening = run('ss', '-Hltn', f'sport = :{port}').stdout.split()
    assert listening[3] == f'127.0.0.1:{port}'
    inside = run(*lab.topology.controller.cmd_prefix, 'ss', '-Hltn', f'sport = :{port}').stdout
    assert inside == ''


@pytest.mark.parametrize('kind', KINDS)
def test_up_when_a_service_was_killed_starts_it_and_no_other(lab, kind):
    before = pids(lab)
    victim = next(part for part in lab.topology.parts() if part.kind == kind)
    process = daemons.process(victim.daemon.pid)
    process.signal(signal.SIGKILL)
    assert process.wait(10)
    assert victim.row()['alive'] is False
    done = json.loads(run(*COMMAND, 'ps', '--json', '--dir', lab.state.path).stdout)
    assert {'host': victim.host, 'kind': kind, 'pid': None, 'alive': False} in done
    lab.up()
    after = pids(lab)
    assert after.pop((victim.host, kind)) not in (None, before.pop((victim.host, kind)))
    assert after == before


def test_api_when_restarted_answers_on_the_port_of_before(lab):
    before, port = pids(lab), lab.settings.port
    [part] = lab.restart('api')
    assert part.row()['pid'] != before[('controller', 'api')]
    assert lab.settings.port == port
    assert lab.client().request('GET', '/servers')[0] == 200


def test_api_when_nobody_logs_in_shows_its_versions_but_no_server(lab):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f'http://127.0.0.1:{lab.settings.port}/', timeout=10) as answer:
        assert 'v2.1' in answer.read().decode()
    with pytest.raises(urllib.error.HTTPError, match='401'):
        opener.open(f'{lab.endpoint}/servers', timeout=10)


def test_storage_when_changed_restarts_computes_only_and_moves_new_guests(lab, boot):
    before = pids(lab)
    lab.up(storage='shared')
    try:
        after = pids(lab)
        changed = {place for place in before if before[place] != after[place]}
        assert changed == {(host.name, 'compute') for host in lab.topology.computes}
        server = boot(host='compute1')
        assert (lab.state.shared / server.id / 'console.log').exists()
    finally:
        lab.up(storage='private')


def test_guest_when_booted_by_rest_runs_where_libvirt_says(lab, boot):
    server = boot(host='compute2')
    with server.watch() as watch:
        assert watch.wait_verified().bad == 0
    found = {host: [guest['uuid'] for guest in guests] for host, guests in lab.guests().items()}
    assert found == {'compute1': [], 'compute2': [server.id], 'compute3': []}
    shown = json.loads(run(*COMMAND, 'status', '--json', '--dir', lab.state.path).stdout)
    assert [guest['state'] for guest in shown['guests']['compute2']] == ['running']


def test_logs_when_asked_for_a_service_are_its_own(lab):
    said = run(*COMMAND, 'logs', 'compute', 'compute1', '-n', '1000', '--dir', lab.state.path)
    assert 'nova-lite-compute ready' in said.stdout


def test_secrets_when_services_run_are_in_no_log_and_no_command_line(lab):
    logs = [part.log.read_text(errors='replace') for part in lab.topology.parts()
            if part.log.exists()]
    assert len(logs) > 10
    commands = []
    for host in lab.topology.hosts:
        for pid in host.netns.pids():
            with open(f'/proc/{pid}/cmdline') as words:
                commands.append(words.read())
    for name, password in lab.state.passwords().items():
        assert not any(password in text for text in (*logs, *commands)), name


def test_shell_when_given_a_command_runs_it_on_the_host(lab):
    said = run(*COMMAND, 'shell', '--dir', lab.state.path, 'compute3', 'hostname').stdout
    assert said == 'compute3\n'
