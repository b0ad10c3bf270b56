# SPDX-License-Identifier: Apache-2.0
"""Before a live migration: what lets it pass, and what happens when two come at once or somebody
does not answer. What refuses it is the table of test_precheck_matrix.py."""
from collections.abc import Callable
from typing import NamedTuple

import pytest

from nova_lite.virt.simulation import faults
from tests.functional.situations import (
    CHECK_DESTINATION,
    CHECK_SOURCE,
    acted,
    all_of,
    driver,
    dst_is_best,
    host_is,
    locked,
    nothing,
    on_the_move,
    shared_storage,
    workaround,
)
from tests.functional.test_precheck_matrix import (
    ANY,
    ASKED,
    CONDUCTOR_EVENTS,
    FORCED,
    OK,
    PRECHECK,
    Refusal,
    ask,
    assert_event,
    assert_told,
    names,
)


# -- checks that let it pass ------------------------------------------------------------------
class Pass(NamedTuple):
    name: str
    way: str
    arrange: Callable
    disk: bool = False
    block: bool | str = False
    states: tuple = OK
    dest: str = 'dst'
    attempted: tuple = ()
    host: str | None = None


PASSES = [
    Pass('paused', FORCED, acted('pause', 'paused'), states=('paused', None)),
    Pass('an administrator passes the lock', FORCED, locked),
    Pass('A5 with the workaround', FORCED, all_of(
        host_is(hypervisor_version=1), workaround('skip_hypervisor_version_check_on_lm'))),
    Pass('C2 with the workaround', FORCED, all_of(
        host_is(cpu_model='sim-v1'), workaround('skip_cpu_compare_on_dest'))),
    Pass('C8 auto on private storage', ASKED, nothing, disk=True, block='auto'),
    Pass('C8 auto on shared storage', ASKED, shared_storage, disk=True, block='auto'),
    Pass('C12 no disk at all', FORCED, nothing),
    Pass('B a host refuses, the next does not', ANY, all_of(
        dst_is_best, driver(CHECK_DESTINATION, faults.REFUSE, host='dst')), dest='third',
        attempted=('dst',)),
    Pass('B the source refuses once', ANY, all_of(
        dst_is_best, driver(CHECK_SOURCE, times=1)), dest='third', attempted=('dst',)),
]


@pytest.mark.parametrize('waits', [True, False], ids=['sync', 'async'])
@pytest.mark.parametrize('row', PASSES, ids=names(PASSES))
def test_check_when_nothing_speaks_against_it_then_the_guest_moves(cloud, row, waits):
    server = cloud.boot('src', disk=row.disk)
    row.arrange(cloud, server)
    assert ask(server, row, waits).status == 202
    migration = server.wait_status()
    assert (migration.status, migration.dest_compute) == ('completed', row.dest)
    assert tuple(migration.attempted_hosts) == row.attempted
    assert server.states() == row.states
    assert server.fault is None
    assert cloud.claims_of(server) == {('server', row.dest)}


# -- rows that need two at once, or a conductor that is slow ----------------------------------
def test_guard_task_state_when_one_is_under_way_then_409_and_it_goes_on(cloud):
    server = cloud.boot('src')
    on_the_move(cloud, server)
    for version, more in (('2.6', {'disk_over_commit': False}), ('2.80', {})):
        answer = server.act('os-migrateLive', {'host': None, 'block_migration': False, **more},
                            version=version)
        assert answer.status == 409
        assert 'task_state migrating' in answer.error


def test_guard_race_when_several_come_at_once_then_one_202_and_others_409(cloud):
    """Better: Nova answers 500 to who loses."""
    server = cloud.boot('src')
    order = cloud.world.script('pre_live_migration', faults.HANG, uuid=server.uuid)
    answers = cloud.at_once(*[lambda: server.live_migrate('dst')] * 4)
    assert sorted(answer.status for answer in answers) == [202, 409, 409, 409]
    for answer in answers:
        assert answer.status == 202 or answer.body['conflictingRequest']['code'] == 409
    cloud.world.release(order)
    assert server.wait_status().status == 'completed'
    assert len(cloud.api.get(f'/os-migrations?instance_uuid={server.uuid}')['migrations']) == 1


def test_timeout_when_the_destination_does_not_answer_then_refused(cloud):
    """C, in the form that does not wait: in the other one the API's own wait ends first."""
    server = cloud.boot('src')
    cloud.options.set(long_rpc_timeout=1)
    driver(CHECK_DESTINATION, faults.HANG)(cloud, server)
    assert server.live_migrate('dst').status == 202
    server.wait_status()
    row = Refusal('C', ASKED, nothing, PRECHECK,
                  'Timeout while checking if we can live migrate to host: dst')
    assert_told(cloud, server, row)
    assert_event(server, row, CONDUCTOR_EVENTS[False])


def test_timeout_when_the_conductor_does_not_answer_then_the_outcome_is_open(cloud):
    server = cloud.boot('src')
    cloud.options.set(long_rpc_timeout=1)
    order = cloud.world.script('cleanup_live_migration_destination_check', faults.HANG)
    answer = server.live_migrate('dst', version='2.30')
    assert answer.status == 500
    assert answer.body['computeFault']['code'] == 500
    assert 'nova-lite-conductor' in answer.error
    assert server.fault.code == 500
    assert server.states() == ('active', 'migrating')
    cloud.world.release(order)
    server.wait_status()
    server.wait_task_over()


@pytest.mark.parametrize(('step', 'host', 'status'), [
    (CHECK_DESTINATION, 'dst', 'error'), (CHECK_SOURCE, 'src', 'error'),
    ('get_instance_disk_info', 'src', 'failed'), ('pre_live_migration', 'dst', 'failed'),
    ('cleanup_live_migration_destination_check', 'dst', 'completed')])
def test_check_when_a_disk_is_full_then_it_is_a_refusal_of_that_host_and_the_server_is_as_it_was(
        cloud, step, host, status):
    server = cloud.boot('src', disk=True)
    cloud.world.script(step, host=host, error='ENOSPC')
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert (migration.status, server.states()) == (status, ('active', None))
    if status != 'completed':
        assert f'on host {host}: No space left on device' in migration.reason
        assert f'on host {host}: No space left on device' in server.fault.message
        assert cloud.world.places(server.uuid) == {'src': 'running'}
        assert cloud.claims_of(server) == {('server', 'src')}


def test_check_when_the_disk_of_one_host_is_full_then_another_one_is_taken(cloud):
    server = cloud.boot('src')
    dst_is_best(cloud, server)
    cloud.world.script(CHECK_DESTINATION, host='dst', error='ENOSPC')
    assert server.live_migrate(None).status == 202
    migration = server.wait_status()
    assert (migration.status, migration.dest_compute) == ('completed', 'third')
    assert 'No space left on device' in migration.refusals['dst']


def test_check_when_what_it_made_cannot_be_removed_then_what_it_found_counts(cloud):
    server = cloud.boot('src')
    cloud.world.script('cleanup_live_migration_destination_check')
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    cloud.world.script('check_can_live_migrate_source', error='InvalidCPUInfo')
    assert server.live_migrate('src').status == 202
    assert 'CPU' in server.wait_status().reason
    assert server.states() == ('active', None)
