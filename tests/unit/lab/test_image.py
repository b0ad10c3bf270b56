# SPDX-License-Identifier: Apache-2.0
"""The lab's images: the archive a kernel unpacks, and what a guest is told."""
import subprocess
import uuid
from pathlib import Path

import pytest

from nova_lite.lab import image
from nova_lite.lab.command import LabError
from nova_lite.lab.image import Image


def test_cpio_when_unpacked_by_another_program_has_every_file(tmp_path: Path):
    files = {'bin/': b'', 'bin/odd': b'12345', 'init': b'#!/bin/sh\n', 'empty': b''}
    archive = tmp_path / 'archive'
    archive.write_bytes(image.cpio(files))
    out = tmp_path / 'out'
    out.mkdir()
    with archive.open('rb') as content:
        subprocess.run(['busybox', 'cpio', '-idm'], stdin=content, cwd=out, check=True,
                       capture_output=True, timeout=20)
    assert (out / 'bin').is_dir()
    assert {name: (out / name).read_bytes() for name in files if not name.endswith('/')} == {
        name: content for name, content in files.items() if not name.endswith('/')}
    assert (out / 'init').stat().st_mode & 0o777 == 0o755


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with one kernel, whose b needs a, and whose c needs b."""
    modules = tmp_path / 'modules' / '6.1.0-9-cloud-amd64'
    modules.mkdir(parents=True)
    (modules / 'modules.dep').write_text('a.ko:\nk/b.ko: a.ko\nc.ko: k/b.ko a.ko\n')
    (modules / 'k').mkdir()
    for name in ('a.ko', 'k/b.ko', 'c.ko'):
        (modules / name).write_bytes(name.encode())
    boot = tmp_path / 'boot'
    boot.mkdir()
    (boot / f'vmlinuz-{modules.name}').touch()
    monkeypatch.setattr(image, 'MODULES', modules.parent)
    monkeypatch.setattr(image, 'BOOT', boot)
    return boot


def test_modules_when_one_needs_others_come_after_them(kernel):
    files = image.modules('6.1.0-9-cloud-amd64', 'm', ('b', 'c', 'built_in'))
    assert files == {'m/00-a.ko': b'a.ko', 'm/01-b.ko': b'k/b.ko', 'm/02-c.ko': b'c.ko'}


def test_kernel_release_when_there_are_several_is_the_newest_with_modules(kernel):
    for release in ('6.1.0-10-cloud-amd64', '6.1.0-11-cloud-amd64'):
        (kernel / f'vmlinuz-{release}').touch()
    (image.MODULES / '6.1.0-10-cloud-amd64').mkdir()
    assert image.kernel_release() == '6.1.0-10-cloud-amd64'


def test_kernel_release_when_there_is_none_names_the_package(kernel):
    for file in kernel.iterdir():
        file.unlink()
    with pytest.raises(LabError, match='apt-get install linux-image-cloud-amd64'):
        image.kernel_release()


def test_descriptor_when_image_has_a_disk_says_so_to_the_guest():
    plain, disk = Image('a', dirty=3, rate=4).descriptor(), Image('b', disk=8).descriptor()
    assert 'tick.dirty=3 tick.rate=4' in plain['cmdline']
    assert 'tick.disk' not in plain['cmdline'] and plain['disk'] is None
    assert 'tick.disk=8' in disk['cmdline'] and disk['disk'] == 'disk.raw'
    assert uuid.UUID(plain['id']) != uuid.UUID(disk['id'])


def test_images_when_listed_have_names_of_their_own():
    names = [each.name for each in image.IMAGES]
    assert {'tick', 'tick-disk'} <= set(names)
    assert len(set(names)) == len(names)


def test_base_blocks_when_read_have_the_text_that_the_guest_expects():
    blocks = image.base_blocks()
    assert len(blocks) == image.BASE_BLOCKS * 4096
    assert blocks[5 * 4096:].startswith(b'nova-lite base 00000005\nnova-lite base 00000005\n')
