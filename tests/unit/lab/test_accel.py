# SPDX-License-Identifier: Apache-2.0
"""A machine whose /dev/kvm opens and then hangs must not hang the lab."""
from pathlib import Path
import time

import pytest

from nova_lite.lab import accel


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that stands where QEMU is looked for."""
    program = tmp_path / 'qemu-system-x86_64'
    monkeypatch.setenv('PATH', str(tmp_path))
    return program


def write(program: Path, line: str) -> None:
    program.write_text(f'#!/bin/sh\n{line}\n')
    program.chmod(0o755)


def test_runs_when_the_guest_never_gets_anywhere_says_no_in_time(emulator):
    write(emulator, 'exec /bin/sleep 60')
    start = time.monotonic()
    assert not accel.runs('kvm', timeout=0.2)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize('code, ran', [(33, True), (0, False), (1, False), (35, False)])
def test_runs_when_the_emulator_ends_believes_the_guests_word_only(emulator, code, ran):
    write(emulator, f'exit {code}')
    assert accel.runs('kvm', timeout=20) is ran


def test_boot_sector_when_loaded_is_one():
    assert len(accel.BOOT_SECTOR) == 512
    assert accel.BOOT_SECTOR.endswith(b'\x55\xaa')
