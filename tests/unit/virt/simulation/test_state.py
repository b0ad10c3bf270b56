# SPDX-License-Identifier: Apache-2.0
"""What is kept of the simulated world is read as it was written."""
from nova_lite.virt.simulation import faults, state
from nova_lite.virt.simulation.store import Store
from tests.unit.virt.simulation.acts import boot, move


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


def test_gather_when_scattered_again_then_each_guest_is_with_its_host(world):
    boot(world)
    move(world)
    store = Store(world.path)
    parts = [store.part('src'), store.part('dst')]
    gathered = state.gather(world.path, store.shared(), parts, 0.0)
    [copies] = gathered.guests.values()
    assert sorted(copies) == ['dst', 'src'] and len(gathered.jobs) == 1
    before = [state.dump(part) for part in parts]
    state.scatter(gathered, parts)
    assert [state.dump(part) for part in parts] == before


def test_link_when_named_from_either_end_then_is_the_same():
    assert state.link('a', 'b') == state.link('b', 'a') != state.link('a', 'c')
