# SPDX-License-Identifier: Apache-2.0
"""A machine whose /dev/kvm opens and then hangs must not hang the lab."""
from pathlib import Path

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
    write(emulator, 'exec /bin/sleep infinity')
    assert not accel.runs('kvm', timeout=0.2)


@pytest.mark.parametrize('code, ran', [(33, True), (0, False), (1, False), (35, False)])
def test_runs_when_the_emulator_ends_believes_the_guests_word_only(emulator, code, ran):
    write(emulator, f'exit {code}')
    assert accel.runs('kvm', timeout=20) is ran


def test_boots_when_the_kernel_never_comes_up_says_no(emulator):
    write(emulator, 'exec /bin/sleep 60')
    assert not accel.boots('kvm', Path('vmlinuz'), timeout=0.2)


@pytest.mark.parametrize('code, came_up', [(0, True), (1, False), (33, False)])
def test_boots_when_the_emulator_ends_then_a_reboot_alone_is_a_yes(emulator, code, came_up):
    write(emulator, f'exit {code}')
    assert accel.boots('kvm', Path('vmlinuz'), timeout=20) is came_up


@pytest.mark.parametrize('ran, booted, said', [
    (True, True, 'kvm'), (True, False, 'qemu'), (False, True, 'qemu')])
def test_virt_type_when_a_kernel_does_not_come_up_then_kvm_is_not_used(
        monkeypatch, ran, booted, said):
    monkeypatch.setattr(accel.os.path, 'exists', lambda path: True)
    monkeypatch.setattr(accel, 'kernel_release', lambda: '6')
    monkeypatch.setattr(accel, 'runs', lambda *arguments: ran)
    monkeypatch.setattr(accel, 'boots', lambda *arguments: booted)
    assert accel.virt_type() == said


def test_boot_sector_when_loaded_is_one():
    assert len(accel.BOOT_SECTOR) == 512
    assert accel.BOOT_SECTOR.endswith(b'\x55\xaa')
