# SPDX-License-Identifier: Apache-2.0
import errno
import os
import subprocess

import pytest

from nova_lite import exception
from nova_lite.virt import images
from nova_lite.virt.libvirt import storage as storage_module
from nova_lite.virt.libvirt.storage import Storage
from tests.unit.virt.libvirt.conftest import UUID, qcow2_header

STORAGE = Storage()

MIB = 1024 ** 2


def files(places):
    return sorted(os.listdir(places.instances / UUID))


# -- disks ----------------------------------------------------------------------------------------
def test_disk_when_made_on_a_base_then_says_so(places, qemu_img):
    path, base = str(places.instances / 'd'), str(places.images / 'base.raw')
    STORAGE.create_disk(path, 'qcow2', 64 * MIB, base, 'raw')
    facts = STORAGE.read_disk(path)
    assert (facts.virtual_size, facts.format, facts.backing_file) == (64 * MIB, 'qcow2', base)
    assert 0 < facts.allocated < MIB


def test_disk_when_raw_then_size_is_the_files(places):
    facts = STORAGE.read_disk(str(places.images / 'base.raw'))
    assert (facts.virtual_size, facts.format, facts.backing_file) == (2 * MIB, 'raw', '')


@pytest.mark.parametrize(('incompatible', 'external'), [(0, False), (4, True), (1, False)])
def test_disk_when_header_is_read_then_says_where_the_data_is(places, incompatible, external):
    path = places.instances / 'd'
    path.write_bytes(qcow2_header(MIB, b'/base', incompatible))
    assert STORAGE.read_disk(str(path))._replace(allocated=0) == (
        MIB, 0, 'qcow2', '/base', external)


def test_disk_when_its_data_is_elsewhere_then_is_told(places, qemu_img):
    path = str(places.instances / 'd')
    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-o',
                    f'data_file={places.instances}/data', path, '1M'], check=True)
    assert STORAGE.read_disk(path).external


def test_disk_when_base_is_missing_then_error_has_the_words(places, qemu_img):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        STORAGE.create_disk(str(places.instances / 'd'), 'qcow2', MIB, '/no/base', 'raw')
    assert '/no/base' in caught.value.stderr


@pytest.mark.parametrize(('image', 'root_gb', 'ephemeral_gb', 'sizes'), [
    (None, 0, 0, []), (None, 1, 0, [1024]), (None, 0, 2, [2048]), ('raw', 0, 0, [2]),
    ('raw', 1, 0, [1024]), ('qcow2', 0, 1, [4, 1024])])
def test_disks_when_made_for_a_guest_then_are_those_of_flavor_and_image(
        places, qemu_img, instance, image, root_gb, ephemeral_gb, sizes):
    instance.root_gb, instance.ephemeral_gb = root_gb, ephemeral_gb
    STORAGE.make_directory(UUID)
    made = STORAGE.make_disks(instance, images.get_image(image) if image else {})
    assert [STORAGE.read_disk(disk.path).virtual_size // MIB for disk in made] == sizes
    assert STORAGE.existing_disks(instance) == made
    assert len(STORAGE.recorded_bases(UUID)) == (1 if image else 0)


@pytest.mark.parametrize(('change', 'words'), [
    ({'disk': 'big.raw', 'disk_format': 'raw'}, 'larger than the flavor'),
    ({'disk': 'base.raw', 'disk_format': 'qcow2'}, 'is not qcow2'),
    ({'disk': 'chained.qcow2', 'disk_format': 'qcow2'}, 'refers to another file'),
    ({'disk': '../secret', 'disk_format': 'raw'}, 'not the name of a file')])
def test_disks_when_image_is_wrong_then_refused(places, instance, change, words):
    """A disk that refers to another file would let its guest read the host's files."""
    with open(places.images / 'big.raw', 'wb') as stream:
        stream.truncate(2 << 30)
    (places.images / 'chained.qcow2').write_bytes(qcow2_header(MIB, b'/etc/shadow'))
    instance.root_gb = 1
    STORAGE.make_directory(UUID)
    with pytest.raises(exception.Invalid, match=words):
        STORAGE.make_disks(instance, {'name': 'x', **change})


def test_disk_path_when_not_of_the_guest_here_then_refused(places):
    own = f'{places.instances}/{UUID}/disk'
    assert STORAGE.own_disk_path(UUID, own) == own
    for path in ('/etc/passwd', f'{places.instances}/{UUID}/../x/disk', '/other/disk'):
        with pytest.raises(exception.MigrationPreCheckError, match='instances_path'):
            STORAGE.own_disk_path(UUID, path)


def test_directory_when_uuid_is_none_then_refused(places):
    with pytest.raises(ValueError):
        STORAGE.instance_dir('../../etc')


def test_direct_io_when_tried_then_leaves_nothing(places):
    assert STORAGE.supports_direct_io(str(places.instances)) in (True, False)
    assert os.listdir(places.instances) == []


# -- directories ----------------------------------------------------------------------------------
def test_directory_when_made_for_a_migration_then_is_marked_until_arrival(places):
    STORAGE.make_directory(UUID, 'm1')
    assert files(places) == ['.incoming', 'console.log']
    assert STORAGE.read_marker(UUID) == 'm1'
    for _ in range(2):
        STORAGE.remove_marker(UUID)
        assert STORAGE.read_marker(UUID) is None
    assert files(places) == ['console.log']


def test_directory_when_same_migration_comes_again_then_is_used_again(places):
    STORAGE.make_directory(UUID, 'm1')
    (places.instances / UUID / 'disk').write_text('half')
    STORAGE.make_directory(UUID, 'm1')
    assert STORAGE.read_marker(UUID) == 'm1'


def test_directory_when_empty_then_is_used(places):
    """A crash between making it and marking it."""
    (places.instances / UUID).mkdir()
    STORAGE.make_directory(UUID, 'm1')
    assert STORAGE.read_marker(UUID) == 'm1'


@pytest.mark.parametrize('marker', ['m2', None])
def test_directory_when_it_holds_anothers_files_then_refused(places, marker):
    STORAGE.make_directory(UUID, marker)
    with pytest.raises(exception.DestinationDiskExists, match=UUID):
        STORAGE.make_directory(UUID, 'm1')
    assert STORAGE.read_marker(UUID) == marker


def test_directory_when_removed_twice_then_is_gone(places):
    STORAGE.make_directory(UUID)
    for _ in range(2):
        STORAGE.remove_directory(UUID)
        assert os.listdir(places.instances) == []


def test_console_when_directory_is_made_again_then_is_kept(places):
    STORAGE.make_directory(UUID, 'm1')
    (places.instances / UUID / 'console.log').write_text('tick')
    STORAGE.make_directory(UUID, 'm1')
    assert (places.instances / UUID / 'console.log').read_text() == 'tick'


def test_directory_when_marker_cannot_be_written_then_nothing_is_left(places, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(storage_module, 'open', full, raising=False)
    with pytest.raises(OSError, match='No space left'):
        STORAGE.make_directory(UUID, 'm1')
    assert os.listdir(places.instances) == []


def test_incoming_when_a_guest_has_not_arrived_then_it_and_its_migration_are_named(places):
    STORAGE.make_directory(UUID, 'm1')
    STORAGE.make_directory('11111111-2222-4333-8444-555555555555')
    (places.instances / 'lost+found').mkdir()
    assert STORAGE.list_incoming() == [(UUID, 'm1')]
    STORAGE.remove_marker(UUID)
    assert STORAGE.list_incoming() == []
