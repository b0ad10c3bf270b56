# SPDX-License-Identifier: Apache-2.0
"""Whatever a test run has started ends with it; tests/broker and tests/lab have the servers and
guests."""
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from nova_lite.lab import daemons
from tests import guardian
from tests.fixtures import runs

# in a session of its own and nobody's child, as a broker or a guest is
HANGING = '''
import os, subprocess, sys, threading

def test_that_hangs():
    done = subprocess.run([sys.executable, '-c', 'import subprocess; print(subprocess.Popen('
                           '["sleep", "600"], start_new_session=True, stdout=-3).pid)'],
                          stdout=subprocess.PIPE, text=True, check=True)
    with open(os.environ['TMPDIR'] + '/started', 'w') as started:
        started.write(done.stdout)
    print('hangs in', os.environ['TMPDIR'], flush=True)
    threading.Event().wait()
'''
# ended by its own time limit, at once and without any fixture's clean-up
LIMIT = ('-o', 'timeout=3', '-o', 'timeout_method=thread')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, None])
def test_run_when_it_is_ended_takes_along_what_it_has_started(tmp_path, number):
    """It stayed behind."""
    run = runs.Run(tmp_path, HANGING, *(() if number else LIMIT))
    started = daemons.process(int((run.directory / 'started').read_text()))
    try:
        assert started.alive()
        run.end(number)
        assert not started.alive()
    finally:
        started.signal(signal.SIGKILL)
    assert not run.directory.exists()


def test_process_when_of_another_run_is_left_alone(tmp_path):
    ours, others = tmp_path / 'ours', tmp_path / 'others'
    for directory in (ours, others):
        directory.mkdir()
    with subprocess.Popen(['sleep', '600'], env={'TMPDIR': str(others)}) as other, \
            subprocess.Popen(['sleep', '600'], cwd=ours) as mine:
        try:
            assert guardian.end(ours) == ['ended 1 processes']
            assert mine.poll() is not None
            assert other.poll() is None
        finally:
            other.kill()
            mine.kill()
    assert not ours.exists() and others.exists()


def test_run_when_under_way_has_a_directory_that_other_accounts_get_through():
    directory = Path(tempfile.gettempdir())
    assert directory.name.startswith('nl-')
    assert directory.stat().st_mode & 0o777 == 0o711
