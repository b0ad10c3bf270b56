# SPDX-License-Identifier: Apache-2.0
"""Which disks a block migration copies, with a guest that has one of each kind."""
import os
import xml.etree.ElementTree as ET

import pytest

from nova_lite.lab.command import run
from tests.lab.control import assert_settled, assert_unharmed, record
from tests.lab.hypervisors import replaced

SIZE = 32 << 20         # bytes; of its own disk the guest writes a quarter of this


@pytest.fixture
def shareable(lab):
    """A disk on the directory that all hosts share, as they find it, and its file."""
    file = lab.state.shared / 'both.raw'
    file.write_bytes(os.urandom(SIZE))
    yield lab.topology.host('compute1').common / 'shared' / file.name, file
    file.unlink()


def virsh(lab, host, *words):
    return run('virsh', '-c', lab.topology.host(host).libvirt_uri, *words, timeout=30).stdout


def attach(lab, server, target, path, mode):
    virsh(lab, 'compute1', 'attach-disk', server.id, path, target, '--mode', mode, '--live',
          '--config', '--driver', 'qemu', '--subdriver', 'raw', '--cache', 'none')


def disks(lab, server, host):
    domain = ET.fromstring(virsh(lab, host, 'dumpxml', server.id))
    return {disk.find('target').get('dev'): disk.find('source').get('file')
            for disk in domain.iterfind('devices/disk')}


def test_block_migration_when_disks_are_read_only_or_shareable_then_they_are_left_alone(
        lab, boot, shareable):
    path, file = shareable
    server = boot('tick-disk', 'tick.disk', host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        attach(lab, server, 'vdb', lab.state.images / 'disk.raw', 'readonly')
        attach(lab, server, 'vdc', path, 'shareable')
        before, content = disks(lab, server, 'compute1'), file.stat()
        assert sorted(before) == ['vda', 'vdb', 'vdc']
        server.live_migrate('compute2')
        assert server.wait_migrated()[0]['status'] == 'completed', record(server)
        assert_unharmed(server, watch)
    assert disks(lab, server, 'compute2') == before
    assert (file.stat().st_ino, file.stat().st_mtime) == (content.st_ino, content.st_mtime)
    copied = record(server)['receipt']['copy']
    # what the guest wrote on its own disk, and no byte of another one
    assert 0 < copied['disk_total'] == copied['disk_processed'] < SIZE // 2, copied
    assert_settled(server, 'compute2')


def test_copy_of_disks_when_the_image_was_replaced_then_refused_and_the_disk_is_untouched(
        lab, boot):
    """The guest stands on the file that QEMU has open, not on the one that has its name now."""
    server = boot('tick-disk', 'tick.disk', host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        before = disks(lab, server, 'compute1')
        with replaced(lab.state.images / 'disk.raw'):
            server.live_migrate('compute2')
            migration, _ = server.wait_migrated()
            kept = record(server)
            assert migration['status'] in ('failed', 'error'), kept
            assert 'disk.raw' in kept['reason'] and 'blockpull' in kept['reason'], kept
            assert disks(lab, server, 'compute1') == before
        server.live_migrate('compute2')
        assert server.wait_migrated()[0]['status'] == 'completed', record(server)
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')
