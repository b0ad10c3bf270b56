# SPDX-License-Identifier: Apache-2.0
"""A guest's clock stands while it does not run, and what must never be is written down."""
import pytest

from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import guests, state
from tests.unit.virt.simulation.acts import UUID, boot, move, xml


def test_guest_when_it_runs_twice_then_that_is_written_down(world):
    boot(world)
    boot(world, 'dst')
    assert world.violations == [f'guest {UUID} runs on dst and src']


def test_guest_when_it_runs_here_and_arrives_there_then_its_memory_is_bad(world, clock):
    boot(world)
    move(world)
    with world.change() as now:
        guests.run(now, guests.get(now, 'dst', UUID))
    assert world.violations == [f'guest {UUID} runs on dst and src']
    assert not world.guest('src', UUID).memory_ok


def test_ticks_when_it_stands_for_a_while_then_none_are_counted(world, clock):
    boot(world)
    clock.now += 5
    with world.change('src') as now:
        guests.stand(now, guests.get(now, 'src', UUID), state.BY_USER)
    clock.now += 5
    ticks = world.ticks('src', UUID)
    with world.change('src') as now:
        guests.run(now, guests.get(now, 'src', UUID))
    clock.now += 1
    assert 0 < ticks < world.ticks('src', UUID) < 2 * ticks


def test_define_when_it_is_there_already_then_the_new_definition_replaces_the_former(world):
    boot(world)
    with world.change('src') as now:
        guest = guests.define(now, 'src', xml(dirty_rate=7.0, memory_mb=500))
        assert (guest.dirty_rate, guest.memory_mb, guest.working_set) == (7.0, 500, 500)
        assert guest.state == state.RUNNING and guests.on_host(now, 'src') == [guest]


def test_get_when_the_host_does_not_know_it_then_no_domain(world):
    with world.look('src') as now, pytest.raises(libvirtError) as caught:
        guests.get(now, 'src', UUID)
    assert caught.value.get_error_code() == abi.Error.NO_DOMAIN
