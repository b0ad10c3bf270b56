# SPDX-License-Identifier: Apache-2.0
"""What breaks in the middle of a migration leaves one guest, no remains, and a reason that names
it; and many guests leave one host in order."""
import signal
import threading
import time

import pytest

from nova_lite.lab.command import run
from nova_lite.lab.image import Image
from tests.lab import control
from tests.lab.control import (
    BUSY_MIB,
    BUSY_RATE,
    LINK,
    assert_settled,
    assert_unharmed,
    cut,
    emulator_of,
    process_of,
    query,
    record,
    wait_copying,
    wait_status,
    wait_until,
)


@pytest.fixture
def copying(lab, boot, busy, options):
    """A guest on compute1 whose copy to compute2 is under way and will not end, and its watch."""
    options.set(bandwidth=LINK)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        wait_status(server, 'running')
        wait_copying(server)
        yield server, watch


def libvirtd_of(lab, host):
    return process_of(lab, 'libvirtd', host)


def test_copy_when_libvirtd_of_the_destination_is_killed_then_fails_and_nothing_is_left(
        lab, copying):
    server, watch = copying
    libvirtd_of(lab, 'compute2').signal(signal.SIGKILL)
    migration, _ = server.wait_migrated(60)
    lab.restart('libvirtd', 'compute2')
    assert migration['status'] == 'failed', record(server)
    assert "destination's libvirt ended" in record(server)['reason']
    assert_unharmed(server, watch)
    # it could not be tidied up at once, so the host does it when it looks after its resources
    left = lab.topology.host('compute2').root / 'instances' / server.id
    wait_until(lambda: not left.exists(), 40, 'the directory to go')
    assert_settled(server, 'compute1')


def test_copy_when_qemu_of_the_destination_is_killed_then_fails_and_nothing_is_left(lab, copying):
    server, watch = copying
    emulator_of(server, 'compute2').signal(signal.SIGKILL)
    migration, _ = server.wait_migrated(60)
    assert migration['status'] == 'failed', record(server)
    assert 'QEMU at the destination ended' in record(server)['reason']
    assert_unharmed(server, watch)
    assert_settled(server, 'compute1')


def test_copy_when_the_link_is_cut_for_a_minute_then_fails_and_nothing_is_left(lab, copying):
    server, watch = copying
    with cut(lab, 'compute2'):
        time.sleep(60)          # this long, and not until something happens
    migration, _ = server.wait_migrated(120)
    assert migration['status'] == 'failed', record(server)
    assert 'the network is cut' in record(server)['reason']
    assert_unharmed(server, watch)
    assert watch.record.longest_silence() < 10
    assert_settled(server, 'compute1')


def test_copy_when_the_guest_powers_itself_off_then_it_is_off_and_kept(lab, boot, options):
    Image('tick-off', dirty=BUSY_MIB, rate=BUSY_RATE, off=150).write(lab.state.images)
    options.set(bandwidth=LINK)
    server = boot('tick-off', host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        wait_status(server, 'running')
        wait_copying(server)
        assert watch.last().tick < 150
        migration, _ = server.wait_migrated(60)
        assert migration['status'] == 'failed', record(server)
        assert 'it shut itself down' in record(server)['reason']
        assert watch.faults() == []
    assert_settled(server, 'compute1', 'SHUTOFF')
    # rightly stopped: it can be started again
    assert server.action('os-start')[0] == 202
    server.wait(lambda shown: shown['status'] == 'ACTIVE', 60, 'ACTIVE')


def test_preparing_when_the_directory_is_there_already_then_it_is_left_alone(lab, boot):
    server = boot('tick-disk', 'tick.disk', host='compute1')
    strange = lab.topology.host('compute2').root / 'instances' / server.id
    strange.mkdir()
    (strange / 'precious').write_text('of somebody else')
    try:
        with server.watch() as watch:
            server.live_migrate('compute2')
            migration, seen = server.wait_migrated()
            assert migration['status'] == 'failed' and 'running' not in seen
            assert server.id in record(server)['reason'] and 'exists' in record(server)['reason']
            assert record(server)['failed_check'] == 'DestinationDiskExists'
            assert_unharmed(server, watch)
        assert [path.name for path in strange.iterdir()] == ['precious']
    finally:
        (strange / 'precious').unlink()
        strange.rmdir()
    assert_settled(server, 'compute1')


def test_preparing_when_the_disk_is_full_then_what_was_made_goes(lab, boot, busy, options):
    options.set(bandwidth=LINK)
    first, second = boot(busy, host='compute1'), boot('tick-disk', 'tick.disk', host='compute1')
    first.live_migrate('compute3')
    wait_status(first, 'running')
    with second.watch() as watch:
        second.live_migrate('compute2')
        wait_status(second, 'queued')       # so it has passed the checks
        with control.full_disk(lab, 'compute2') as instances:
            status, answer = first.cloud.request(
                'DELETE', f'/servers/{first.id}/migrations/{first.migrations()[-1]["id"]}')
            assert status == 202, answer
            migration, seen = second.wait_migrated()
            assert migration['status'] == 'failed' and 'running' not in seen, record(second)
            assert 'No space left' in record(second)['reason'], record(second)
            assert second.id not in instances()
        assert_unharmed(second, watch)
    assert_settled(second, 'compute1')


def test_five_guests_when_ordered_away_then_no_more_than_allowed_move_at_once(lab, boot, options):
    options.set({'max_concurrent_live_migrations': 2,
                 'max_concurrent_incoming_live_migrations': 1}, bandwidth=LINK * 4)
    wait_until(lambda: [node['max_incoming_live_migrations'] for node in query(
        lab, 'max_incoming_live_migrations', 'compute_nodes WHERE deleted=0')] == [1, 1, 1],
        30, 'the limits to be reported')
    servers = [boot(host='compute1') for _ in range(5)]
    targets = ['compute2', 'compute3', 'compute2', 'compute3', 'compute2']
    with Sampler(lab) as sampler:
        for server, target in zip(servers, targets, strict=False):
            server.live_migrate(target)
            wait_until(server.migrations, 20, 'the migration')
        for server in servers:
            assert server.wait_migrated(180)[0]['status'] == 'completed', record(server)
    assert sampler.outgoing == 2 and set(sampler.incoming.values()) == {1}, (
        sampler.outgoing, sampler.incoming)
    kept = [record(server)['receipt']['at'] for server in servers]
    for target in ('compute2', 'compute3'):     # in the order of the orders, to each host
        starts = [at['preparing'] for at, to in zip(kept, targets, strict=False) if to == target]
        assert starts == sorted(starts)
    for server, target in zip(servers, targets, strict=False):
        with server.watch() as watch:
            assert_unharmed(server, watch)
        assert_settled(server, target)


class Sampler:
    """Looks ten times a second how many migrations move at once, in all and to each host."""

    def __init__(self, lab):
        self._lab, self._end = lab, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.outgoing, self.incoming = 0, {}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join(60)

    def _run(self):
        while not self._end.is_set():
            moving = query(self._lab, 'source_compute, dest_compute',
                           "migrations WHERE status IN ('preparing', 'running')")
            self.outgoing = max(self.outgoing, len(moving))
            for dest in {row['dest_compute'] for row in moving}:
                count = sum(row['dest_compute'] == dest for row in moving)
                self.incoming[dest] = max(self.incoming.get(dest, 0), count)
            self._end.wait(0.1)


def force_complete(server):
    migration = wait_status(server, 'running')
    wait_copying(server)
    status, answer = server.cloud.request(
        'POST', f'/servers/{server.id}/migrations/{migration["id"]}/action',
        {'force_complete': None})
    assert status == 202, answer


def test_post_copy_when_the_link_is_cut_for_30_seconds_then_it_ends_completed(
        lab, boot, busy, options):
    options.set(bandwidth=2, permit_post_copy=True)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        force_complete(server)
        wait_status(server, 'running (post-copy)')
        watch.wait_ticks(1, 'compute2')
        began = time.monotonic()
        with cut(lab, 'compute2'):
            wait_until(lambda: 'post-copy is paused' in (record(server)['reason'] or ''), 20,
                       'the reason')
            time.sleep(20)
            assert record(server)['status'] == 'running (post-copy)'
        assert server.wait_migrated(180)[0]['status'] == 'completed', record(server)
        assert record(server)['reason'] is None
        assert_unharmed(server, watch, stood_still=time.monotonic() - began)
    assert_settled(server, 'compute2')


def test_post_copy_when_its_connection_is_broken_then_it_is_resumed(lab, boot, busy, options):
    # the lab's libvirtd has what keeps it alive when it is resumed
    options.set(bandwidth=2, permit_post_copy=True, resume_post_copy='always')
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        force_complete(server)
        wait_status(server, 'running (post-copy)')
        watch.wait_ticks(1, 'compute2')
        began = time.monotonic()
        run('virsh', '-c', lab.topology.host('compute1').libvirt_uri, 'domjobabort', '--postcopy',
            server.id, timeout=30)
        wait_until(lambda: 'post-copy is paused' in (record(server)['reason'] or ''), 20,
                   'the reason')
        assert server.wait_migrated(120)[0]['status'] == 'completed', record(server)
        assert record(server)['reason'] is None
        assert_unharmed(server, watch, stood_still=time.monotonic() - began)
    assert_settled(server, 'compute2')
