# SPDX-License-Identifier: Apache-2.0
"""What somebody else does to a guest is shown when the hypervisor says it, without a look of
sync_power_state_interval; of a server that is busy nothing is written."""
import queue
import time

import pytest

from nova_lite.migration import power_state
from nova_lite.migration.migration_states import COMPLETED
from nova_lite.virt.simulation import World, faults
from nova_lite.virt.simulation.virsh import Virsh

SOON = 1.0      # s


@pytest.fixture
def looks(cloud, monkeypatch):
    """``looks(host)``: a queue of (servers that are looked at, those to be looked at again)."""
    def listen(host):
        servers, seen = cloud.compute(host).servers, queue.Queue()
        real = servers.sync_changed

        def sync_changed(ctxt, uuids, is_elsewhere):
            again = real(ctxt, uuids, is_elsewhere)
            seen.put((set(uuids), again))
            return again

        monkeypatch.setattr(servers, 'sync_changed', sync_changed)
        return seen
    return listen


def look_at(seen, uuid):
    """Wait for a look at the server; is another one needed?"""
    while True:
        uuids, again = seen.get(timeout=30)
        if uuid in uuids:
            return uuid in again


@pytest.mark.parametrize('by', ['this process', 'another process'])
def test_server_when_somebody_acts_by_hand_then_is_what_its_guest_is_within_a_second(cloud, by):
    server = cloud.boot('src')
    world = cloud.world if by == 'this process' else World(cloud.world.path,
                                                           cloud.world.time_scale)
    virsh, times = Virsh(world, 'src'), []
    for act, vm_state, power in ((virsh.suspend, 'paused', power_state.PAUSED),
                                 (virsh.resume, 'active', power_state.RUNNING),
                                 (virsh.destroy, 'stopped', power_state.SHUTDOWN),
                                 (virsh.start, 'active', power_state.RUNNING)):
        act(server.uuid)
        begin = time.monotonic()
        server.wait(lambda server: server.states() == (vm_state, None), vm_state)
        times.append(time.monotonic() - begin)
        assert server.record.power_state == power
    assert min(times) < SOON, times     # not each: the machine has other work too
    assert server.act('pause').status == 202
    server.wait(lambda server: server.states() == ('paused', None), 'paused')


def test_guest_when_migrated_by_hand_then_the_server_is_soon_shown_where_it_is(cloud):
    server = cloud.boot('src')
    Virsh(cloud.world, 'src').migrate(server.uuid, 'third')
    server.wait(lambda server: server.fault, 'fault')
    assert server.states() == ('error', None)
    assert 'is on host third (running), not on host src' in server.fault.message


def test_suspend_when_a_move_is_prepared_then_nothing_is_written_before_its_end(cloud, looks):
    server, seen = cloud.boot('src'), looks('src')
    order = cloud.world.script('pre_live_migration', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    before = server.record.obj_to_primitive()
    Virsh(cloud.world, 'src').suspend(server.uuid)
    assert look_at(seen, server.uuid) and look_at(seen, server.uuid)
    assert server.record.obj_to_primitive() == before
    cloud.world.release(order)
    assert server.wait_status().status == COMPLETED
    server.wait(lambda server: server.states() == ('paused', None), 'paused')


def test_suspend_when_the_move_has_ended_but_for_its_record_then_it_is_shown_after_it(
        cloud, looks):
    server, seen = cloud.boot('src'), looks('dst')
    order = cloud.world.script('post_live_migration_at_source', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    before = server.record.obj_to_primitive()
    Virsh(cloud.world, 'dst').suspend(server.uuid)
    assert look_at(seen, server.uuid)
    assert server.record.obj_to_primitive() == before
    cloud.world.release(order)
    assert server.wait_status().status == COMPLETED
    server.wait(lambda server: server.states() == ('paused', None), 'paused')


def test_move_when_nobody_else_acts_then_the_destination_looks_at_nothing(cloud, looks):
    server, seen = cloud.boot('src'), looks('dst')
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == COMPLETED
    other = cloud.boot('dst')
    assert not look_at(seen, other.uuid)
    assert seen.empty()
