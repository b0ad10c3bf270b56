# SPDX-License-Identifier: Apache-2.0
"""What libvirt would say of a guest, and who is told when that changes."""
import threading
import time

import pytest

from nova_lite import utils
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.abi import EventId, Lifecycle
from nova_lite.virt.simulation import events, hypervisor, state
from nova_lite.virt.simulation.connection import Connection
from nova_lite.virt.simulation.state import Guest, Host, Part, Shared, State
from nova_lite.virt.simulation.world import World
from tests.unit.virt.simulation.acts import UUID, boot, control, move


@pytest.fixture
def heard(world):
    """(event, detail) of what happens on the source from now on."""
    told = []
    connection = Connection(world, 'src')
    connection.domainEventRegisterAny(None, EventId.LIFECYCLE,
                                      lambda _c, domain, *event: told.append(event[:2]), None)
    yield told
    connection.close()


@pytest.mark.parametrize(('act', 'event'), [
    (hypervisor.suspend, (Lifecycle.SUSPENDED, 0)), (hypervisor.destroy, (Lifecycle.STOPPED, 1)),
    (hypervisor.shut_down, (Lifecycle.STOPPED, 0)), (hypervisor.save, (Lifecycle.STOPPED, 4))])
def test_event_when_something_is_done_to_a_guest_then_is_libvirts(world, heard, act, event):
    boot(world)
    heard.clear()
    control(world, act, 'src', UUID)
    assert heard == [event]


def test_events_when_another_process_acts_then_are_heard_at_the_next_look(world, clock, heard):
    boot(World(world.path, clock=clock))
    assert heard == []
    with world.look('src'):
        pass
    assert heard[-1] == (Lifecycle.STARTED, 0)


def test_loop_when_several_come_at_once_then_there_is_one(world, monkeypatch):
    begun, lines = [], threading.Barrier(4)

    def slowly(run, name):
        begun.append(name)
        time.sleep(0.05)    # for the others to come
        return run

    def listen():
        lines.wait(10)
        world.events.listen(Connection(world, 'src'), EventId.LIFECYCLE, print)

    monkeypatch.setattr(utils, 'native_thread', slowly)
    threads = [threading.Thread(target=listen) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert begun == ['simulated-event-loop']


def test_events_when_they_are_past_then_who_comes_later_is_not_told(world, heard):
    boot(world)
    later = []
    connection = Connection(world, 'src')
    connection.domainEventRegisterAny(None, EventId.LIFECYCLE,
                                      lambda _c, _d, *event: later.append(event[:2]), None)
    with world.look('src'):
        pass
    connection.close()
    assert later == [] and heard != []


def test_note_when_a_guest_has_moved_then_the_end_is_told_once_with_the_jobs_numbers(
        world, clock, heard):
    boot(world)
    move(world)
    clock.now += 60
    for _ in range(2):
        world.places(UUID)
    assert heard.count((Lifecycle.STOPPED, 3)) == 1     # migrated


def test_note_when_more_happens_than_is_kept_then_the_newest_is():
    guest = Guest(UUID, 'src', state.RUNNING, '')
    part, world = Part(Host('src')), State('', Shared())
    part.guests[UUID] = guest
    for number in range(events.KEPT + 5):
        guest.state = state.RUNNING if number % 2 else state.SHUTOFF
        events.note(world, {'src': part})
    assert len(part.events) == events.KEPT
    numbers = [one[0] for one in part.events]
    assert numbers == sorted(numbers) and numbers[0] > 1


@pytest.mark.parametrize(('kept', 'told'), [
    ((state.PAUSED, state.BY_USER), (abi.State.PAUSED, abi.Paused.USER)),
    ((state.PAUSED, state.POSTCOPY_FAILED), (abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED)),
    ((state.SHUTOFF, state.MIGRATED), (abi.State.SHUTOFF, abi.Shutoff.MIGRATED)),
    ((state.SAVED, ''), (abi.State.SHUTOFF, abi.Shutoff.SAVED)),
    ((state.SHUTOFF, state.UNKNOWN), (abi.State.SHUTOFF, abi.Shutoff.UNKNOWN))])
def test_domain_state_when_a_guest_stands_then_is_libvirts(kept, told):
    guest = Guest(UUID, 'src', kept[0], '')
    guest.reason = kept[1]
    assert events.domain_state(State('', Shared()), guest) == told
