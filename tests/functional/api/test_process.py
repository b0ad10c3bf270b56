# SPDX-License-Identifier: Apache-2.0
"""nova-lite-api as a process: it says that it is ready, answers, and ends on SIGTERM."""
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

import bcrypt
import pytest
import requests

READY = re.compile(r'nova-lite-api ready on (http://\S+)')
LIMIT = 60


@pytest.fixture(scope='module')
def tables(tmp_path_factory):
    """The file of a database with its tables."""
    file = tmp_path_factory.mktemp('tables') / 'db.sqlite'
    conf = file.with_suffix('.conf')
    conf.write_text(f'[database]\nconnection = sqlite:///{file}\n')
    subprocess.run([sys.executable, '-W', 'ignore', '-m', 'nova_lite.cmd.manage', 'db', 'sync',
                    f'--config-file={conf}'], check=True, timeout=LIMIT)
    return file


class Process:
    """The process and what it has said so far."""

    def __init__(self, directory, database, **options):
        (directory / 'htpasswd').write_text('admin:' + bcrypt.hashpw(
            b'secret', bcrypt.gensalt(rounds=4)).decode() + '\n')
        (directory / 'users.yaml').write_text('admin: {project_id: demo, roles: [admin]}\n')
        settings = {'listen': '127.0.0.1', 'port': 0, 'htpasswd_file': directory / 'htpasswd',
                    'users_file': directory / 'users.yaml', **options.pop('api', {})}
        (directory / 'api.conf').write_text(
            '[DEFAULT]\ntransport_url = fake://\n'
            f'[database]\nconnection = sqlite:///{database}\n[api]\n'
            + ''.join(f'{name} = {value}\n' for name, value in settings.items()))
        self.said = ''
        self.popen = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-m', 'nova_lite.cmd.api',
             f'--config-file={directory / "api.conf"}'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def wait_for(self, pattern):
        """Read on until ``pattern`` was said."""
        deadline = time.monotonic() + LIMIT
        while not (found := pattern.search(self.said)):
            readable, _, _ = select.select([self.popen.stdout], [], [],
                                           max(0.0, deadline - time.monotonic()))
            assert readable, self.said
            piece = os.read(self.popen.stdout.fileno(), 65536).decode()
            assert piece, f'it has ended: {self.said}'
            self.said += piece
        return found

    def end(self):
        """What it said, once it has ended, and its exit code."""
        rest, _ = self.popen.communicate(timeout=LIMIT)
        return self.said + rest.decode(), self.popen.returncode


@pytest.fixture
def start(tmp_path, tables):
    """``start(**options)``: processes that end with the test."""
    started = []

    def one(database=tables, **options):
        started.append(Process(tmp_path, database, **options))
        return started[-1]

    yield one
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.stdout.close()
        process.popen.wait(LIMIT)


def test_process_answers_and_ends_on_sigterm(start):
    process = start()
    url = process.wait_for(READY)[1]
    with requests.Session() as client:
        assert client.get(url, timeout=LIMIT).json()['versions'][0]['id'] == 'v2.1'
        assert client.get(f'{url}/v2.1/extensions', timeout=LIMIT).status_code == 401
        client.auth = ('admin', 'secret')
        assert client.get(f'{url}/v2.1/extensions', timeout=LIMIT).status_code == 200
        process.popen.send_signal(signal.SIGTERM)
        said, code = process.end()
    assert code == 0
    assert 'Traceback' not in said
    assert 'secret' not in said
    assert '"GET /v2.1/extensions" status: 200' in said


def test_passed_socket_is_served(start):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        # a process finds it as descriptor 3, as systemd would hand it over
        process = start(env={**os.environ, 'LISTEN_FDS': '1'}, pass_fds=(3,),
                        preexec_fn=lambda: os.dup2(listener.fileno(), 3),
                        api={'auth_strategy': 'noauth2'})
        assert process.wait_for(READY)[1] == f'http://127.0.0.1:{port}'
    answer = requests.get(f'http://127.0.0.1:{port}/v2.1/extensions', timeout=LIMIT,
                          headers={'X-Auth-Token': 'user:project'})
    assert answer.status_code == 200
    process.popen.send_signal(signal.SIGTERM)
    assert process.end()[1] == 0


@pytest.mark.parametrize('options, word', [
    ({'auth_strategy': 'noauth2', 'listen': '0.0.0.0'}, 'noauth2'),
    ({'htpasswd_file': '/nowhere'}, '/nowhere'), ({'listen': '203.0.113.1'}, '203.0.113.1')])
def test_process_that_cannot_serve_says_why_and_ends(start, options, word):
    said, code = start(api=options).end()
    assert code == os.EX_CONFIG
    assert word in said
    assert 'Traceback' not in said
    assert not READY.search(said)


def test_process_when_the_database_has_no_tables_then_it_ends_and_names_the_remedy(
        start, tmp_path):
    said, code = start(database=tmp_path / 'empty.sqlite').end()
    assert code == os.EX_CONFIG
    assert 'run: nova-lite-manage db sync' in said
    assert 'Traceback' not in said
