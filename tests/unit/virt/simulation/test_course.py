# SPDX-License-Identifier: Apache-2.0
"""A simulated move: to its end, or to what befalls it on the way."""
import pytest

from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import course, hypervisor, jobs, model, state
from tests.unit.virt.simulation.acts import UUID, boot, control, move

MIB = model.MIB


# -- a move -----------------------------------------------------------------------------------
def test_move_when_nobody_looks_meanwhile_then_is_done_at_its_own_time(world, clock):
    boot(world)
    clock.now += 5
    move(world)
    clock.now += 3600
    assert world.places(UUID) == {'dst': state.RUNNING}
    guest = world.guest('dst', UUID)
    assert (guest.incoming, guest.persistent, guest.memory_ok) == (False, True, True)
    # it stood still for nothing but the few bytes at the end
    assert world.ticks('dst', UUID) == pytest.approx(36050, abs=1)
    assert world.job(UUID).status == state.COMPLETED
    assert world.violations == []


def test_move_when_under_way_then_the_half_at_the_destination_is_incoming(world, clock):
    boot(world)
    move(world)
    clock.now += 5
    assert world.places(UUID) == {'src': state.RUNNING, 'dst': state.PAUSED}
    half = world.guest('dst', UUID)
    assert (half.incoming, half.persistent) == (True, False)
    with world.look() as now:
        reading = jobs.stats(now, now.jobs[UUID], abi.Operation.MIGRATION_OUT)
    assert reading['memory_processed'] == pytest.approx(490 * MIB, abs=2)


def test_ticks_when_guest_moved_then_go_on_without_a_gap_but_the_pause(world, clock):
    boot(world, dirty_rate=60)
    move(world)
    clock.now += 100
    job = world.job(UUID)
    pause = job.copy.arrived_at - job.copy.stopped_at
    assert 0 < pause <= 0.3 + 0.001
    assert world.guest('dst', UUID).uptime(100) == pytest.approx(100 - pause)
    assert world.guest('dst', UUID).boot_id != ''


def test_abort_when_running_then_guest_stays_and_half_goes(world, clock):
    boot(world)
    move(world)
    clock.now += 5
    control(world, jobs.abort, UUID, 'src')
    clock.now += 100
    assert world.places(UUID) == {'src': state.RUNNING}
    assert world.job(UUID).status == state.CANCELLED
    assert world.ticks('src', UUID) == 1050
    with pytest.raises(libvirtError, match='no job is active'):
        control(world, jobs.abort, UUID, 'src')


def test_pause_when_copy_does_not_converge_then_it_ends_and_the_guest_runs_there(world, clock):
    boot(world, dirty_rate=150)
    move(world)
    clock.now += 60
    assert world.places(UUID)['src'] == state.RUNNING
    control(world, hypervisor.suspend, 'src', UUID)
    clock.now += 60
    assert world.places(UUID) == {'dst': state.RUNNING}


def test_move_when_guest_is_paused_then_it_is_paused_there(world, clock):
    boot(world)
    control(world, hypervisor.suspend, 'src', UUID)
    move(world)
    clock.now += 60
    assert world.places(UUID) == {'dst': state.PAUSED}
    control(world, hypervisor.resume, 'dst', UUID)
    clock.now += 1
    assert world.ticks('dst', UUID) == 10


def test_terms_when_changed_on_the_way_then_count_from_then_on(world, clock):
    boot(world, dirty_rate=150)
    move(world)
    clock.now += 60
    control(world, jobs.tune, UUID, 'src', bandwidth=1000)
    clock.now += 10
    assert world.places(UUID) == {'dst': state.RUNNING}


# -- what befalls a move ----------------------------------------------------------------------
def test_link_when_down_for_long_then_copy_fails_and_half_goes_when_it_is_up(world, clock):
    boot(world)
    move(world)
    clock.now += 5
    world.cut_link('src', 'dst')
    sent = world.job(UUID).copy.sent
    clock.now += course.KEEPALIVE - 1
    assert world.job(UUID).active
    assert world.job(UUID).copy.sent == sent
    clock.now += 2
    assert world.job(UUID).status == state.FAILED
    assert world.places(UUID) == {'src': state.RUNNING, 'dst': state.PAUSED}
    world.mend_link('dst', 'src')
    assert world.places(UUID) == {'src': state.RUNNING}
    assert world.ticks('src', UUID) == pytest.approx(10 * (5 + course.KEEPALIVE + 1), abs=1)


def test_link_when_down_shortly_then_copy_goes_on(world, clock):
    boot(world)
    move(world)
    clock.now += 5
    world.cut_link('src', 'dst')
    clock.now += 10
    world.mend_link('src', 'dst')
    clock.now += 6
    assert world.places(UUID) == {'dst': state.RUNNING}


@pytest.mark.parametrize('stopped', ['src', 'dst'])
def test_hypervisor_when_it_goes_then_half_goes_and_guest_runs_on(world, clock, stopped):
    boot(world)
    move(world)
    clock.now += 5
    world.stop_hypervisor(stopped)
    with pytest.raises(libvirtError, match='is down'):
        with world.change(stopped):
            pass
    assert world.places(UUID) == {'src': state.RUNNING}
    assert world.job(UUID).status == state.FAILED
    world.start_hypervisor(stopped)
    move(world)
    clock.now += 60
    assert world.places(UUID) == {'dst': state.RUNNING}


@pytest.mark.parametrize(('gone', 'left'), [('src', {'src': state.SHUTOFF}),
                                            ('dst', {'src': state.RUNNING})])
def test_side_when_it_ends_in_the_middle_then_copy_fails(world, clock, gone, left):
    boot(world)
    move(world)
    clock.now += 5
    if gone == 'src':
        control(world, hypervisor.shut_down, 'src', UUID)
    else:
        control(world, hypervisor.destroy, 'dst', UUID)
    assert world.places(UUID) == left
    assert world.job(UUID).status == state.FAILED
    assert world.violations == []


def test_postcopy_when_switched_then_guest_runs_there_and_arrives(world, clock):
    boot(world, dirty_rate=150)
    move(world)
    clock.now += 60
    control(world, jobs.switch_to_postcopy, UUID, 'src')
    assert world.places(UUID) == {'src': state.PAUSED, 'dst': state.RUNNING}
    assert world.guest('dst', UUID).incoming
    with pytest.raises(libvirtError, match='post-copy mode'):
        control(world, jobs.abort, UUID, 'src')
    clock.now += 20
    assert world.places(UUID) == {'dst': state.RUNNING}
    assert world.ticks('dst', UUID) == 800
    assert world.violations == []


def test_postcopy_when_link_is_cut_and_mended_then_guest_goes_on_and_definition_stays(
        world, clock):
    boot(world, dirty_rate=150)
    move(world)
    clock.now += 60
    control(world, jobs.switch_to_postcopy, UUID, 'src')
    clock.now += 1
    world.cut_link('src', 'dst')
    clock.now += 40
    assert world.ticks('dst', UUID) == 610
    assert world.guest('src', UUID).reason == 'post-copy failed'
    world.mend_link('src', 'dst')
    clock.now += 20
    assert world.places(UUID) == {'src': state.SHUTOFF, 'dst': state.RUNNING}
    assert world.ticks('dst', UUID) == 810


def test_postcopy_when_cut_is_sticky_then_guest_stays_stuck(world, clock):
    boot(world, dirty_rate=150)
    move(world)
    clock.now += 60
    control(world, jobs.switch_to_postcopy, UUID, 'src')
    world.cut_link('src', 'dst', sticky=True)
    clock.now += 40
    world.mend_link('src', 'dst')
    clock.now += 3600
    assert world.ticks('dst', UUID) == 600
    assert world.job(UUID).active
