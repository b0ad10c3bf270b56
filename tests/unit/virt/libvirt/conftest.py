# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the libvirt driver's tests, none of which needs libvirt."""
import json
import shutil
import struct
import types
import uuid

import pytest

from nova_lite.virt.libvirt.storage import Storage

STORAGE = Storage()


UUID = 'f3a1c0de-0000-4000-8000-000000000001'


def qcow2_header(size, backing=b'', incompatible=0):
    """The start of a qcow2 file of version 3, which is all that the driver reads of one."""
    header = struct.pack('>4sIQIIQ', b'QFI\xfb', 3, 104 if backing else 0, len(backing), 16, size)
    return header.ljust(72, b'\0') + struct.pack('>Q', incompatible).ljust(32, b'\0') + backing


@pytest.fixture
def places(options, tmp_path):
    """instances_path and an image directory with one raw image of 2 MiB and one qcow2."""
    instances, images = tmp_path / 'instances', tmp_path / 'images'
    instances.mkdir()
    images.mkdir()
    (images / 'base.raw').write_bytes(b'\0' * (2 << 20))
    (images / 'base.qcow2').write_bytes(qcow2_header(4 << 20).ljust(1 << 16, b'\0'))
    for name in ('vmlinuz', 'initrd'):
        (images / name).write_bytes(b'boot')
    for name, fmt in (('raw', 'raw'), ('qcow2', 'qcow2')):
        (images / f'{name}.json').write_text(json.dumps(
            {'id': str(uuid.uuid5(uuid.NAMESPACE_OID, name)), 'name': name,
             'kernel': 'vmlinuz', 'initrd': 'initrd', 'cmdline': 'console=ttyS0',
             'disk': f'base.{fmt}', 'disk_format': fmt}))
    options.set(instances_path=str(instances), host='here')
    options.set('images', path=str(images))
    options.set('libvirt', virt_type='qemu')
    return types.SimpleNamespace(instances=instances, images=images)


@pytest.fixture
def qemu_img(places):
    """For a test that makes real disks; the qcow2 image is a real one then."""
    if shutil.which('qemu-img') is None:
        pytest.skip('qemu-img is missing: apt-get install qemu-utils')
    STORAGE.create_disk(str(places.images / 'base.qcow2'), 'qcow2', 4 << 20)


@pytest.fixture
def instance():
    return types.SimpleNamespace(
        id=26, name='instance-0000001a', uuid=UUID, display_name='web', generation=3,
        metadata={}, memory_mb=192, vcpus=2, root_gb=0, ephemeral_gb=0, image_meta={},
        vm_state='active')
