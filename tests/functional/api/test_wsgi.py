# SPDX-License-Identifier: Apache-2.0
"""The API in other WSGI servers than its own: the standard library's, with a native thread for
each request, which also checks that the application keeps to PEP 3333; and eventlet's."""
import os
import re
import subprocess
import sys

import bcrypt
import pytest
import requests

from nova_lite import monkey_patch

LIMIT = 60
THREADS = """
import os, socketserver
from wsgiref import simple_server, validate
from nova_lite.wsgi import application

class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True

server = simple_server.make_server('127.0.0.1', 0, validate.validator(application), Server)
if os.environ.get('FORK') and os.fork():
    os.wait()
print(f'port {server.server_port}', flush=True)
server.serve_forever()
"""
GREEN = """
import eventlet, eventlet.wsgi
eventlet.monkey_patch()
from nova_lite.wsgi import application
listener = eventlet.listen(('127.0.0.1', 0))
print(f'port {listener.getsockname()[1]}', flush=True)
eventlet.wsgi.server(listener, application)
"""


@pytest.fixture(scope='module')
def tables(tmp_path_factory):
    """The file of a database with its tables."""
    file = tmp_path_factory.mktemp('tables') / 'db.sqlite'
    conf = file.with_suffix('.conf')
    conf.write_text(f'[database]\nconnection = sqlite:///{file}\n')
    subprocess.run([sys.executable, '-m', 'nova_lite.cmd.manage', 'db', 'sync',
                    f'--config-file={conf}'], check=True, timeout=LIMIT)
    return file


@pytest.fixture
def start(tmp_path, tables):
    """``start(code, **environment)``: a server in a process that ends with the test."""
    started = []
    (tmp_path / 'htpasswd').write_text(
        'admin:' + bcrypt.hashpw(b'secret', bcrypt.gensalt(rounds=4)).decode() + '\n')
    (tmp_path / 'users.yaml').write_text('admin: {project_id: demo, roles: [admin]}\n')
    (tmp_path / 'common.conf').write_text(
        f'[DEFAULT]\ntransport_url = fake://\n[database]\nconnection = sqlite:///{tables}\n')
    (tmp_path / 'api.conf').write_text(
        f'[api]\nhtpasswd_file = {tmp_path}/htpasswd\nusers_file = {tmp_path}/users.yaml\n')

    def one(code=THREADS, **environment):
        files = f'{tmp_path}/common.conf;{tmp_path}/api.conf'
        plain = {name: value for name, value in os.environ.items()
                 if name != monkey_patch.SETTING}       # the model of these tests
        started.append(subprocess.Popen(
            [sys.executable, '-c', code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
            env={**plain, 'OS_NOVA_LITE_CONFIG_FILES': files, **environment}))
        return started[-1]

    yield one
    for process in started:
        try:
            os.killpg(process.pid, 9)
        except ProcessLookupError:
            pass
        process.stdout.close()
        process.wait(LIMIT)


def address_of(process):
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.fullmatch(r'port (\d+)\n', line):
            return f'http://127.0.0.1:{found[1]}'
    raise AssertionError(''.join(said))


@pytest.mark.parametrize('code, environment', [
    (THREADS, {}), (THREADS, {'FORK': 'yes'}), (GREEN, {'NOVA_LITE_CONCURRENCY': 'eventlet'})],
    ids=['threads', 'forked', 'eventlet'])
def test_application_when_another_server_serves_it_then_reads_writes_and_refuses(
        start, code, environment):
    url = address_of(start(code, **environment))
    flavor = {'name': f'of {environment}', 'ram': 64, 'vcpus': 1, 'disk': 0}
    with requests.Session() as client:
        assert client.get(f'{url}/healthcheck', timeout=LIMIT).text == 'OK\n'
        assert client.get(f'{url}/v2.1/flavors', timeout=LIMIT).status_code == 401
        client.auth = ('admin', 'secret')
        made = client.post(f'{url}/v2.1/flavors', json={'flavor': flavor}, timeout=LIMIT)
        assert made.status_code == 200, made.text
        own = made.json()['flavor']['links'][0]['href']
        assert own.startswith(url)
        assert client.get(own, timeout=LIMIT).json()['flavor']['name'] == flavor['name']
        large = client.post(f'{url}/v2.1/flavors', data=b'{' + b' ' * 200_000, timeout=LIMIT,
                            headers={'Content-Type': 'application/json'})
        assert large.status_code == 413


@pytest.mark.parametrize('environment, words', [
    ({'OS_API__AUTH_STRATEGY': 'noauth2'}, 'auth_strategy=noauth2 makes everyone'),
    ({'OS_DATABASE__CONNECTION': 'sqlite://'}, 'run: nova-lite-manage db sync'),
    ({'OS_API__HTPASSWD_FILE': '/nowhere'}, '/nowhere'),
    ({'OS_NOVA_LITE_CONFIG_FILES': '/nowhere.conf'}, '/nowhere.conf'),
], ids=['noauth2', 'no tables', 'no passwords', 'no configuration'])
def test_application_when_it_cannot_be_loaded_then_one_line_says_why(start, environment, words):
    process = start(**environment)
    said, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == os.EX_CONFIG, said
    assert words in said and 'Traceback' not in said and 'port ' not in said
