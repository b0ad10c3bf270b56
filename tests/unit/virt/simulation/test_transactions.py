# SPDX-License-Identifier: Apache-2.0
"""The simulated world outlives processes, changes are whole, and waits end."""
import pytest

from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import state
from nova_lite.virt.simulation.world import World
from tests.unit.virt.simulation.acts import UUID, boot, move


def test_directory_when_another_process_opens_it_then_the_world_goes_on(tmp_path, clock):
    first = World(str(tmp_path), clock=clock)
    for host in ('src', 'dst'):
        first.add_host(host, bandwidth=100)
    boot(first)
    move(first)
    clock.now += 5
    second = World(str(tmp_path), clock=clock)
    clock.now += 10
    assert second.places(UUID) == first.places(UUID) == {'dst': state.RUNNING}
    assert second.ticks('dst', UUID) == 150


def test_directory_when_opened_with_another_time_scale_then_its_clock_does_not_jump(
        tmp_path, clock):
    first = World(str(tmp_path), clock=clock)
    clock.now += 10
    second = World(str(tmp_path), time_scale=0.1, clock=clock)
    with second.look() as now:
        assert now.now == 10
    clock.now += 1
    with first.look() as now:
        assert now.now == pytest.approx(20)


def test_directory_when_two_change_it_in_turns_then_nothing_is_lost(tmp_path, clock):
    worlds = [World(str(tmp_path), clock=clock) for _ in range(2)]
    worlds[0].add_host('one', vcpus=0)
    for number in range(200):
        with worlds[number % 2].change('one') as now:
            now.hosts['one'].vcpus += 1
    with worlds[0].look() as now:
        assert now.hosts['one'].vcpus == 200


def test_directory_when_a_change_fails_half_way_then_nothing_of_it_stays(tmp_path, clock):
    world = World(str(tmp_path), clock=clock)
    world.add_host('one', vcpus=1)
    with pytest.raises(RuntimeError):
        with world.change() as now:
            now.hosts['one'].vcpus = 99
            raise RuntimeError
    with world.look() as now:
        assert now.hosts['one'].vcpus == 1


def test_wait_for_when_it_does_not_come_true_then_says_what(world):
    with pytest.raises(TimeoutError, match='pigs fly'):
        world.wait_for(lambda now: False, 0.01, 'pigs fly')


def test_wait_until_when_time_brings_it_then_returns_what_was_met(tmp_path):
    fast = World(str(tmp_path), time_scale=0.01)
    for host in ('src', 'dst'):
        fast.add_host(host)
    boot(fast)
    move(fast)
    assert fast.wait_until(lambda now: [*now.guests[UUID]] == ['dst'], 20, 'src', 'dst')


def test_look_when_a_guest_is_on_its_way_then_its_other_host_is_there_too(world):
    world.add_host('third')
    boot(world)
    move(world)
    with world.look('dst') as now:
        assert set(now.hosts) == {'src', 'dst'}


def test_look_when_the_hypervisor_of_the_host_is_down_then_refused_and_that_of_another_is_not(
        world):
    world.stop_hypervisor('src')
    with pytest.raises(libvirtError):
        with world.look('src'):
            pass
    with world.look('dst') as now:
        assert now.hosts['dst'].up
