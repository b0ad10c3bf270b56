# SPDX-License-Identifier: Apache-2.0
"""Programs of the lab: their failures are one line each, and none runs for ever."""
import pytest

from nova_lite.lab.command import LabError, run, shown


def test_run_when_the_program_fails_gives_its_last_line():
    with pytest.raises(LabError, match=r'^sh -c .* failed \(3\): the reason$'):
        run('sh', '-c', 'echo noise >&2; echo the reason >&2; exit 3')


def test_run_when_failure_is_allowed_returns_it():
    assert run('false', check=False).returncode == 1


def test_run_when_the_program_is_missing_names_it():
    with pytest.raises(LabError, match='no-such-program is not installed'):
        run('no-such-program')


def test_run_when_it_takes_too_long_ends_it():
    with pytest.raises(LabError, match='did not end within 0.1 s'):
        run('sleep', '30', timeout=0.1)


def test_shown_when_the_command_is_long_is_cut():
    assert len(shown(['x' * 500])) == 160
