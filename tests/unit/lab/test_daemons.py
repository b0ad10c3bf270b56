# SPDX-License-Identifier: Apache-2.0
"""Real processes: what is known by identity is ended, and nothing else."""
import os
import signal
import socket
import subprocess
import sys

import pytest

from nova_lite.lab import daemons

ENVIRONMENT = {'PATH': os.environ['PATH']}


@pytest.fixture
def sleeper(tmp_path):
    process = daemons.daemonise(['sleep', '60'], ENVIRONMENT, tmp_path / 'log')
    yield process
    process.signal(signal.SIGKILL)
    assert process.wait(10)


def test_process_when_daemonised_leads_its_own_session(sleeper):
    assert sleeper.alive()
    assert os.getsid(sleeper.pid) == sleeper.pid


def test_process_when_daemonised_outlives_its_starter(tmp_path):
    code = ('import sys\nfrom pathlib import Path\nfrom nova_lite.lab import daemons\n'
            'p = daemons.daemonise(["sleep", "60"], {"PATH": sys.argv[2]}, Path(sys.argv[1]))\n'
            'print(p.pid, p.started, sep="|")')
    done = subprocess.run([sys.executable, '-c', code, str(tmp_path / 'log'), os.environ['PATH']],
                          capture_output=True, text=True, check=True, timeout=60)
    pid, _, started = done.stdout.strip().partition('|')
    process = daemons.Process(int(pid), started)
    try:
        assert process.alive()
    finally:
        process.signal(signal.SIGKILL)
        assert process.wait(10)


def test_process_when_it_prints_is_written_to_the_log(tmp_path):
    log = tmp_path / 'log'
    log.write_text('before\n')
    process = daemons.daemonise(['sh', '-c', 'echo out; echo err >&2'], ENVIRONMENT, log)
    assert process.wait(10)
    assert log.read_text() == 'before\nout\nerr\n'


def test_daemonise_when_the_command_is_missing_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        daemons.daemonise(['no-such-command-here'], ENVIRONMENT, tmp_path / 'log')


def test_wait_when_nothing_ends_it_gives_up_in_time(sleeper):
    assert not sleeper.wait(0.05)


def test_process_when_signalled_ends_and_is_reaped(sleeper):
    sleeper.signal(signal.SIGTERM)
    assert sleeper.wait(10)
    assert not sleeper.alive()
    with pytest.raises(ChildProcessError):
        os.waitpid(sleeper.pid, os.WNOHANG)


def test_process_when_the_pid_is_another_ones_is_not_alive_and_not_signalled(sleeper):
    stranger = daemons.Process(sleeper.pid, 'an earlier boot 12345')
    assert not stranger.alive()
    assert stranger.wait(10)
    stranger.signal(signal.SIGKILL)
    assert stranger.children() == []
    assert sleeper.alive()


def test_process_when_nobody_has_the_pid_is_an_error(sleeper):
    sleeper.signal(signal.SIGKILL)
    assert sleeper.wait(10)
    with pytest.raises(ProcessLookupError):
        daemons.process(sleeper.pid)
    sleeper.signal(signal.SIGTERM)      # nobody to send it to is no error


def test_children_when_it_has_some_are_found(tmp_path):
    parent = daemons.daemonise(['sh', '-c', 'echo up; sleep 60; true'], ENVIRONMENT,
                               tmp_path / 'log')
    try:
        while not parent.children():
            assert parent.alive()
        (child,) = parent.children()
        assert child.alive()
    finally:
        for process in (*parent.children(), parent):
            process.signal(signal.SIGKILL)
        assert parent.wait(10)


def test_free_port_when_asked_is_none_that_a_connection_gets_by_itself():
    lowest = int(daemons.LOCAL_PORTS.read_text().split()[0])
    assert daemons.FIRST_PORT <= daemons.free_port('127.0.0.1') < lowest


def test_free_port_when_asked_can_be_bound():
    with socket.create_server(('127.0.0.1', daemons.free_port('127.0.0.1'))):
        pass
