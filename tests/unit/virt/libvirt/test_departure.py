# SPDX-License-Identifier: Apache-2.0
"""The source: what is checked, what libvirt is told, and what may be removed afterwards."""
import hashlib
import os

import pytest

from nova_lite import exception, objects
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import abi, departure, operation, precheck_facts, probe
from nova_lite.virt.libvirt.abi import Migrate
from nova_lite.virt.libvirt.guest import Seen
from nova_lite.virt.libvirt.storage import Storage
from tests.unit.virt.libvirt.conftest import UUID, qcow2_header
from tests.unit.virt.libvirt.played import OFF, RUNNING, DomainGuest

STORAGE = Storage()

COPYING = RUNNING._replace(job={'type': abi.Job.UNBOUNDED,
                                'operation': abi.Operation.MIGRATION_OUT})
POSTCOPY = Seen(abi.State.PAUSED, abi.Paused.POSTCOPY)
GIB = 1 << 30


def xml(places, *disks):
    return '<domain><devices>' + ''.join(
        f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
        f"<source file='{path}'/><target dev='{target}'/>{extra}</disk>"
        for path, target, extra in disks) + '</devices></domain>'


@pytest.fixture
def guest(places):
    """A running guest with a disk of 1 GiB on an image, and a read-only one."""
    backing = (f"<backingStore type='file'><format type='raw'/>"
               f"<source file='{places.images}/base.raw'/></backingStore>")
    STORAGE.make_directory(UUID)
    (places.instances / UUID / 'disk').write_bytes(qcow2_header(GIB))
    guest = DomainGuest(UUID, RUNNING, xml(
        places, (f'{places.instances}/{UUID}/disk', 'vda', backing),
        ('/tools.iso', 'vdb', '<readonly/>')))
    yield guest
    guest.courier.stop()


@pytest.fixture
def departures(guest):
    return departure.Departures(guest.courier)


def data(**values):
    return objects.LibvirtLiveMigrateData(**{
        'filename': '.probe-' + 'a' * 32, 'disk_available_mb': 4096, 'block_migration': None,
        'is_shared_instance_path': False, **values})


# -- check ----------------------------------------------------------------------------------------
def test_check_when_storage_is_private_then_disks_are_copied(guest, instance):
    found = departure.check(guest, data())
    assert (found.block_migration, found.is_shared_instance_path,
            found.is_shared_block_storage) == (True, False, False)


def test_check_when_probe_is_seen_then_storage_is_shared(guest, instance):
    found = departure.check(guest, data(filename=probe.leave(STORAGE)))
    assert (found.block_migration, found.is_shared_instance_path,
            found.is_shared_block_storage) == (False, True, True)


def test_check_when_it_has_no_disk_then_is_moved_without_copying(guest, instance):
    guest.xml = '<domain><devices/></domain>'
    found = departure.check(guest, data(disk_available_mb=0))
    assert (found.block_migration, found.is_shared_block_storage) == (False, True)


def test_check_when_disk_does_not_fit_then_refused_whatever_the_microversion(guest, instance):
    with pytest.raises(exception.MigrationPreCheckError, match='too large'):
        departure.check(guest, data(disk_available_mb=1023))
    departure.check(guest, data(disk_available_mb=1023, disk_over_commit=True))


def test_check_when_guest_is_off_then_refused(guest, instance):
    guest.seen = OFF
    with pytest.raises(exception.MigrationPreCheckError, match='does not run'):
        departure.check(guest, data())


def test_check_when_disks_would_go_through_a_tunnel_then_refused(options, guest, instance):
    options.set('libvirt', live_migration_tunnelled=True)
    with pytest.raises(exception.MigrationPreCheckError, match='tunnel'):
        departure.check(guest, data())


def test_disk_info_when_asked_then_names_what_to_make(places, guest):
    [info] = precheck_facts.disk_info(guest)
    allocated = os.stat(places.instances / UUID / 'disk').st_blocks * 512
    assert info == {'path': f'{places.instances}/{UUID}/disk', 'type': 'qcow2',
                    'virt_disk_size': GIB, 'disk_size': allocated, 'backing_file': 'base.raw',
                    'backing_format': 'raw',
                    'backing_digest': hashlib.sha256(bytes(2 << 20)).hexdigest()}


def _renamed_over(base):
    other = base.with_name('other')
    other.write_bytes(b'x' * base.stat().st_size)
    os.utime(other, ns=(base.stat().st_atime_ns, base.stat().st_mtime_ns))
    other.rename(base)


def _written_to(base):
    before = base.stat()
    with base.open('r+b') as stream:
        stream.write(b'x')
    os.utime(base, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize('change', [_renamed_over, _written_to])
def test_disk_info_when_base_is_not_what_the_disk_was_made_on_then_refused_by_name(
        places, guest, change):
    """Of the same size and time: only its digest tells it apart."""
    base = places.images / 'base.raw'
    STORAGE.record_base(UUID, 'disk', precheck_facts.disk_info(guest)[0]['backing_digest'])
    precheck_facts.disk_info(guest)
    change(base)
    with pytest.raises(exception.MigrationPreCheckError, match=f'{base} on host here') as caught:
        precheck_facts.disk_info(guest)
    assert 'virsh blockpull' in caught.value.format_message()
    base.write_bytes(bytes(2 << 20))
    precheck_facts.disk_info(guest)      # the former content is back, whatever its inode


def test_disk_info_when_base_is_no_image_then_refused(places, guest):
    guest.xml = guest.xml.replace(f'{places.images}/base.raw', f'{places.instances}/snap')
    with pytest.raises(exception.MigrationPreCheckError, match='not in the image directory'):
        precheck_facts.disk_info(guest)


# -- what libvirt is told -------------------------------------------------------------------------
@pytest.fixture
def started(monkeypatch):
    """The plans that were started; each ends at once with what libvirt would not do."""
    plans = []

    def start(guest, plan):
        plans.append(plan)
        guest.courier.publish(departure.events.Event(
            guest.uuid, departure.events.OPERATION_ENDED, operation.End('refused', 1)))

    monkeypatch.setattr(operation, 'start', start)
    return plans


def ignore(progress):
    pass


def test_move_when_disks_are_copied_then_they_are_named(guest, instance, departures, started):
    outcome = departures.move(guest, instance, 'there', data(
        block_migration=True, target_connect_addr='192.0.2.2'), ignore)
    [plan] = started
    assert plan.uri == 'qemu+tcp://there/system'
    assert Migrate.NON_SHARED_INC in plan.flags
    assert plan.params['migrate_disks'] == ['vda']
    assert plan.params['migrate_uri'] == 'tcp://192.0.2.2'
    assert '<disk' in plan.params['destination_xml'] and '<disk' in plan.params['persistent_xml']
    assert (outcome.status, outcome.reason) == (virt_driver.FAILED, 'refused')


@pytest.mark.parametrize(('block', 'disks'), [(False, True), (True, False)])
def test_move_when_no_disk_is_copied_then_no_list_of_none_is_sent(guest, instance, departures,
                                                                  started, block, disks):
    if not disks:
        guest.xml = '<domain><devices/></domain>'
    departures.move(guest, instance, 'there', data(block_migration=block), ignore)
    [plan] = started
    assert Migrate.NON_SHARED_INC not in plan.flags
    assert 'migrate_disks' not in plan.params


def test_move_when_guest_is_paused_then_post_copy_is_not_permitted(options, guest, instance,
                                                                   departures, started):
    options.set('libvirt', live_migration_permit_post_copy=True)
    guest.seen = Seen(abi.State.PAUSED, abi.Paused.USER)
    departures.move(guest, instance, 'there', data(block_migration=False), ignore)
    assert Migrate.POSTCOPY not in started[0].flags


@pytest.mark.parametrize(('seen', 'status'), [
    (None, virt_driver.LOST), (OFF, virt_driver.FAILED), (POSTCOPY, virt_driver.BROKEN)])
def test_move_when_guest_does_not_run_then_nothing_is_started(guest, instance, departures,
                                                              started, seen, status):
    guest.seen = seen
    outcome = departures.move(guest, instance, 'there', data(block_migration=True), ignore)
    assert (outcome.status, started) == (status, [])


def test_move_when_a_copy_runs_already_then_no_second_one_is_started(guest, instance, departures,
                                                                     started):
    guest.seen = COPYING
    heard = []

    def end(progress):
        heard.append(progress)
        guest.seen = None

    outcome = departures.move(guest, instance, 'there', data(block_migration=False), end)
    assert (outcome.status, started) == (virt_driver.LOST, [])
    assert heard


def test_move_when_host_is_no_host_then_refused(guest, instance, departures, started):
    with pytest.raises(exception.InvalidHostname):
        departures.move(guest, instance, 'a/b', data(block_migration=False), ignore)


def test_move_when_aborted_while_got_ready_then_is_not_started(
        guest, instance, departures, started, monkeypatch):
    def make_plan(*args):
        departures.abort(guest)
        return plan(*args)

    plan = departure.make_plan
    monkeypatch.setattr(departure, 'make_plan', make_plan)
    outcome = departures.move(guest, instance, 'there', data(block_migration=False), ignore)
    assert (outcome.status, outcome.reason) == (virt_driver.CANCELLED, 'aborted on request')
    assert started == [] and guest.calls == []


def test_move_when_guest_is_moved_already_then_refused(guest, instance, departures, started,
                                                       monkeypatch):
    def make_plan(*args):
        departures.move(guest, instance, 'there', data(block_migration=False), ignore)

    monkeypatch.setattr(departure, 'make_plan', make_plan)
    with pytest.raises(exception.InstanceInvalidState, match='already being moved'):
        departures.move(guest, instance, 'there', data(block_migration=False), ignore)


# -- controls -------------------------------------------------------------------------------------
def test_abort_when_copy_is_of_an_earlier_process_then_is_ended(guest, departures):
    guest.seen = COPYING
    departures.abort(guest)
    assert guest.calls == ['abort_job']


@pytest.mark.parametrize(('seen', 'error'), [
    (RUNNING, exception.NoActiveMigrationForInstance),
    (None, exception.NoActiveMigrationForInstance),
    (POSTCOPY, exception.InstanceInvalidState)])
def test_abort_when_there_is_nothing_to_end_then_refused(guest, departures, seen, error):
    guest.seen = seen
    with pytest.raises(error):
        departures.abort(guest)
    assert guest.calls == []


# -- afterwards -----------------------------------------------------------------------------------
@pytest.mark.parametrize('seen', [None, OFF, POSTCOPY,
                                  Seen(abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED)])
@pytest.mark.parametrize('shared', [False, True])
def test_clean_up_when_called_twice_then_only_shared_files_are_left(places, guest, seen, shared):
    guest.seen = seen
    for _ in range(2):
        departure.clean_up(guest, data(is_shared_instance_path=shared))
        assert not guest.exists()
        assert (places.instances / UUID).exists() == shared


@pytest.mark.parametrize('seen', [RUNNING, COPYING, Seen(abi.State.PAUSED, abi.Paused.USER),
                                  Seen(abi.State.PAUSED, abi.Paused.IOERROR)])
def test_clean_up_when_guest_runs_here_then_refused(places, guest, seen):
    guest.seen = seen
    with pytest.raises(exception.InstanceInvalidState, match='host here'):
        departure.clean_up(guest, data())
    assert guest.seen == seen
    assert (places.instances / UUID / 'disk').exists()
