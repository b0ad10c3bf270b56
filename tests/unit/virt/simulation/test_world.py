# SPDX-License-Identifier: Apache-2.0
"""The simulated world outlives processes, and its waits end."""

import pytest

from nova_lite.virt.simulation import faults, state
from nova_lite.virt.simulation.store import Store
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


def test_data_when_dumped_and_loaded_then_is_the_same(world, clock):
    for host in ('src', 'dst'):
        world.configure(host, storage='shared')
    boot(world, disks=['disk', 'disk.eph0'])
    world.script('live_migration@90', faults.HANG)
    move(world)
    world.cut_link('src', 'dst')
    store = Store(world.path)
    for data in (store.part('src'), store.part('dst'), store.shared()):
        again = state.load(type(data), state.dump(data))
        again.now = getattr(data, 'now', 0.0)
        assert vars(again) == {**vars(data), 'now': again.now}


def test_wait_for_when_it_does_not_come_true_then_says_what(world):
    with pytest.raises(TimeoutError, match='pigs fly'):
        world.wait_for(lambda now: False, 0.01, 'pigs fly')
