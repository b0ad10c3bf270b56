# SPDX-License-Identifier: Apache-2.0
"""A test run: all that is temporary lies in one directory, and a guardian outlives the run.

What a run starts may be in a session of its own, under another account, in other namespaces or
another's child. It is told by the directory: the environment of whatever the run starts names it.
The guardian is a process of its own that learns of the run's end by a pipe, however that comes.
"""
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from nova_lite.lab import daemons

TOP = Path(__file__).parents[1]


def begin() -> Path:
    """Make the directory and start the guardian, for this process; SIGTERM is as SIGINT."""
    directory = Path(tempfile.mkdtemp(prefix='nl-'))    # short: sockets lie below it
    directory.chmod(0o711)      # servers run under accounts of their own
    reader, _ = os.pipe()       # the writing end is this process's alone, and ends with it
    daemons.daemonise(
        [sys.executable, '-W', 'ignore', '-m', 'tests.guardian', '--after', '3', str(directory)],
        {**os.environ, 'PYTHONPATH': str(TOP)}, Path(os.devnull), {3: reader})
    os.close(reader)
    # what pytest itself keeps of its last runs stays where it always is
    os.environ.setdefault('PYTEST_DEBUG_TEMPROOT', tempfile.gettempdir())
    os.environ['TMPDIR'] = tempfile.tempdir = str(directory)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return directory


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, 'workerinput'):      # workers belong to the run of their controller
        begin()
