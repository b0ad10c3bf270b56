# SPDX-License-Identifier: Apache-2.0
"""Ends what a test run has left: python -m tests.guardian [--after PIPE] DIRECTORY

Processes that name the run's directory, the labs and the servers in it, and the directory itself.
With --after it does so once the other end of the pipe is closed, which is when the run's process
is no more. See :mod:`tests.run`.
"""
import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from nova_lite.lab import daemons
from nova_lite.lab.command import LabError
from nova_lite.lab.lab import Lab

SECONDS = 30        # until what was killed has to be gone
DEPTH = 3           # directories below the run's in which labs are looked for


def of(directory: Path) -> list[daemons.Process]:
    """Processes whose environment, arguments or working directory name the run's directory."""
    own, wanted = os.getpid(), os.fsencode(directory)
    found = []
    for entry in Path('/proc').iterdir():
        if not entry.name.isdigit() or int(entry.name) == own:
            continue
        try:
            one = daemons.process(int(entry.name))
            if any(wanted in text for text in _texts(entry)):
                found.append(one)
        except OSError:     # it has ended, or is another user's
            continue
    return found


def _texts(entry: Path) -> list[bytes]:
    return [(entry / 'environ').read_bytes(), (entry / 'cmdline').read_bytes(),
            os.fsencode(os.readlink(entry / 'cwd'))]


def end_processes(directory: Path) -> int:
    """SIGKILL until there is none; how many there were."""
    ended, deadline = 0, time.monotonic() + SECONDS
    while (found := of(directory)) and time.monotonic() < deadline:
        ended += len(found)
        for process in found:
            process.signal(signal.SIGKILL)
        for process in found:
            process.wait(1)
    return ended


def end_labs(directory: Path) -> list[str]:
    """Take down every lab; what could not be is told."""
    troubles = []
    for level in range(DEPTH):
        for file in directory.glob('*/' * level + 'lab.json'):
            try:
                Lab(file.parent).down()
            except (LabError, OSError) as error:
                troubles.append(f'{file.parent}: {error}')
    return troubles


def end(directory: Path) -> list[str]:
    """End all of the run; a line for each thing that was left, or that is still there."""
    ended = end_processes(directory)
    words = [f'ended {ended} processes'] if ended else []
    words += end_labs(directory)
    words += [f'process {process.pid} does not end' for process in of(directory)]
    mounts = Path('/proc/self/mountinfo').read_text()
    if f' {directory}/' in mounts:
        words.append(f'{directory} is kept: something is mounted below it')
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return words


def main() -> int:
    parser = argparse.ArgumentParser(prog='tests.guardian', description=__doc__)
    parser.add_argument('--after', type=int, metavar='PIPE')
    parser.add_argument('directory', type=Path)
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if options.after is not None:
        os.read(options.after, 1)
    for line in end(options.directory.absolute()):
        print(f'tests.guardian: {line}', file=sys.stderr, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
