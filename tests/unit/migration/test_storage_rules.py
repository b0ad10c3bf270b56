# SPDX-License-Identifier: Apache-2.0
"""Whether disks are copied: every combination of what is asked for and what the hosts share."""
import pytest

from nova_lite import exception
from nova_lite.migration import storage_rules
from nova_lite.migration.storage_rules import Storage

GIB = 1024 ** 3
DISKS = [{'virt_disk_size': 10 * GIB, 'disk_size': 1 * GIB},
         {'virt_disk_size': 2 * GIB, 'disk_size': 1 * GIB}]
LOCAL, SHARED = exception.InvalidLocalStorage, exception.InvalidSharedStorage


@pytest.mark.parametrize(('requested', 'shared_path', 'has_disks', 'result'), [
    (None, True, True, Storage(False, True)),
    (None, True, False, Storage(False, True)),
    (None, False, True, Storage(True, False)),
    (None, False, False, Storage(False, True)),
    (True, True, True, LOCAL),
    (True, True, False, LOCAL),
    (True, False, True, Storage(True, False)),
    (True, False, False, Storage(True, True)),
    (False, True, True, Storage(False, True)),
    (False, True, False, Storage(False, True)),
    (False, False, True, SHARED),
    (False, False, False, Storage(False, True)),
])
def test_storage_when_asked_then_each_case_is_decided(requested, shared_path, has_disks, result):
    if isinstance(result, Storage):
        assert storage_rules.decide_storage(requested, shared_path, has_disks, '/i/u') == result
        return
    with pytest.raises(result, match='/i/u'):
        storage_rules.decide_storage(requested, shared_path, has_disks, '/i/u')


@pytest.mark.parametrize(('over_commit', 'available_mb', 'fits'), [
    (None, 12 * 1024, True), (None, 12 * 1024 - 1, False), (False, 12 * 1024 - 1, False),
    (True, 2 * 1024, True), (True, 2 * 1024 - 1, False), (None, None, False), (True, -5, False)])
def test_space_when_disks_are_copied_then_must_be_there(over_commit, available_mb, fits):
    if fits:
        storage_rules.check_space(DISKS, over_commit, available_mb, 'u')
        return
    with pytest.raises(exception.MigrationPreCheckError, match='Disk of instance u is too large'):
        storage_rules.check_space(DISKS, over_commit, available_mb, 'u')
