# SPDX-License-Identifier: Apache-2.0
"""Arguments, credentials, microversions, errors and exit codes."""
import socket
import subprocess
import sys
import threading

import pytest

from nova_lite.cli import auth, client, commands, main
from tests.unit.cli import fake_api

HEAVY = ('requests', 'keystoneauth1', 'openstack', 'prettytable', 'rich', 'oslo_config',
         'nova_lite.conf', 'nova_lite.objects')


# -- help and arguments -------------------------------------------------------------------------
def test_help_loads_none_of_what_a_command_needs():
    program = ('import sys; from nova_lite.cli import main\n'
               'try: main.main(["--help"])\n'
               'except SystemExit: pass\n'
               f'print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)')
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True,
                          timeout=60)
    assert done.stderr.strip() == '[]' and 'live-migration' in done.stdout


def test_command_loads_none_of_the_services(api, server):
    program = ('import sys; from nova_lite.cli import main; main.main(["list"])\n'
               'print(sorted(n for n in sys.modules if n.startswith("nova_lite.")'
               ' and not n.startswith("nova_lite.cli")), file=sys.stderr)')
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True,
                          timeout=60)
    assert done.stderr.strip() == '[]' and 'web1' in done.stdout


@pytest.mark.parametrize('command', ['list', 'live-migration', 'flavor-create'])
def test_help_of_a_command_loads_none_of_what_talks_to_a_server(command):
    program = ('import sys; from nova_lite.cli import main\n'
               f'try: main.main(["{command}", "--help"])\n'
               'except SystemExit: pass\n'
               f'print([name for name in {HEAVY[:3] + HEAVY[4:]} if name in sys.modules],'
               ' file=sys.stderr)')
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True,
                          timeout=60)
    assert done.stderr.strip() == '[]' and f'usage: nova-lite {command}' in done.stdout


@pytest.mark.parametrize('argv', [('--help',), ('-h',), ('help',)])
def test_help_names_every_command_and_what_it_is_for(argv, run):
    result = run(*argv)
    assert result.code == 0
    for name, (_, text) in commands.COMMANDS.items():
        assert f'{name} ' in result.out and text in result.out
    assert 'complete ' in result.out


def test_unknown_command_is_told_with_those_that_are_near(run):
    result = run('flavor-lsit')
    assert result.code == 2 and result.out == ''
    assert "there is no command 'flavor-lsit'" in result.err and 'flavor-list' in result.err


@pytest.mark.parametrize('argv', [
    (), ('nonsense',), ('--nonsense', 'list'), ('show',), ('boot', 'x'),
    ('list', '--limit', 'many'),
    ('live-migration', 'web1', '--force'), ('help', 'nonsense')])
def test_wrong_arguments_exit_with_2(argv, run, api, server):
    assert run(*argv).code == 2
    assert api.sent('POST', f"/v2.1/servers/{server['id']}/action") == []


@pytest.mark.parametrize('argv', [('--json', 'list'), ('list', '--json')])
def test_json_may_stand_before_or_behind_the_command(argv, run, api, server):
    assert run(*argv).json[0]['name'] == 'web1'


def test_complete_prints_what_bash_needs(run):
    result = run('complete')
    assert result.code == 0
    words = {name: line.partition("='")[2] for line in result.out.splitlines()
             for name in [line.partition('=')[0].strip()]}
    assert set(commands.COMMANDS) <= set(words['cmds'].rstrip("'").split())
    assert '--deadline' in words['cmds_live_migration'] and '--format' in words['cmds_list']
    done = subprocess.run(['bash', '-n'], input=result.out, text=True, timeout=60)
    assert done.returncode == 0


# -- the output ---------------------------------------------------------------------------------
def test_reader_that_has_seen_enough_ends_it_without_a_trace(api):
    for number in range(300):
        api.add_server(number, f'server-{number}' * 20)
    child = subprocess.Popen([sys.executable, '-m', 'nova_lite.cmd.shell', 'list'],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    child.stdout.readline()
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    assert (child.wait(60), err) == (1, '')


@pytest.mark.parametrize('closed', ['>&-', '>&- 2>&-'])
def test_closed_output_is_no_error_of_the_command(api, server, closed):
    script = f'"$0" -m nova_lite.cmd.shell stop web1 {closed}'
    done = subprocess.run(['bash', '-c', script, sys.executable], capture_output=True, text=True,
                          timeout=60)
    assert (done.returncode, done.stderr) == (0, '')
    assert api.sent('POST', f"/v2.1/servers/{server['id']}/action") == [{'os-stop': None}]


def test_output_that_cannot_be_written_is_told(api, server):
    with open('/dev/full', 'w') as full:
        done = subprocess.run([sys.executable, '-m', 'nova_lite.cmd.shell', 'list'], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr.count('\n')) == (1, 1), done.stderr
    assert 'No space left on device' in done.stderr


# -- credentials --------------------------------------------------------------------------------
def basic_auth(api, monkeypatch, password='secret'):
    api.user = ('ada', 'secret')
    monkeypatch.setenv('OS_AUTH_TYPE', 'http_basic')
    monkeypatch.setenv('OS_USERNAME', 'ada')
    monkeypatch.setenv('OS_PASSWORD', password)


def test_http_basic_from_variables(api, server, run, monkeypatch):
    basic_auth(api, monkeypatch)
    assert run('list').rows[1][1] == 'web1'


def test_option_wins_over_variable(api, server, run, monkeypatch):
    basic_auth(api, monkeypatch, password='wrong')
    assert run('--os-password', 'secret', 'list').code == 0


def test_wrong_password_is_told_with_exit_code_1(api, run, monkeypatch):
    basic_auth(api, monkeypatch, password='wrong')
    result = run('list')
    assert result.code == 1
    assert result.err == ('ERROR (Unauthorized): A valid user name and password are needed '
                          f'(HTTP 401) (Request-ID: {fake_api.REQUEST_ID})\n')


def test_endpoint_without_a_version_is_completed(api, server, run, monkeypatch):
    monkeypatch.setenv('OS_ENDPOINT', f'{api.url}/')
    assert run('list').code == 0


def process(*argv):
    """The command in a process of its own: openstacksdk looks for clouds.yaml once a process."""
    return subprocess.run([sys.executable, '-m', 'nova_lite.cmd.shell', *argv],
                          capture_output=True, text=True, timeout=60)


def test_clouds_yaml_is_read(api, server, monkeypatch, tmp_path):
    api.user = ('ada', 'secret')
    for name in ('OS_AUTH_TYPE', 'OS_ENDPOINT'):
        monkeypatch.delenv(name)
    (tmp_path / 'clouds.yaml').write_text(f"""
clouds:
  lab:
    auth_type: http_basic
    auth: {{endpoint: '{api.url}/v2.1', username: ada, password: secret}}
""")
    monkeypatch.setenv('OS_CLOUD', 'lab')
    done = process('list')
    assert (done.returncode, done.stderr) == (0, '') and 'web1' in done.stdout
    monkeypatch.setenv('OS_CLOUD', 'moon')
    done = process('list')
    assert done.returncode == 1 and 'moon' in done.stderr


def test_nothing_configured_tells_what_to_set(api, monkeypatch):
    for name in ('OS_AUTH_TYPE', 'OS_ENDPOINT'):
        monkeypatch.delenv(name)
    done = process('list')
    assert done.returncode == 1 and 'OS_CLOUD' in done.stderr and 'OS_ENDPOINT' in done.stderr


@pytest.mark.parametrize('auth_type, words', [
    ('password', 'OS_AUTH_URL'), ('http_basic', 'needed too: OS_USERNAME, OS_PASSWORD'),
    ('zorro', 'no way to authenticate called zorro')])
def test_incomplete_configuration_names_what_lacks(api, run, monkeypatch, auth_type, words):
    monkeypatch.setenv('OS_AUTH_TYPE', auth_type)
    result = run('list')
    assert result.code == 1 and words in result.err


def test_unreachable_server_is_told_in_one_line(api, run, monkeypatch):
    monkeypatch.setenv('OS_ENDPOINT', 'http://127.0.0.1:1/v2.1')
    result = run('list')
    assert result.code == 1 and result.err.count('\n') == 1
    assert result.err.startswith('ERROR (ConnectFailure): Unable to establish connection')


def test_port_without_tls_is_named(api, run, monkeypatch):
    monkeypatch.setenv('OS_ENDPOINT', api.url.replace('http:', 'https:') + '/v2.1')
    result = run('list')
    assert result.code == 1 and result.err.count('\n') == 1
    assert 'http:// instead of https://' in result.err


def test_port_that_takes_the_connection_and_says_nothing_is_named(api, run, monkeypatch):
    monkeypatch.setattr(auth, 'CONNECT_SECONDS', 0.3)
    with socket.create_server(('127.0.0.1', 0)) as silent:
        monkeypatch.setenv('OS_ENDPOINT', f'https://127.0.0.1:{silent.getsockname()[1]}/v2.1')
        result = run('list')
    assert result.code == 1 and 'http:// instead of https://' in result.err


def test_port_that_wants_tls_is_named(api, run, monkeypatch):
    """It ends a connection whose first byte is no TLS."""
    def refuse(listener):
        link, _ = listener.accept()
        link.recv(4096)
        link.sendall(b'\x15\x03\x03\x00\x02\x02\x32')     # an alert
        link.close()

    with socket.create_server(('127.0.0.1', 0)) as listener:
        refusing = threading.Thread(target=refuse, args=(listener,), daemon=True)
        refusing.start()
        monkeypatch.setenv('OS_ENDPOINT', f'http://127.0.0.1:{listener.getsockname()[1]}/v2.1')
        result = run('list')
        refusing.join(10)
    assert result.code == 1 and 'https:// instead of http://' in result.err


# -- what is sent -------------------------------------------------------------------------------
def test_request_carries_both_version_headers_and_ours(api, server, run):
    run('list')
    _, _, headers, _ = api.requests[-1]
    assert headers['OpenStack-API-Version'] == 'compute 2.80'
    assert headers['X-OpenStack-Nova-API-Version'] == '2.80'
    assert headers['X-Nova-Lite-Extensions'] == '1'
    assert len(api.requests) == 1, 'a server that knows 2.80 costs no extra request'


def test_older_server_is_spoken_to_in_its_newest_version(api, server, run):
    api.max_version = (2, 53)
    assert run('list').code == 0
    _, _, headers, _ = api.requests[-1]
    assert headers['X-OpenStack-Nova-API-Version'] == '2.53'


def test_microversion_that_the_user_insists_on_is_not_negotiated(api, server, run):
    api.max_version = (2, 53)
    result = run('--os-compute-api-version', '2.60', 'list')
    assert result.code == 1 and '(HTTP 406)' in result.err


@pytest.mark.parametrize('text', ['2', '2.latest', 'latest', '', None])
def test_parse_version_latest(text):
    assert client.parse_version(text) is None


@pytest.mark.parametrize('text', ['3.1', '2.x', 'new'])
def test_wrong_microversion_is_refused(text, run, api):
    result = run('--os-compute-api-version', text, 'list')
    assert result.code == 1 and text in result.err and api.requests == []


def test_debug_prints_curl_lines_without_secrets(api, server, run, monkeypatch):
    basic_auth(api, monkeypatch)
    api.lists['flavors'] = [{'id': '1', 'name': 'small'}]
    image = '00000000-0000-4000-9000-000000000001'
    result = run('boot', 'db', '--flavor', 'small', '--image', image, '--debug')
    assert 'REQ: curl -g -i -X POST' in result.err and '/v2.1/servers' in result.err
    assert '{SHA256}' in result.err
    assert fake_api.basic('ada', 'secret').split()[1] not in result.err
    assert 's3cret' not in result.err and 's3cret' in result.out


def test_hide_passwords_leaves_the_rest_of_a_line():
    import logging
    record = logging.LogRecord('x', logging.DEBUG, '', 1, 'RESP BODY: %s',
                               ('{"adminPass": "abc", "id": 1}',), None)
    assert main.HidePasswords().filter(record)
    assert record.getMessage() == 'RESP BODY: {"adminPass": "***", "id": 1}'


def test_list_follows_pages_to_the_end(api, run):
    api.page_length = 2
    for number in range(5):
        api.add_server(number, f's{number}')
    assert len(run('list').rows) == 1 + 5
    assert len(run('list', '--limit', '3').rows) == 1 + 3


def test_answer_that_is_no_compute_api_is_told(api, run):
    api.refuse['GET /v2.1/servers/detail'] = 200, {'hello': 'world'}
    result = run('list')
    assert result.code == 1 and 'not as a compute API' in result.err
