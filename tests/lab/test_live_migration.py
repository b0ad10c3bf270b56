# SPDX-License-Identifier: Apache-2.0
"""The main job with real guests, each judged by its own ticks and comparisons."""
import signal

import pytest

from nova_lite.lab import daemons
from tests.lab.control import wait_copying


def assert_unharmed(server, watch, source):
    """The guest ticks on, on another host, with every write in place and nothing left behind."""
    watch.wait_ticks(20)
    watch.wait_verified()
    assert watch.faults() == []
    now = server.host
    assert now != source
    guests = server.cloud.lab.guests()
    assert [host for host, found in guests.items()
            if any(guest['uuid'] == server.id for guest in found)] == [now]
    shown = server.show()
    assert (shown['status'], shown['OS-EXT-STS:task_state']) == ('ACTIVE', None)
    instances = {host.name: host.root / 'instances' / server.id
                 for host in server.cloud.lab.topology.computes}
    assert [name for name, path in instances.items() if path.exists()] in ([now], [])


@pytest.fixture
def shared(lab):
    lab.up(storage='shared')
    yield
    lab.up(storage='private')


@pytest.mark.parametrize('image, flavor, block_migration', [
    ('tick', 'tick.small', 'auto'),
    ('tick-disk', 'tick.disk', True),
    ('tick-disk', 'tick.disk', 'auto'),
])
def test_live_migration_when_storage_is_private_then_the_guest_arrives_unharmed(
        boot, image, flavor, block_migration):
    server = boot(image, flavor)
    source = server.host
    with server.watch() as watch:
        watch.wait_ticks(10)
        server.live_migrate(block_migration=block_migration)
        migration, seen = server.wait_migrated()
        assert migration['status'] == 'completed'
        order = ['accepted', 'queued', 'preparing', 'running', 'completed']
        assert seen == [status for status in order if status in seen] and 'running' in seen
        assert migration['dest_compute'] == server.host
        assert_unharmed(server, watch, source)


def test_live_migration_when_storage_is_shared_then_the_guest_arrives_unharmed(shared, boot):
    server = boot('tick-disk', 'tick.disk')
    source = server.host
    with server.watch() as watch:
        watch.wait_ticks(10)
        server.live_migrate(block_migration=False)
        assert server.wait_migrated()[0]['status'] == 'completed'
        assert_unharmed(server, watch, source)


@pytest.mark.parametrize('host, block_migration, complaint', [
    ('compute1', False, 'current host'),
    ('compute2', False, 'not on shared storage'),
    ('nowhere', False, 'could not be found'),
])
def test_sync_form_when_a_check_refuses_then_400_names_it_and_nothing_changed(
        boot, host, block_migration, complaint):
    server = boot('tick-disk', 'tick.disk', host='compute1')
    body = {'host': host, 'block_migration': block_migration, 'disk_over_commit': False}
    status, answer = server.action('os-migrateLive', body, microversion='2.6')
    assert status == 400
    assert complaint in answer['badRequest']['message']
    shown = server.show()
    assert (shown['status'], shown['OS-EXT-STS:task_state']) == ('ACTIVE', None)
    assert server.host == 'compute1'
    with server.watch() as watch:
        watch.wait_ticks(5)
        assert watch.faults() == []


@pytest.mark.parametrize('kind', ['api', 'conductor', 'scheduler', 'compute'])
def test_system_when_an_idle_process_is_killed_and_restarted_then_guests_still_move(
        lab, boot, kind):
    server = boot(host='compute1')
    victim = next(part for part in lab.topology.parts() if part.kind == kind)
    process = daemons.process(victim.daemon.pid)
    process.signal(signal.SIGKILL)
    assert process.wait(10)
    lab.restart(kind, victim.host)
    lab.up()
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate()
        assert server.wait_migrated()[0]['status'] == 'completed'
        assert_unharmed(server, watch, 'compute1')


def test_source_compute_when_killed_in_mid_copy_then_the_next_one_sees_it_through(lab, boot):
    server = boot('tick-disk', 'tick.disk', host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        wait_copying(server)
        victim = next(part for part in lab.topology.parts()
                      if (part.kind, part.host) == ('compute', 'compute1'))
        daemons.process(victim.daemon.pid).signal(signal.SIGKILL)
        lab.restart('compute', 'compute1')
        migration, _ = server.wait_migrated()
        assert migration['status'] == 'completed', migration
        assert_unharmed(server, watch, 'compute1')
