# SPDX-License-Identifier: Apache-2.0
"""nova-lite-all-in-one as a user runs it: one command, the exports it prints, and the API."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

from nova_lite import embedded

COMMAND = [sys.executable, '-W', 'ignore', '-m', 'nova_lite.cmd.all_in_one']
TIMEOUT = 60


class Embedded:
    """A running all-in-one."""

    def __init__(self, directory, *arguments):
        self._log = open(directory / 'log', 'ab')
        self.process = subprocess.Popen(
            [*COMMAND, '--state-dir', str(directory / 'state'), '--port', '0',
             '--time-scale', '0.05', '--print-env', *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, text=True)
        self.exports = self._read_exports()
        values = dict(line.removeprefix('export ').split('=', 1)
                      for line in self.exports.splitlines())
        assert values['OS_AUTH_TYPE'] == 'http_basic'
        self.endpoint = values['OS_ENDPOINT']
        self._login = values['OS_USERNAME'], values['OS_PASSWORD']

    def _read_exports(self):
        ending = threading.Timer(TIMEOUT, self.process.kill)    # so that the read has an end
        ending.start()
        lines = []
        # the image endpoint is the last that is said
        while not any('OS_IMAGE' in line for line in lines) \
                and (line := self.process.stdout.readline()):
            lines.append(line)
        ending.cancel()
        assert lines and 'OS_IMAGE' in lines[-1], 'it ended before it was ready'
        return ''.join(lines)

    def ask(self, method, path, body=None, stream=False, **headers):
        return requests.request(
            method, self.endpoint + path, json=body, auth=self._login, timeout=TIMEOUT,
            stream=stream, headers={'OpenStack-API-Version': 'compute 2.80', **headers})

    def environment(self):
        """Of a client of it."""
        return {**os.environ, **dict(line.removeprefix('export ').split('=', 1)
                                     for line in self.exports.splitlines())}

    def wait_for(self, met, what):
        """The API has nothing to subscribe to: ask again until it is so."""
        deadline = time.monotonic() + TIMEOUT
        while not met():
            assert time.monotonic() < deadline, f'{what}: not within {TIMEOUT} s'
            time.sleep(0.1)

    def server(self, uuid):
        return self.ask('GET', f'/servers/{uuid}').json()['server']

    def boot(self):
        answer = self.ask('POST', '/servers', {'server': {
            'name': 'vm', 'flavorRef': embedded.FLAVORS[0][0], 'networks': 'none',
            'imageRef': embedded.IMAGES[0]['id']}})
        assert answer.status_code == 202, answer.text
        uuid = answer.json()['server']['id']
        self.wait_for(lambda: self.server(uuid)['status'] == 'ACTIVE', 'ACTIVE')
        return uuid

    def move(self, uuid):
        """Returns (host before, host after)."""
        before = self.server(uuid)['OS-EXT-SRV-ATTR:host']
        answer = self.ask('POST', f'/servers/{uuid}/action',
                          {'os-migrateLive': {'host': None, 'block_migration': 'auto'}})
        assert answer.status_code == 202, answer.text
        self.wait_for(lambda: self.server(uuid)['OS-EXT-STS:task_state'] is None, 'the end')
        return before, self.server(uuid)['OS-EXT-SRV-ATTR:host']

    def stop(self, number=signal.SIGTERM):
        """Its exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(TIMEOUT)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self._log.close()


@pytest.fixture
def start(tmp_path):
    started = []

    def run(*arguments):
        started.append(Embedded(tmp_path, *arguments))
        return started[-1]

    yield run
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)
    if started:     # nor do the libraries say to a user what their developers should do
        assert 'deprecat' not in (tmp_path / 'log').read_text().lower()


def run_again(tmp_path, *arguments):
    """A command that is expected to end by itself."""
    return subprocess.run([*COMMAND, '--state-dir', str(tmp_path / 'state'), *arguments],
                          capture_output=True, text=True, timeout=TIMEOUT)


def test_all_in_one_when_restarted_then_a_guest_that_moved_is_still_there(start, tmp_path):
    first = start('--hosts', '2')
    uuid = first.boot()
    before, after = first.move(uuid)
    assert {before, after} == {'compute1', 'compute2'}

    # the exports of the running one, for another shell; and no second one in the same place
    again = run_again(tmp_path, '--print-env', 'only')
    assert (again.returncode, again.stdout) == (0, first.exports)
    second = run_again(tmp_path, '--port', '0')
    assert second.returncode == 1
    assert 'another nova-lite-all-in-one works in' in second.stderr

    assert first.stop() == 0
    gone = run_again(tmp_path, '--print-env', 'only')
    assert (gone.returncode, gone.stdout) == (1, '')

    third = start('--hosts', '2')
    assert third.server(uuid)['OS-EXT-SRV-ATTR:host'] == after
    assert third.move(uuid) == (after, before)
    assert third.stop(signal.SIGINT) == 0


def test_all_in_one_when_started_then_keeps_its_secrets_and_listens_on_loopback(start, tmp_path):
    secret = tmp_path / 'secret'
    secret.write_text('given-by-the-user\n')
    running = start('--hosts', '1', '--password-file', str(secret))
    assert running.endpoint.startswith('http://127.0.0.1:')
    assert 'OS_PASSWORD=given-by-the-user' in running.exports
    anonymous = requests.get(f'{running.endpoint}/servers', timeout=TIMEOUT)
    assert anonymous.status_code == 401
    assert running.stop() == 0
    assert 'given-by-the-user' not in (tmp_path / 'log').read_text()
    state = tmp_path / 'state'
    assert os.stat(state).st_mode & 0o077 == 0
    for name in ('password', 'htpasswd', 'nova-lite.conf'):
        assert os.stat(state / name).st_mode & 0o077 == 0


def test_all_in_one_when_its_options_go_bad_then_sighup_leaves_the_old_ones(start, tmp_path):
    own = tmp_path / 'own.conf'
    own.write_text('[DEFAULT]\nmax_concurrent_live_migrations = 2\n')
    running = start('--hosts', '2', '--config-file', str(own))

    def said(words):
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: words in (tmp_path / 'log').read_text(), words)

    own.write_text('[DEFAULT]\nmax_concurrent_live_migrations = two\n'
                   '[libvirt]\nlive_migration_downtime = 50\n')
    said('nothing of the files is taken')
    log = (tmp_path / 'log').read_text()
    for name in ('[DEFAULT]max_concurrent_live_migrations = two',
                 '[libvirt]live_migration_downtime = 50'):
        assert f'{own}: {name}' in log
    uuid = running.boot()
    before, after = running.move(uuid)
    assert before != after
    own.write_text('[DEFAULT]\nmax_concurrent_live_migrations = 3\n')
    said('Options re-read; changed: [DEFAULT]max_concurrent_live_migrations')
    assert running.stop() == 0


def test_all_in_one_when_called_wrongly_then_says_so(tmp_path):
    done = run_again(tmp_path, '--hosts', '0')
    assert done.returncode == 2
    assert '--hosts: at least 1' in done.stderr


def test_all_in_one_when_a_migration_is_watched_then_its_events_come_to_the_end(start):
    running = start('--hosts', '2')
    uuid = running.boot()
    answer = running.ask('POST', f'/servers/{uuid}/action',
                         {'os-migrateLive': {'host': None, 'block_migration': 'auto'}})
    assert answer.status_code == 202, answer.text
    running.wait_for(lambda: running.ask('GET', '/os-migrations').json()['migrations'], 'record')
    [move] = running.ask('GET', '/os-migrations').json()['migrations']
    with running.ask('GET', f'/servers/{uuid}/migrations/{move["id"]}/events', stream=True,
                     **{'X-Nova-Lite-Extensions': '1'}) as events:
        assert events.headers['Content-Type'].startswith('text/event-stream')
        told = [json.loads(line.removeprefix(b'data: '))['migration']['status']
                for line in events.iter_lines() if line.startswith(b'data: ')]
    assert told[-1] == 'completed', told
    # a stream that is open does not keep the server from stopping
    done = subprocess.run(
        [sys.executable, '-m', 'nova_lite.cmd.shell', 'migration-show', str(move['id']),
         '--watch'], env=running.environment(), capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, 'completed' in done.stdout) == (0, True), done.stderr
    assert running.stop() == 0


def refused(*arguments):
    """What it says when it does not start."""
    done = subprocess.run([*COMMAND, '--port', '0', *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT)
    assert done.returncode == 1, done.stderr
    [line] = done.stderr.splitlines()
    return line


@pytest.mark.parametrize('content', [b'', b' \n', b'\xa0\xff', b'a' * 73, b'a\0b', b'a\nb'],
                         ids=['empty', 'blank', 'no text', 'too long', 'NUL', 'two lines'])
def test_password_file_that_holds_none_is_refused_and_nothing_is_kept(tmp_path, content):
    file, state = tmp_path / 'password', tmp_path / 'state'
    file.write_bytes(content)
    assert f'{file} holds no password' in refused('--state-dir', str(state), '--password-file',
                                                  str(file))
    assert not (state / 'password').exists()


@pytest.mark.parametrize('name', ['a$b', 'a${HOME}', 'a%b', 'a?b', 'a#b', 'a\nb', 'a '])
def test_state_directory_that_no_configuration_can_name_is_refused(tmp_path, name):
    assert '--state-dir' in refused('--state-dir', str(tmp_path / name))
    assert not (tmp_path / name).exists()


def test_print_env_of_what_is_no_directory_says_so(tmp_path):
    file = tmp_path / 'file'
    file.touch()
    assert f'{file} cannot be read' in refused('--print-env', 'only', '--state-dir', str(file))
