# SPDX-License-Identifier: Apache-2.0
import os
import time

import pytest

from nova_lite import exception
from nova_lite.virt.libvirt import probe
from nova_lite.virt.libvirt.storage import Storage

STORAGE = Storage()


def test_probe_when_directory_is_the_same_then_is_seen(places):
    name = probe.leave(STORAGE)
    assert probe.is_seen(STORAGE, name)
    for _ in range(2):
        probe.remove(STORAGE, name)
        assert not probe.is_seen(STORAGE, name)
    assert os.listdir(places.instances) == []


def test_probe_when_directory_is_another_then_is_not_seen(places, options, tmp_path):
    name = probe.leave(STORAGE)
    (tmp_path / 'other').mkdir()
    options.set(instances_path=str(tmp_path / 'other'))
    assert not probe.is_seen(STORAGE, name)


def test_probe_when_made_twice_then_names_differ(places):
    assert probe.leave(STORAGE) != probe.leave(STORAGE)


@pytest.mark.parametrize('name', ['', None, '../x', '/etc/passwd', '.probe-', '.probe-zz',
                                  '.probe-' + 'a' * 32 + '/../x'])
def test_probe_when_name_is_foreign_then_is_neither_looked_at_nor_removed(places, name):
    with pytest.raises(exception.MigrationPreCheckError):
        probe.is_seen(STORAGE, name)
    probe.remove(STORAGE, name)


def test_probe_when_left_by_a_crash_long_ago_then_is_removed_at_start(places):
    old, new, other = probe.leave(STORAGE), probe.leave(STORAGE), places.instances / 'precious'
    other.write_text('x')
    for path in (places.instances / old, other):
        os.utime(path, (time.time() - 2 * probe.STALE,) * 2)
    probe.remove_stale(STORAGE)
    assert sorted(os.listdir(places.instances)) == sorted([new, 'precious'])
