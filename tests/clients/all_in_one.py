# SPDX-License-Identifier: Apache-2.0
"""nova-lite-all-in-one as the process that clients talk to."""
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from nova_lite.lab import config

START_TIMEOUT = 90
HOSTS = ('compute1', 'compute2', 'compute3')
# A tenth of the time of a real link of 100 MiB/s, so that a guest of 128 MiB moves in a blink;
# one that writes faster than the link never arrives, and nobody gives it up.
SPEED = {'simulation': {'bandwidth': 100},
         'libvirt': {'live_migration_completion_timeout': 0}}
TIME_SCALE = 0.1
RESTLESS = {'sim:dirty_rate': '1000', 'sim:working_set': '512'}    # with 512 MiB or more


class AllInOne:
    """A context manager; ``options`` (by section) come on top of what it writes itself."""

    def __init__(self, directory: Path, options: dict[str, dict[str, Any]] | None = None) -> None:
        self._state, self._log = directory / 'state', directory / 'all-in-one.log'
        self._config = directory / 'more.conf'
        self._config.write_text(config.render({**SPEED, **(options or {})}))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> 'AllInOne':
        with open(self._log, 'wb') as log:
            self._process = subprocess.Popen(
                [sys.executable, '-W', 'ignore', '-m', 'nova_lite.cmd.all_in_one', '--port', '0',
                 '--hosts', str(len(HOSTS)), '--time-scale', str(TIME_SCALE),
                 '--state-dir', str(self._state), '--config-file', str(self._config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        exports = self._state / 'exports'
        deadline = time.monotonic() + START_TIMEOUT
        while not exports.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'nova-lite-all-in-one does not start: {self.log[-3000:]}')
            time.sleep(0.1)     # the file is all it has to tell us by
        self.exports = dict(word.partition('=')[::2]
                            for word in shlex.split(exports.read_text()) if '=' in word)
        return self

    def __exit__(self, *error: Any) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=20)

    @property
    def address(self) -> str:
        """Without a path: http://127.0.0.1:PORT."""
        return self.exports['OS_ENDPOINT'].removesuffix('/v2.1')

    @property
    def log(self) -> str:
        return self._log.read_text(errors='replace')
