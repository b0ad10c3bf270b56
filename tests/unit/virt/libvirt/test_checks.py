# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import exception
from nova_lite.virt.libvirt import abi, checks
from nova_lite.virt.libvirt.checks import Storage
from nova_lite.virt.libvirt.guest import Seen

GIB = 1024 ** 3
DISKS = [{'virt_disk_size': 10 * GIB, 'disk_size': 1 * GIB},
         {'virt_disk_size': 2 * GIB, 'disk_size': 1 * GIB}]
LOCAL, SHARED = exception.InvalidLocalStorage, exception.InvalidSharedStorage
OUTGOING = {'type': abi.Job.UNBOUNDED, 'operation': abi.Operation.MIGRATION_OUT}


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
        assert checks.decide_storage(requested, shared_path, has_disks, '/i/u') == result
        return
    with pytest.raises(result, match='/i/u'):
        checks.decide_storage(requested, shared_path, has_disks, '/i/u')


@pytest.mark.parametrize(('over_commit', 'available_mb', 'fits'), [
    (None, 12 * 1024, True), (None, 12 * 1024 - 1, False), (False, 12 * 1024 - 1, False),
    (True, 2 * 1024, True), (True, 2 * 1024 - 1, False), (None, None, False), (True, -5, False)])
def test_space_when_disks_are_copied_then_must_be_there(over_commit, available_mb, fits):
    if fits:
        checks.check_space(DISKS, over_commit, available_mb, 'u')
        return
    with pytest.raises(exception.MigrationPreCheckError, match='Disk of instance u is too large'):
        checks.check_space(DISKS, over_commit, available_mb, 'u')


@pytest.mark.parametrize(('result', 'ok'), [(-1, False), (0, False), (1, True), (2, True)])
def test_cpu_when_compared_then_destination_must_offer_as_much(result, ok):
    if ok:
        checks.check_cpu(result, 'EPYC of host a', 'b')
        return
    with pytest.raises(exception.MigrationPreCheckError, match='Unacceptable CPU info.*host b'):
        checks.check_cpu(result, 'EPYC of host a', 'b')


@pytest.mark.parametrize(('seen', 'words'), [
    (None, 'does not run on host a: it is not defined'),
    (Seen(abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN), 'does not run on host a: it shut itself down'),
    (Seen(abi.State.SHUTOFF, abi.Shutoff.SAVED), 'saved to disk'),
    (Seen(abi.State.RUNNING, 1, job=OUTGOING), 'on the move already'),
    (Seen(abi.State.PAUSED, abi.Paused.POSTCOPY), 'on the move already'),
    (Seen(abi.State.PAUSED, abi.Paused.MIGRATION, persistent=False), 'on the move already')])
def test_guest_when_it_cannot_move_then_reason_is_told(seen, words):
    with pytest.raises(exception.MigrationPreCheckError, match=words):
        checks.check_movable(seen, 'u', 'a')


@pytest.mark.parametrize('seen', [
    Seen(abi.State.RUNNING, 1), Seen(abi.State.PAUSED, abi.Paused.USER),
    Seen(abi.State.RUNNING, 1, job={'type': abi.Job.UNBOUNDED, 'operation': 2})])
def test_guest_when_it_runs_or_is_paused_then_can_move(seen):
    checks.check_movable(seen, 'u', 'a')


def test_destination_when_it_has_the_guest_then_refused_with_the_remedy():
    checks.check_absent(None, 'u', 'b')
    with pytest.raises(exception.MigrationPreCheckError, match='virsh undefine u'):
        checks.check_absent(Seen(abi.State.SHUTOFF, abi.Shutoff.MIGRATED), 'u', 'b')
