# SPDX-License-Identifier: Apache-2.0
"""The destination: room made, arrival proved, leftovers removed, nothing else touched."""
import hashlib
import json
import os
import types

import pytest

from nova_lite import exception, objects
from nova_lite.migration import power_state
from nova_lite.virt.libvirt import abi, arrival, resources
from nova_lite.virt.libvirt.guest import Seen
from nova_lite.virt.libvirt.storage import Storage
from tests.unit.virt.libvirt.conftest import UUID
from tests.unit.virt.libvirt.played import OFF, RUNNING, DomainGuest

STORAGE = Storage()

MIGRATION = 'f3a1c0de-0000-4000-8000-00000000000a'
OTHER = 'f3a1c0de-0000-4000-8000-00000000000b'
HALF = Seen(abi.State.PAUSED, abi.Paused.MIGRATION, persistent=False)
IN_POSTCOPY = Seen(abi.State.RUNNING, abi.Running.POSTCOPY)


@pytest.fixture
def guest():
    guest = DomainGuest(UUID)
    yield guest
    guest.courier.stop()


ZEROS = hashlib.sha256(bytes(2 << 20)).hexdigest()     # of base.raw


def data(shared=False, block=False, migration=MIGRATION):
    return objects.LibvirtLiveMigrateData(
        is_shared_instance_path=shared, is_shared_block_storage=shared or not block,
        block_migration=block, migration=migration)


def prepared(migrate_data):
    migrate_data.prepared = True
    return migrate_data


def disk_of(places, **values):
    return {'path': f'{places.instances}/{UUID}/disk', 'type': 'qcow2',
            'virt_disk_size': 64 << 20, 'disk_size': 1 << 20, 'backing_file': 'base.raw',
            'backing_format': 'raw', 'backing_digest': ZEROS, **values}


def files(places):
    path = places.instances / UUID
    return sorted(os.listdir(path)) if path.exists() else None


# -- check ----------------------------------------------------------------------------------------
@pytest.fixture
def host(monkeypatch, places):
    monkeypatch.setattr(resources, 'hostname', lambda host: 'node-1')
    monkeypatch.setattr(resources, 'libvirt_version', lambda host: 11_003_000)
    host = types.SimpleNamespace(compared=[], result=1)

    def compare(_host, xml, virt_type):
        host.compared.append(xml)
        return host.result

    monkeypatch.setattr(resources, 'compare_cpu', compare)
    return host


NODE = types.SimpleNamespace(host='src', cpu_info=json.dumps({'model': 'EPYC', 'features': []}))


def test_check_when_guest_can_come_then_leaves_a_probe(places, host, guest, instance):
    found = arrival.check(host, guest, None, instance, NODE, None, True)
    assert os.path.exists(places.instances / found.filename)
    assert (found.dest_host, found.dest_node) == ('here', 'node-1')
    assert (found.block_migration, found.disk_over_commit) == (None, True)
    assert found.disk_available_mb > 0
    assert found.instance_relative_path == UUID


def test_check_when_kernel_is_missing_here_then_refused_before_a_probe_is_left(
        places, host, guest, instance):
    instance.image_meta = {'kernel': 'gone', 'initrd': None}
    with pytest.raises(exception.MigrationPreCheckError, match='gone'):
        arrival.check(host, guest, None, instance, NODE, None, None)
    assert os.listdir(places.instances) == []


@pytest.mark.parametrize('seen', [RUNNING, OFF, HALF])
def test_check_when_guest_is_here_already_then_refused(host, guest, instance, seen):
    guest.seen = seen
    with pytest.raises(exception.MigrationPreCheckError, match='already has a guest'):
        arrival.check(host, guest, None, instance, NODE, None, None)


@pytest.mark.parametrize(('mode', 'skip', 'asked'), [
    ('host-model', False, 1), ('host-model', True, 0), ('none', False, 0), ('maximum', False, 0)])
def test_check_when_guests_take_the_hosts_cpu_then_is_compared(
        options, host, guest, instance, mode, skip, asked):
    options.set('libvirt', cpu_mode=mode)
    options.set('workarounds', skip_cpu_compare_on_dest=skip)
    arrival.check(host, guest, None, instance, NODE, None, None)
    assert len(host.compared) == asked


@pytest.mark.parametrize(('result', 'refused'), [(0, True), (2, False), (None, False)])
def test_check_when_cpu_was_compared_then_result_counts(options, host, guest, instance, result,
                                                        refused):
    options.set('libvirt', cpu_mode='host-model')
    host.result = result
    if not refused:
        arrival.check(host, guest, None, instance, NODE, None, None)
        return
    with pytest.raises(exception.MigrationPreCheckError, match='EPYC of host src'):
        arrival.check(host, guest, None, instance, NODE, None, None)


def test_check_when_directory_cannot_be_written_then_refused_with_the_path(
        options, host, guest, instance, tmp_path):
    options.set(instances_path=str(tmp_path / 'missing'))
    with pytest.raises(exception.MigrationPreCheckError, match='missing on host here: No such'):
        arrival.check(host, guest, None, instance, NODE, None, None)


def test_check_when_it_ends_behind_its_probe_then_none_is_left(
        monkeypatch, places, host, guest, instance):
    def fail(storage, over_commit):
        raise OSError('no statvfs')

    monkeypatch.setattr(resources, 'available_mb', fail)
    with pytest.raises(OSError, match='no statvfs'):
        arrival.check(host, guest, None, instance, NODE, None, None)
    assert os.listdir(places.instances) == []


# -- prepare --------------------------------------------------------------------------------------
def test_prepare_when_disks_are_copied_then_are_made_empty_on_the_same_image(
        places, options, qemu_img, guest, instance):
    options.set('libvirt', live_migration_inbound_addr='192.0.2.9')
    for _ in range(2):
        made = arrival.prepare(guest, instance, [disk_of(places)], data(block=True))
        facts = STORAGE.read_disk(f'{places.instances}/{UUID}/disk')
        assert facts.virtual_size == 64 << 20
        assert facts.backing_file == f'{places.images}/base.raw'
        assert made.target_connect_addr == '192.0.2.9'
        assert files(places) == ['.bases.json', '.incoming', 'console.log', 'disk']
        assert STORAGE.recorded_bases(UUID) == {'disk': ZEROS}


def test_prepare_when_storage_is_shared_then_makes_nothing(places, guest, instance):
    STORAGE.make_directory(UUID)
    (places.instances / UUID / 'disk').write_text('precious')
    arrival.prepare(guest, instance, [disk_of(places)], data(shared=True))
    assert (places.instances / UUID / 'disk').read_text() == 'precious'
    assert STORAGE.read_marker(UUID) is None


def test_prepare_when_disks_are_shared_and_their_image_is_another_here_then_refused(
        places, qemu_img, guest, instance):
    STORAGE.make_directory(UUID)
    STORAGE.create_disk(f'{places.instances}/{UUID}/disk', 'qcow2', 4 << 20,
                        f'{places.images}/base.raw', 'raw')
    STORAGE.record_base(UUID, 'disk', ZEROS)
    arrival.prepare(guest, instance, [], data(shared=True))
    (places.images / 'base.raw').write_bytes(b'x' * (2 << 20))
    with pytest.raises(exception.MigrationPreCheckError, match='not the file that it is at the'):
        arrival.prepare(guest, instance, [], data(shared=True))


def test_prepare_when_shared_directory_is_gone_then_refused(guest, instance, places):
    with pytest.raises(exception.MigrationPreCheckError, match='mounted'):
        arrival.prepare(guest, instance, [], data(shared=True))


@pytest.mark.parametrize(('wrong', 'error'), [
    ({'backing_file': '../passwd'}, exception.Invalid),
    ({'backing_file': 'none.raw'}, exception.ImageNotFound),
    ({'backing_digest': 'f' * 64}, exception.MigrationPreCheckError),
    ({'path': '/etc/disk'}, exception.MigrationPreCheckError)])
def test_prepare_when_a_disk_is_wrong_then_refused_and_nothing_is_left(
        places, guest, instance, wrong, error):
    with pytest.raises(error):
        arrival.prepare(guest, instance, [disk_of(places, **wrong)], data(block=True))
    assert os.listdir(places.instances) == []


def test_prepare_when_files_of_another_are_here_then_they_stay(places, guest, instance):
    STORAGE.make_directory(UUID, OTHER)
    with pytest.raises(exception.DestinationDiskExists):
        arrival.prepare(guest, instance, [disk_of(places)], data(block=True))
    assert STORAGE.read_marker(UUID) == OTHER


# -- confirm --------------------------------------------------------------------------------------
@pytest.mark.parametrize(('seen', 'state'), [
    (RUNNING, power_state.RUNNING),
    (Seen(abi.State.PAUSED, abi.Paused.USER), power_state.PAUSED),
    (Seen(abi.State.PAUSED, abi.Paused.IOERROR), power_state.PAUSED),
    # it arrived, and shut itself down before anybody asked
    (OFF, power_state.SHUTDOWN)])
def test_confirm_when_whole_then_is_ours_and_no_rollback_removes_it(places, guest, seen, state):
    STORAGE.make_directory(UUID, MIGRATION)
    guest.seen = seen
    for _ in range(2):
        assert arrival.confirm(guest, data()).state == state
        assert files(places) == ['console.log']


@pytest.mark.parametrize('seen', [
    None, HALF, HALF._replace(persistent=True), IN_POSTCOPY,
    OFF._replace(reason=abi.Shutoff.CRASHED), OFF._replace(reason=abi.Shutoff.FAILED),
    OFF._replace(persistent=False), Seen(abi.State.RUNNING, abi.Running.POSTCOPY_FAILED),
    Seen(abi.State.PAUSED, abi.Paused.POSTCOPY)])
def test_confirm_when_not_whole_then_not_proved_and_mark_stays(places, guest, seen):
    STORAGE.make_directory(UUID, MIGRATION)
    guest.seen = seen
    with pytest.raises(exception.InstanceNotRunning, match='host here'):
        arrival.confirm(guest, data())
    assert STORAGE.read_marker(UUID) == MIGRATION


def test_confirm_when_definition_did_not_come_then_is_kept_now(places, guest):
    guest.seen = RUNNING._replace(persistent=False)
    assert arrival.confirm(guest, data()).persistent


# -- roll back ------------------------------------------------------------------------------------
@pytest.mark.parametrize('seen', [None, HALF, OFF])
def test_rollback_when_called_twice_then_nothing_of_the_migration_is_left(places, guest, seen):
    STORAGE.make_directory(UUID, MIGRATION)
    guest.seen = seen
    for _ in range(2):
        arrival.roll_back(guest, data())
        assert not guest.exists()
        assert files(places) is None


@pytest.mark.parametrize('seen', [
    RUNNING, IN_POSTCOPY, HALF._replace(persistent=True),
    Seen(abi.State.RUNNING, abi.Running.POSTCOPY_FAILED),
    Seen(abi.State.PAUSED, abi.Paused.USER)])
def test_rollback_when_guest_runs_here_then_refused(places, guest, seen):
    STORAGE.make_directory(UUID, MIGRATION)
    guest.seen = seen
    with pytest.raises(exception.InstanceInvalidState, match='host here'):
        arrival.roll_back(guest, data())
    assert guest.seen == seen
    assert files(places) == ['.incoming', 'console.log']


@pytest.mark.parametrize('marker', [OTHER, None])
def test_rollback_when_files_are_anothers_then_they_stay(places, guest, marker):
    STORAGE.make_directory(UUID, marker)
    guest.seen = OFF
    arrival.roll_back(guest, data())
    assert 'console.log' in files(places)
    assert guest.exists()


def test_rollback_when_storage_is_shared_then_files_stay(places, guest):
    STORAGE.make_directory(UUID)
    guest.seen = HALF
    arrival.roll_back(guest, prepared(data(shared=True)))
    assert files(places) == ['console.log']
    assert not guest.exists()


@pytest.mark.parametrize('shared', [True, False])
@pytest.mark.parametrize('seen', [HALF, RUNNING])
def test_rollback_when_nothing_was_prepared_then_anothers_half_or_guest_stays(
        places, guest, seen, shared):
    guest.seen = seen
    with pytest.raises(exception.MigrationPreCheckError, match='already has a guest'):
        arrival.prepare(guest, None, [], refused := data(shared=shared))
    arrival.roll_back(guest, refused)
    assert guest.seen == seen
    STORAGE.make_directory(UUID)        # the disks of a copy by hand
    arrival.roll_back(guest, refused)
    assert guest.seen == seen and files(places) == ['console.log']


def test_rollback_when_crash_left_a_bare_directory_then_is_removed(places, guest):
    (places.instances / UUID).mkdir()
    arrival.roll_back(guest, data())
    assert files(places) is None
