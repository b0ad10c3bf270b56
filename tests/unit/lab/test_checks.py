# SPDX-License-Identifier: Apache-2.0
"""A machine that cannot run the lab is told so in one line, with the remedy."""
import pytest

from nova_lite.lab import checks
from nova_lite.lab.command import LabError


def refusal(check, *arguments) -> str:
    with pytest.raises(LabError) as raised:
        check(*arguments)
    message = str(raised.value)
    assert '\n' not in message
    return message


@pytest.mark.parametrize('version', [(7, 2), (8, 2)])
def test_emulator_when_old_and_emulating_is_refused(version):
    assert 'QEMU 9.0 or newer' in refusal(checks.check_emulator, 'qemu', lambda: version)


@pytest.mark.parametrize('virt_type, version', [('qemu', (9, 0)), ('qemu', (10, 0)),
                                                ('kvm', (7, 2))])
def test_emulator_when_it_does_not_lose_writes_is_taken(virt_type, version):
    checks.check_emulator(virt_type, lambda: version)


def test_root_when_it_is_somebody_else_names_the_way_without(monkeypatch):
    monkeypatch.setattr(checks.os, 'geteuid', lambda: 1000)
    assert 'sudo' in refusal(checks.check_machine)


def test_programs_when_some_are_missing_names_their_packages(monkeypatch):
    monkeypatch.setattr(checks, 'PROGRAMS', {'no-such-a': 'package-a', 'sh': 'dash',
                                             'no-such-b': 'package-b'})
    monkeypatch.setattr(checks, 'FILES', {})
    assert refusal(checks._programs) == \
        'no-such-a, no-such-b missing: apt-get install package-a package-b'


def test_programs_when_a_file_is_missing_names_its_package(monkeypatch):
    monkeypatch.setattr(checks, 'PROGRAMS', {})
    monkeypatch.setattr(checks, 'FILES', {'/no/such.so': 'libnosuch'})
    assert 'apt-get install libnosuch' in refusal(checks._programs)


def test_python_when_libvirt_is_not_installed_says_how(monkeypatch):
    monkeypatch.setattr(checks.importlib.util, 'find_spec', lambda name: None)
    assert 'pip install libvirt-python' in refusal(checks._python)


def test_platform_when_it_is_another_points_to_the_embedded_one(monkeypatch):
    monkeypatch.setattr(checks.platform, 'machine', lambda: 'aarch64')
    assert 'nova-lite-all-in-one' in refusal(checks.check_machine)
