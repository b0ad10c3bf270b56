# SPDX-License-Identifier: Apache-2.0
import json
import os
import uuid

import pytest

from nova_lite import exception
from nova_lite.virt import images

ID = 'f3a1c0de-0000-4000-8000-0000000000aa'
GOOD = {'id': ID, 'name': 'tick', 'kernel': 'vmlinuz', 'initrd': 'initrd.img',
        'cmdline': 'console=ttyS0', 'disk': None}


@pytest.fixture
def directory(options, tmp_path):
    path = tmp_path / 'images'
    path.mkdir()
    for name, size in (('vmlinuz', 10), ('initrd.img', 5), ('disk.raw', 1000)):
        (path / name).write_bytes(b'x' * size)
    options.set('images', path=str(path))
    return path


def write(directory, file='a.json', **values):
    (directory / file).write_text(json.dumps({**GOOD, **values}))


def test_image_when_described_then_all_keys_are_there(directory):
    write(directory, disk='disk.raw', disk_format='raw', min_ram=128, properties={'os': 'linux'})
    image = images.get_image(ID)
    assert image.pop('created_at').endswith('Z')
    assert image == {
        'id': ID, 'name': 'tick', 'kernel': 'vmlinuz', 'initrd': 'initrd.img',
        'cmdline': 'console=ttyS0', 'disk': 'disk.raw', 'disk_format': 'raw', 'min_ram': 128,
        'min_disk': 0, 'properties': {'os': 'linux'}, 'size': 1015, 'status': 'active'}
    assert json.loads(json.dumps(image)) == image


def test_images_when_listed_then_come_by_name(directory):
    for name in 'cab':
        write(directory, f'{name}.json', id=str(uuid.uuid4()), name=name)
    assert [image['name'] for image in images.list_images()] == ['a', 'b', 'c']


def test_image_when_asked_for_by_name_then_is_found(directory):
    write(directory)
    assert images.get_image('tick')['id'] == ID
    with pytest.raises(exception.ImageNotFound, match='tock'):
        images.get_image('tock')


def test_image_when_its_name_is_taken_twice_then_id_is_needed(directory):
    write(directory)
    write(directory, 'b.json', id=str(uuid.uuid4()))
    with pytest.raises(exception.Invalid, match='2 images are named tick'):
        images.get_image('tick')
    assert images.get_image(ID)['name'] == 'tick'


def test_image_when_changed_then_is_read_anew(directory):
    write(directory)
    assert images.get_image(ID)['min_ram'] == 0
    write(directory, min_ram=64)
    assert images.get_image(ID)['min_ram'] == 64
    (directory / 'a.json').unlink()
    assert images.list_images() == []


def test_image_when_changed_by_its_reader_then_is_not_changed_for_others(directory):
    write(directory)
    images.get_image(ID)['name'] = 'other'
    assert images.get_image(ID)['name'] == 'tick'


@pytest.mark.parametrize('values', [
    {'id': 'x'}, {'id': None}, {'name': ''}, {'name': 5}, {'kernel': None}, {'kernel': 'missing'},
    {'kernel': '../vmlinuz'}, {'kernel': '/boot/vmlinuz'}, {'kernel': 'a/b'}, {'kernel': '.hid'},
    {'kernel': 7}, {'kernel': 'v\n'}, {'disk': 'disk.raw'},
    {'disk': 'disk.raw', 'disk_format': 'vmdk'},
    {'cmdline': ['a']}, {'min_ram': -1}, {'min_ram': '5'}, {'min_disk': True},
    {'properties': [1]}, {'kernel': None, 'disk': 'disk.raw', 'disk_format': 'raw'}])
def test_image_when_descriptor_is_wrong_then_others_are_still_listed(directory, values):
    write(directory, **values)
    write(directory, 'b.json', id=str(uuid.uuid4()), name='good')
    assert [image['name'] for image in images.list_images()] == ['good']


@pytest.mark.parametrize('text', ['', '[]', '{', '"x"', 'x' * 70000, '\udc80'])
def test_image_when_descriptor_is_no_json_then_is_left_out(directory, text):
    (directory / 'a.json').write_bytes(text.encode('utf-8', 'surrogateescape'))
    assert images.list_images() == []


def test_images_when_directory_is_missing_then_there_are_none(options, tmp_path):
    options.set('images', path=str(tmp_path / 'no'))
    assert images.list_images() == []
    with pytest.raises(exception.ImageNotFound):
        images.get_image('tick')


def test_path_when_file_is_there_then_is_in_the_directory(directory):
    assert images.path_of('vmlinuz') == f'{directory}/vmlinuz'


@pytest.mark.parametrize('name', ['', None, '..', '.', '../x', '/etc/passwd', 'a/../vmlinuz',
                                  'a\0b'])
def test_path_when_name_could_lead_out_then_refused(directory, name):
    with pytest.raises(exception.Invalid):
        images.path_of(name)


def test_path_when_a_link_leads_out_then_refused(directory):
    os.symlink('/etc/hostname', directory / 'link')
    with pytest.raises(exception.Invalid, match='leads out'):
        images.path_of('link')


def test_path_when_file_is_missing_then_not_found(directory):
    with pytest.raises(exception.ImageNotFound, match='gone'):
        images.path_of('gone')
