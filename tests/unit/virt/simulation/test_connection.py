# SPDX-License-Identifier: Apache-2.0
"""libvirt's calls on a simulated hypervisor: states, numbers, events and errors are libvirt's."""
import queue
import threading

import pytest

from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import connection as connections
from nova_lite.virt.simulation import faults
from nova_lite.virt.simulation.connection import Connection
from nova_lite.virt.simulation.virsh import Virsh
from nova_lite.virt.simulation.world import World
from tests.unit.virt.simulation.acts import USUAL, UUID, boot, move, xml

SCALE = 0.05


@pytest.fixture
def fast(tmp_path):
    """A world whose time goes by itself."""
    world = World(str(tmp_path / 'fast'), SCALE)
    for host in ('src', 'dst'):
        world.add_host(host)
    return world


def test_domain_when_defined_started_and_stopped_then_says_what_libvirt_would(world, options):
    domain = Connection(world, 'src').defineXML(xml())
    seen = [domain.state()]
    for act in (domain.create, domain.suspend, domain.resume, domain.managedSave, domain.create,
                domain.destroy, domain.create, domain.shutdown):
        act()
        seen.append(domain.state())
    assert seen == [[5, 0], [1, 1], [3, 1], [1, 1], [5, 5], [1, 1], [5, 2], [1, 1], [5, 1]]
    domain.undefineFlags(0)
    with pytest.raises(libvirtError) as caught:
        domain.state()
    assert caught.value.get_error_code() == abi.Error.NO_DOMAIN


@pytest.mark.parametrize('act', ['create', 'suspend', 'resume', 'destroy', 'abortJob'])
def test_act_when_the_state_is_wrong_then_invalid(world, act):
    boot(world)
    domain = Connection(world, 'src').domain(UUID)
    if act != 'create' and act != 'abortJob':
        domain.destroy()
    with pytest.raises(libvirtError) as caught:
        getattr(domain, act)()
    assert caught.value.get_error_code() == abi.Error.OPERATION_INVALID


def test_suspend_when_it_is_copied_then_the_reason_is_the_migrations_and_qemu_knows_better(world):
    boot(world)
    move(world)
    domain = Connection(world, 'src').domain(UUID)
    domain.suspend()
    assert domain.state() == [abi.State.PAUSED, abi.Paused.MIGRATION]
    assert '"paused"' in domain.qemuMonitorCommand('{"execute": "query-status"}', 0)
    domain.abortJob()
    assert domain.state() == [abi.State.RUNNING, 1]     # as libvirt has it


def test_job_when_under_way_then_both_sides_tell_of_it(world, clock):
    boot(world)
    move(world)
    clock.now += 5
    there = Connection(world, 'dst').domain(UUID)
    job = Connection(world, 'src').domain(UUID).jobStats()
    assert (job['type'], job['operation']) == (abi.Job.UNBOUNDED, abi.Operation.MIGRATION_OUT)
    assert 0 < job['memory_processed'] < job['memory_total'] == 1000 * 2 ** 20
    assert there.jobStats()['operation'] == abi.Operation.MIGRATION_IN
    assert there.state() == [abi.State.PAUSED, abi.Paused.MIGRATION] and not there.isPersistent()
    clock.now += 60
    assert there.jobStats() == {'type': abi.Job.NONE}
    assert there.state()[0] == abi.State.RUNNING and there.isPersistent()


@pytest.mark.parametrize(('step', 'code'), [
    ('live_migration@50', abi.Error.OPERATION_FAILED),
    ('live_migration@finish', abi.Error.INTERNAL_ERROR), (None, None)])
def test_migrate_when_it_ends_then_returns_or_raises_as_libvirt(fast, step, code):
    boot(fast)
    if step:
        fast.script(step, faults.FAIL)
    domain = Connection(fast, 'src').domain(UUID)
    if code is None:
        assert domain.migrateToURI3('qemu+tcp://dst/system', {}, int(USUAL)) == 0
        return
    with pytest.raises(libvirtError) as caught:
        domain.migrateToURI3('qemu+tcp://dst/system', {}, int(USUAL))
    assert caught.value.get_error_code() == code


def test_migrate_when_aborted_then_says_so(fast):
    boot(fast)
    order = fast.script('live_migration@50', faults.HANG)
    ended = []

    def migrate():
        try:
            Connection(fast, 'src').domain(UUID).migrateToURI3('simulated:///dst', {}, int(USUAL))
        except libvirtError as error:
            ended.append(error.get_error_code())

    thread = threading.Thread(target=migrate)
    thread.start()
    fast.wait_hit(order)
    Connection(fast, 'src').domain(UUID).abortJob()
    thread.join(20)
    assert ended == [abi.Error.OPERATION_ABORTED]


def test_events_when_a_guest_moves_then_the_source_hears_of_passes_and_of_the_end(fast):
    boot(fast, dirty_rate=500)
    connection, heard, over = Connection(fast, 'src'), [], threading.Event()
    connection.domainEventRegisterAny(None, abi.EventId.LIFECYCLE,
                                      lambda _c, _d, *event: heard.append(event[:2]), None)
    connection.domainEventRegisterAny(None, abi.EventId.MIGRATION_ITERATION,
                                      lambda _c, _d, number, _o: heard.append(number), None)
    connection.domainEventRegisterAny(None, abi.EventId.JOB_COMPLETED,
                                      lambda _c, _d, stats, _o: over.set(), None)
    connection.domain(UUID).migrateToURI3('qemu+tcp://dst/system', {}, int(USUAL))
    assert over.wait(20)
    assert 2 in heard
    stopped, gone = (abi.Lifecycle.SUSPENDED, 1), (abi.Lifecycle.STOPPED, 3)
    assert gone in heard or stopped in heard
    connection.close()
    assert not connection.isAlive()


def hear_lifecycle(connection):
    """A queue of (event, detail)."""
    heard = queue.Queue()
    connection.domainEventRegisterAny(None, abi.EventId.LIFECYCLE,
                                      lambda _c, _d, *event: heard.put(event[:2]), None)
    return heard


@pytest.mark.parametrize('by', ['this process', 'another'])
def test_events_when_somebody_acts_by_hand_then_are_told_at_once_with_libvirts_numbers(fast, by):
    boot(fast)
    heard = hear_lifecycle(Connection(fast, 'src'))
    virsh = Virsh(fast if by == 'this process' else World(fast.path, SCALE), 'src')
    for act, event in ((virsh.suspend, (3, 0)), (virsh.resume, (4, 0)), (virsh.destroy, (5, 1)),
                       (virsh.start, (2, 0))):
        act(UUID)
        assert heard.get(timeout=10) == event
    assert heard.empty()


def test_events_when_a_guest_moves_then_each_says_that_a_migration_did_it(fast):
    boot(fast)
    source, dest = (hear_lifecycle(Connection(fast, host)) for host in ('src', 'dst'))
    Virsh(World(fast.path, SCALE), 'src').migrate(UUID, 'dst')
    assert [dest.get(timeout=10) for _ in range(2)] == [abi.STARTED_MIGRATED, abi.RESUMED_MIGRATED]
    last = source.get(timeout=10)
    while last != abi.STOPPED_MIGRATED:
        assert last == abi.SUSPENDED_MIGRATED
        last = source.get(timeout=10)
    assert dest.empty() and source.empty()


def test_connection_when_the_hypervisor_goes_then_is_broken_and_another_is_refused(world):
    connection = Connection(world, 'src')
    world.stop_hypervisor('src')
    assert not connection.isAlive()
    for call in (connection.getVersion, connection.listAllDomains,
                 lambda: Connection(world, 'src')):
        with pytest.raises(libvirtError) as caught:
            call()
        assert caught.value.get_error_code() == abi.Error.SYSTEM_ERROR


def test_call_when_the_hypervisor_answers_nobody_then_waits_and_the_keepalive_ends_it(
        fast, monkeypatch):
    boot(fast)
    connection, done = Connection(fast, 'src'), []
    fast.configure('src', held=True)
    waiting = threading.Thread(target=lambda: done.append(connection.getVersion()))
    waiting.start()
    waiting.join(0.1)
    assert done == []
    fast.configure('src', held=False)
    waiting.join(20)
    assert len(done) == 1
    fast.configure('src', held=True)
    monkeypatch.setattr(connections.course, 'KEEPALIVE', 1.0)
    with pytest.raises(libvirtError):
        connection.getVersion()
    assert not connection.isAlive()
