# SPDX-License-Identifier: Apache-2.0
"""Runs classes of Tempest in a process of their own and tells what became of each test.

As a program: ``runner.py CLASS...`` with the variable TEMPEST_CONFIG; one JSON object a line,
{"test", "outcome", "reason", "seconds"}. Tempest's classes are plain unittest ones.
"""
import json
import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path
from typing import Any, NamedTuple

PASSED, SKIPPED, FAILED = 'passed', 'skipped', 'failed'
PACKAGE = 'tempest.api.compute.'


class Result(NamedTuple):
    test: str       # Class.test_name; Class alone when its setUpClass did not pass
    outcome: str
    reason: str = ''
    seconds: float = 0.     # since the test before ended, with what the class needed


def run(configuration: Path, classes: list[str], timeout: float) -> list[Result]:
    """``classes`` are named below tempest.api.compute. RuntimeError when it does not end well."""
    environment = {**os.environ, 'TEMPEST_CONFIG_DIR': str(configuration.parent),
                   'TEMPEST_CONFIG': configuration.name, 'PYTHONWARNINGS': 'ignore',
                   'no_proxy': '127.0.0.1', 'NO_PROXY': '127.0.0.1'}
    results = configuration.with_name('results')
    with open(configuration.with_name('runner.log'), 'wb') as log, open(results, 'wb') as out:
        done = subprocess.run([sys.executable, __file__, *classes], env=environment, stderr=log,
                              stdout=out, stdin=subprocess.DEVNULL, timeout=timeout)
    if done.returncode:
        raise RuntimeError(f'{classes}: exit code {done.returncode}, see {log.name}')
    return [Result(**json.loads(line)) for line in results.read_text().splitlines()]


class Told(unittest.TestResult):
    """Writes each outcome as it comes; skips and errors of a whole class count once."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self._last = time.monotonic()

    def _tell(self, test: unittest.TestCase, outcome: str, reason: str = '') -> None:
        name = re.sub(r'^setUpClass \((.*)\)$', r'\1', test.id())
        name = re.sub(r'\[.*', '', name)     # Tempest's id and tags
        parts = name.split('.')
        shown = '.'.join(parts[-2:]) if parts[-1].startswith('test') else parts[-1]
        last, self._last = self._last, time.monotonic()
        print(json.dumps(Result(shown, outcome, reason, self._last - last)._asdict()),
              file=self._stream, flush=True)

    def addSuccess(self, test: Any) -> None:
        self._tell(test, PASSED)

    def addSkip(self, test: Any, reason: str) -> None:
        self._tell(test, SKIPPED, str(reason))

    def addError(self, test: Any, err: Any) -> None:
        self._tell(test, FAILED, self._exc_info_to_string(err, test)[-3000:])

    addFailure = addError


def main() -> int:
    told = sys.stdout
    sys.stdout = sys.stderr     # what the tests print is none of it
    names = [PACKAGE + name for name in sys.argv[1:]]
    unittest.defaultTestLoader.loadTestsFromNames(names).run(Told(told))
    return 0


if __name__ == '__main__':
    sys.exit(main())
