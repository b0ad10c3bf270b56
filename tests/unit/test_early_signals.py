# SPDX-License-Identifier: Apache-2.0
"""A signal that comes while a process is still being loaded."""
import signal
import subprocess
import sys

import pytest

PROCESSES = ('api', 'conductor', 'scheduler', 'compute', 'all_in_one')


@pytest.mark.parametrize('name', PROCESSES)
def test_sighup_when_a_process_is_being_loaded_then_it_is_kept(name):
    """The first module of the process is loaded, and then the signal comes."""
    code = ('import importlib, os, signal\n'
            f'importlib.import_module("nova_lite.cmd.{name}")\n'
            'from nova_lite import early_signals\n'
            'os.kill(os.getpid(), signal.SIGHUP)\n'
            'print(early_signals.came)')
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, str([int(signal.SIGHUP)])), done.stderr


@pytest.mark.parametrize('name', PROCESSES)
def test_sigint_when_a_process_is_being_loaded_then_it_ends_without_a_word(name):
    code = ('import importlib, os, signal\n'
            f'importlib.import_module("nova_lite.cmd.{name}")\n'
            'os.kill(os.getpid(), signal.SIGINT)\n'
            'print("goes on")')
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, '', '')
