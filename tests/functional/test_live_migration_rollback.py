# SPDX-License-Identifier: Apache-2.0
"""One case for each step of the source: it fails there; what stands afterwards."""
from typing import NamedTuple

import pytest

from nova_lite.compute import live_migration_source
from nova_lite.virt.simulation import faults, state

STAYS = {'src': state.RUNNING}
MOVED = {'dst': state.RUNNING}


class Case(NamedTuple):
    """A fault, and what must come of it. ``step`` is that of the source's table."""
    step: str
    at: str
    action: str = faults.FAIL
    error: str = ''
    times: int = 0
    status: str = 'failed'
    places: dict = STAYS
    vm_state: str = 'active'
    words: str = 'simulated'


CASES = [
    Case('prepare_destination', 'get_instance_disk_info', faults.REFUSE),
    Case('prepare_destination', 'pre_live_migration', faults.REFUSE),
    Case('prepare_destination', 'pre_live_migration', error='DestinationDiskExists'),
    # an error that nobody expects, but before the copy: the guest has not left
    Case('prepare_destination', 'pre_live_migration'),
    Case('move_guest', 'live_migration@start'),
    Case('move_guest', 'live_migration@50'),
    Case('move_guest', 'live_migration@switch-over'),
    Case('move_guest', 'live_migration@50', faults.KILL_DESTINATION, words='Unable to write'),
    Case('move_guest', 'live_migration@switch-over', faults.KILL_DESTINATION,
         words='Unable to write'),
    Case('move_guest', 'live_migration@50', faults.LOSE_LINK, words='client socket is closed'),
    Case('move_guest', 'live_migration@50', faults.POWER_OFF, places={'src': state.SHUTOFF},
         vm_state='stopped', words='the guest ended during the copy'),
    # the guest has moved, only the word of it is lost
    Case('move_guest', 'live_migration@finish', status='completed', places=MOVED),
    Case('confirm_at_destination', 'post_live_migration_at_destination',
         error='HypervisorUnavailable', times=1, status='completed', places=MOVED),
]


@pytest.mark.parametrize('case', CASES, ids=lambda case: f'{case.at}-{case.action}{case.error}')
def test_step_when_it_fails_then_the_guest_is_whole_in_one_place(cloud, case):
    server = cloud.boot('src', disk=True)
    born = cloud.world.guest('src', server.uuid).boot_id
    cloud.world.script(case.at, case.action, uuid=server.uuid, error=case.error,
                       times=case.times)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    if case.action == faults.LOSE_LINK:
        cloud.world.mend_link('src', 'dst')

    # the guest
    assert cloud.world.places(server.uuid) == case.places
    (host,) = case.places
    assert cloud.world.guest(host, server.uuid).boot_id == born
    assert cloud.world.guest(host, server.uuid).memory_ok
    # the records
    assert (migration.status, server.states()) == (case.status, (case.vm_state, None))
    assert (server.record.host, server.record.progress) == (host, 0)
    assert cloud.claims_of(server) == {('server', host)}
    # its files are where it is, and nowhere else
    assert set(cloud.world.files(server.uuid)) == {host}
    if case.status == 'completed':
        assert server.fault is None
        return
    # the reason
    assert case.words.lower() in migration.reason.lower()
    # of an error that nobody expects users are told its class
    assert case.words.lower() in server.fault.message.lower()
    told = cloud.notifications.of(server.uuid)
    assert 'instance.live_migration_rollback_dest.end' in told
    assert (case.step == 'move_guest') == ('instance.live_migration_rollback.end' in told)
    # and it can move, now that nothing is wrong any more
    with cloud.world.change() as world:
        world.faults.clear()
    if case.vm_state == 'active':
        assert server.live_migrate('dst').status == 202
        assert server.wait_status().status == 'completed'


def test_steps_when_one_can_fail_then_there_is_a_case_of_it():
    steps = {do for do, _ in live_migration_source.Move.STEPS}
    tested = {case.step for case in CASES} | {'clean_source', 'point of no return'}
    assert steps == tested


def test_confirm_when_destination_denies_the_guest_then_nothing_is_removed(cloud):
    server = cloud.boot('src')
    cloud.world.script('post_live_migration_at_destination', uuid=server.uuid,
                       error='InstanceNotRunning')
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert (migration.status, server.states()) == ('error', ('error', None))
    # nobody can say where it is, so the room on both sides stays taken
    assert cloud.claims_of(server) == {('server', 'src'), ('migration', 'dst')}
    assert cloud.world.places(server.uuid) == MOVED


def test_copy_when_it_cannot_begin_for_an_unknown_reason_then_failed_as_the_guest_runs_here(cloud):
    """The hypervisor shows the guest here and no job, so nothing is in doubt."""
    server = cloud.boot('src', disk=True)
    cloud.world.script('live_migration', uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert (migration.status, server.states()) == ('failed', ('active', None))
    assert migration.reason.endswith('SimulatedFault')
    assert cloud.world.places(server.uuid) == STAYS
    assert cloud.claims_of(server) == {('server', 'src')}


def test_confirm_when_it_fails_in_an_unknown_way_then_server_is_in_error_with_the_reason(cloud):
    server, at = cloud.boot('src', disk=True), 'post_live_migration_at_destination'
    cloud.world.script(at, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert (migration.status, server.states()) == ('error', ('error', None))
    assert migration.reason == server.show()['fault']['message'] == 'SimulatedFault'
    assert cloud.world.places(server.uuid) == MOVED
    assert cloud.claims_of(server) == {('server', 'src'), ('migration', 'dst')}


def test_clean_source_when_it_fails_then_the_guest_lives_at_the_destination(cloud):
    server = cloud.boot('src', disk=True)
    cloud.world.script('post_live_migration_at_source', uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert (migration.status, server.states()) == ('completed', ('active', None))
    assert server.record.host == 'dst'
    assert cloud.claims_of(server) == {('server', 'dst')}


def test_clean_source_when_the_hypervisor_is_away_then_waits_for_it(cloud):
    server = cloud.boot('src', disk=True)
    cloud.world.script('post_live_migration_at_source', uuid=server.uuid, times=2,
                       error='HypervisorUnavailable')
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert (migration.status, migration.reason) == ('completed', None)
    assert set(cloud.world.files(server.uuid)) == {'dst'}


def test_rollback_when_the_destination_does_not_do_it_then_the_rest_is_done(cloud):
    server = cloud.boot('src', disk=True)
    cloud.world.script('live_migration@50', uuid=server.uuid)
    undone = cloud.world.script('rollback_live_migration_at_destination', uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    cloud.world.wait_hit(undone)
    assert (migration.status, server.states()) == ('failed', ('active', None))
    assert 'simulated failure at 50' in migration.reason
    assert cloud.world.places(server.uuid) == STAYS
    assert cloud.claims_of(server) == {('server', 'src')}


def test_rollback_when_the_destinations_hypervisor_is_away_then_it_is_swept_later(cloud):
    server = cloud.boot('src', disk=True)
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    cloud.world.stop_hypervisor('dst')
    assert server.wait_status().status == 'failed'
    server.wait_task_over()
    assert 'dst' in cloud.world.files(server.uuid)
    cloud.world.start_hypervisor('dst')
    cloud.compute('dst').sweep()
    assert set(cloud.world.files(server.uuid)) == {'src'}
    assert cloud.world.places(server.uuid) == STAYS


def test_lost_server_when_it_is_deleted_then_room_and_files_are_free_again_on_both_hosts(cloud):
    server = cloud.boot('src', disk=True)
    cloud.world.script('post_live_migration_at_destination', uuid=server.uuid,
                       error='InstanceNotRunning')
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'error'
    cloud.compute('dst').sweep()
    assert 'dst' in cloud.world.files(server.uuid)      # until then it is kept for an operator
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    cloud.bell.wait_for(
        lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404, 'deleted')
    assert cloud.claims_of(server) == set()
    cloud.compute('dst').sweep()
    assert cloud.world.places(server.uuid) == {}
    assert cloud.world.files(server.uuid) == {}
