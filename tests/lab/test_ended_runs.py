# SPDX-License-Identifier: Apache-2.0
"""A test run that is ended takes down its lab, with the guests in it."""
import signal
from pathlib import Path

import pytest

from nova_lite.lab import daemons
from nova_lite.lab.netns import NETNS_DIRECTORY, NetNs
from nova_lite.lab.state import State
from tests.fixtures import runs

HANGING = '''
import os, threading
from nova_lite.lab.image import IMAGES
from tests.lab.conftest import *
from tests.lab.conftest import _watcher

def test_that_hangs(ground, raw):
    ground.up(with_services=True)
    raw(IMAGES[0]).start(ground.topology.computes[0])
    print('hangs in', os.environ['TMPDIR'], flush=True)
    threading.Event().wait()
'''


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGKILL])
def test_run_when_it_is_ended_takes_down_its_lab_and_its_guests(tmp_path, number):
    """They stayed behind."""
    run = runs.Run(tmp_path, HANGING, '-o', 'timeout=600')
    [lab] = [State(file.parent) for file in run.directory.glob('*/lab.json')]
    ours = [daemons.process(pid) for path in NETNS_DIRECTORY.glob(f'{lab.prefix}-*')
            for pid in NetNs(path.name).pids()]
    names = [Path(f'/proc/{process.pid}/comm').read_text() for process in ours]
    assert any(name.startswith('qemu-system') for name in names), names
    run.end(number)
    assert [process.pid for process in ours if process.alive()] == []
    assert list(NETNS_DIRECTORY.glob(f'{lab.prefix}-*')) == []
    assert not run.directory.exists()
