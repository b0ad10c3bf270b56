# SPDX-License-Identifier: Apache-2.0
"""Each host is a file of its own, and what two have in common happens to both or to none."""
import threading

import pytest

from nova_lite import utils
from nova_lite.virt.simulation import snapshot, state
from nova_lite.virt.simulation.store import Store
from nova_lite.virt.simulation.world import World
from tests.unit.virt.simulation.acts import UUID, boot, move


class Killed(BaseException):
    """As the process that is killed here never knows of."""


def test_hosts_when_they_have_nothing_in_common_then_neither_waits_for_the_other(world):
    boot(world)
    done = threading.Event()

    def other():
        boot(world, 'dst', UUID[:-1] + '2')
        done.set()

    with world.change('src'):
        threading.Thread(target=other, daemon=True).start()
        assert done.wait(20)


@pytest.mark.parametrize('writes', [0, 1, 2])
def test_move_when_its_process_is_killed_while_it_is_written_then_it_has_happened_or_not(
        world, clock, monkeypatch, writes):
    """After the decision all of it has: the next one to look finishes what was begun."""
    boot(world)
    move(world)
    clock.now += 60
    left, real = [writes], Store._write

    def dying(self, *args):
        if not left[0]:
            raise Killed
        left[0] -= 1
        return real(self, *args)

    monkeypatch.setattr(Store, '_write', dying)
    if writes < 2:
        with pytest.raises(Killed):
            world.places(UUID)
    else:
        world.places(UUID)
    monkeypatch.undo()
    other = World(world.path, clock=clock)
    assert other.places(UUID) == {'dst': state.RUNNING}
    assert other.violations == []


def test_host_when_it_is_read_while_it_is_written_then_is_read_again_afterwards(
        world, clock, monkeypatch):
    """A reader without the lock between the number and the text takes neither for the other."""
    other = World(world.path, clock=clock)
    real, seen = Store._replace, []

    def slow(path, text):
        seen.append(other.host('src').memory_mb)
        real(path, text)

    monkeypatch.setattr(Store, '_replace', staticmethod(slow))
    world.configure('src', memory_mb=7)
    assert seen == [65536]
    assert other.host('src').memory_mb == 7
    with other.change('src') as state_of_other:
        assert state_of_other.hosts['src'].memory_mb == 7


def test_version_when_it_is_read_while_it_is_written_then_its_reader_is_woken(
        world, monkeypatch):
    """Who has looked just before the change, and waits for the next one, is told of it."""
    other, real, seen = Store(world.path), Store._replace, []

    def slow(path, text):
        seen.append(other.versions(['src']))
        real(path, text)

    monkeypatch.setattr(Store, '_replace', staticmethod(slow))
    world.configure('src', memory_mb=7)
    monkeypatch.undo()
    monkeypatch.setattr(utils, 'sleep', lambda seconds: pytest.fail('it waits for another one'))
    other.wait(seen[0], ['src'], 20)


def test_snapshot_when_nothing_is_written_then_shows_all_hosts_and_files(world, clock):
    boot(world, disks=['disk'])
    seen = snapshot.read(world.path)
    assert {host: guest['state'] for host, guest in seen['guests'][UUID].items()} == {
        'src': state.RUNNING}
    assert seen['storages'] == {'src': {UUID: {}}, 'dst': {}}


def test_snapshot_when_a_commit_is_being_written_then_is_none(world, monkeypatch):
    boot(world)
    Store(world.path)._replace(f'{world.path}/commits/src+dst.json', '{}')
    monkeypatch.setattr(snapshot, 'TRIES', 2)
    with pytest.raises(TimeoutError):
        snapshot.read(world.path)
