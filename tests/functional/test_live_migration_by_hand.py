# SPDX-License-Identifier: Apache-2.0
"""An operator's hand in the middle of a migration: the record says what the guest is, one copy
runs at most, and the server can be moved afterwards."""
import pytest

from nova_lite.migration.migration_states import COMPLETED, ERROR, FAILED
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import SimulatedStorage, faults
from nova_lite.virt.simulation.virsh import Virsh

HOSTS = ('src', 'dst')


@pytest.fixture
def held(cloud):
    """``held(step)``: a server of src on its way to dst, held there, and virsh where it runs."""
    def make(step):
        server = cloud.boot('src')
        order = cloud.world.script(step, faults.HANG, uuid=server.uuid)
        assert server.live_migrate('dst').status == 202
        cloud.world.wait_hit(order)
        host = 'dst' if cloud.world.places(server.uuid).get('dst') == 'running' else 'src'
        return server, order, Virsh(cloud.world, host)
    return make


def end(cloud, server, order):
    """Status of the migration, when all hosts have looked at what is there."""
    cloud.world.release(order)
    status = server.wait_status().status
    for host in HOSTS:
        manager = cloud.compute(host)
        manager.sweep()
        manager.report_guests()
        manager.sync_power_states()
    assert cloud.world.violations == []
    return status


def move_by_hand(cloud, server, virsh):
    """virsh migrate to the other host of the two, onto disks made there if there are none."""
    other, = set(HOSTS) - {virsh.host}
    files = SimulatedStorage(cloud.world, other)
    if not files.has_directory(server.uuid):
        files.make_directory(server.uuid)
    virsh.migrate(server.uuid, other, undefinesource=True, persistent=True, copy_storage=True)
    virsh.wait_migrated(server.uuid)


def can_be_moved(server):
    assert server.live_migrate('third').status == 202
    return server.wait_status().status == COMPLETED and server.states() == ('active', None)


@pytest.mark.parametrize(('step', 'status', 'host'), [
    ('check_can_live_migrate_destination', ERROR, 'src'),      # refused: it does not run
    ('pre_live_migration', FAILED, 'src'),
    ('live_migration@50', FAILED, 'src'),
    ('live_migration@finish', COMPLETED, 'dst'),               # it had arrived
    ('post_live_migration_at_source', COMPLETED, 'dst')])
def test_destroy_when_in_the_middle_then_the_server_is_stopped_where_it_was_and_starts_again(
        cloud, held, step, status, host):
    server, order, virsh = held(step)
    virsh.destroy(server.uuid)
    assert end(cloud, server, order) == status
    assert server.states() == ('stopped', None)
    assert cloud.world.places(server.uuid) == {host: 'shutoff'}
    assert server.act('os-start').status == 202
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert cloud.world.places(server.uuid) == {host: 'running'}
    assert can_be_moved(server)


@pytest.mark.parametrize('step', ['pre_live_migration', 'live_migration@finish',
                                  'post_live_migration_at_source'])
def test_suspend_when_in_the_middle_then_the_server_is_paused_where_it_arrives(cloud, held, step):
    server, order, virsh = held(step)
    virsh.suspend(server.uuid)
    assert end(cloud, server, order) == COMPLETED
    assert server.states() == ('paused', None)
    assert cloud.world.places(server.uuid) == {'dst': 'paused'}
    assert server.act('unpause').status == 202
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert can_be_moved(server)


@pytest.mark.parametrize(('step', 'status', 'host', 'word'), [
    ('pre_live_migration', FAILED, 'dst', 'is on host dst (running), not on host src'),
    ('post_live_migration_at_destination', ERROR, 'src', 'is not running on host dst'),
    ('post_live_migration_at_source', COMPLETED, 'src', 'on host src (running), not on host dst')])
def test_migrate_when_in_the_middle_then_the_server_says_where_its_guest_is_until_that_is_accepted(
        cloud, held, step, status, host, word):
    server, order, virsh = held(step)
    move_by_hand(cloud, server, virsh)
    assert end(cloud, server, order) == status
    assert server.states() == ('error', None) and word in server.fault.message
    assert cloud.world.places(server.uuid) == {host: 'running'}
    answer = cloud.api.post(f'/servers/{server.uuid}/location', {'location': {'host': host}})
    assert answer.status == 200, answer.body
    assert server.states() == ('active', None)
    other, = set(HOSTS) - {host}            # the disks that nobody uses any more
    SimulatedStorage(cloud.world, other).remove_directory(server.uuid)
    assert can_be_moved(server)


@pytest.mark.parametrize('undefinesource', [True, False])
@pytest.mark.parametrize('is_over', [True, False])
def test_migrate_when_all_is_prepared_then_the_copy_by_hand_counts_as_the_one_of_the_record(
        cloud, held, undefinesource, is_over):
    """Also when it is over before ours could begin, and a definition stays at the source."""
    server, order, virsh = held('live_migration')
    virsh.migrate(server.uuid, 'dst', undefinesource=undefinesource, copy_storage=True)
    if is_over:
        virsh.wait_migrated(server.uuid)
    assert end(cloud, server, order) == COMPLETED
    assert server.states() == ('active', None)
    assert cloud.world.places(server.uuid) == {'dst': 'running'}
    assert can_be_moved(server)


def test_migrate_when_it_begins_before_all_is_prepared_then_it_goes_on_and_ours_is_over(
        cloud, held):
    """The undo of a preparation that was refused leaves the half of the copy by hand alone."""
    server, order, virsh = held('pre_live_migration')
    copy = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    SimulatedStorage(cloud.world, 'dst').make_directory(server.uuid)
    virsh.migrate(server.uuid, 'dst', undefinesource=True, persistent=True, copy_storage=True)
    cloud.world.wait_hit(copy)
    cloud.world.release(order)
    migration = server.wait_status()
    assert migration.status == FAILED and 'already has a guest' in migration.reason
    assert cloud.world.places(server.uuid) == {'src': 'running', 'dst': 'paused'}
    assert cloud.world.job(server.uuid).active
    cloud.world.release(copy)
    virsh.wait_migrated(server.uuid)
    assert cloud.world.places(server.uuid) == {'dst': 'running'}
    assert 'dst' in cloud.world.files(server.uuid)


def test_migrate_when_a_copy_is_under_way_then_is_refused_and_nothing_is_disturbed(cloud, held):
    server, order, virsh = held('live_migration@50')
    with pytest.raises(libvirtError, match='already running'):
        virsh.migrate(server.uuid, 'dst', copy_storage=True)
    assert end(cloud, server, order) == COMPLETED
    assert cloud.world.places(server.uuid) == {'dst': 'running'}
