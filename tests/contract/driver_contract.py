# SPDX-License-Identifier: Apache-2.0
"""The tests of the driver contract: see the package for what they need."""
import threading

import pytest

from nova_lite import exception
from nova_lite.migration import power_state, vm_states
from nova_lite.virt import driver as virt_driver
from tests.contract import moves
from tests.contract.moves import check, move, prepare, spawned


# -- a host and its guests ----------------------------------------------------------------------
def test_resources_when_asked_then_fill_the_host_record(hypervisors):
    values = hypervisors.source.get_available_resource()
    assert values.keys() >= {
        'hypervisor_hostname', 'hypervisor_type', 'hypervisor_version', 'vcpus', 'memory_mb',
        'local_gb', 'disk_available_least', 'running_vms', 'cpu_info', 'supported_instances',
        'host_ip'}
    assert min(values['vcpus'], values['memory_mb'], values['hypervisor_version']) > 0


def test_guest_when_spawned_then_runs_and_when_destroyed_is_gone(hypervisors):
    instance, driver = hypervisors.new_instance(disk=True), hypervisors.source
    driver.spawn(hypervisors.ctxt, instance)
    assert instance.uuid in driver.list_instance_uuids()
    info = driver.get_info(instance)
    assert (info.state, info.incoming, info.persistent) == (power_state.RUNNING, False, True)
    for _ in range(2):
        driver.destroy(hypervisors.ctxt, instance)
        assert instance.uuid not in driver.list_instance_uuids()
        with pytest.raises(exception.InstanceNotFound):
            driver.get_info(instance)


def test_guest_when_power_and_pause_are_switched_then_state_follows(hypervisors):
    driver, ctxt = hypervisors.source, hypervisors.ctxt
    instance = spawned(hypervisors)
    for act, state in ((lambda: driver.pause(instance), power_state.PAUSED),
                       (lambda: driver.unpause(instance), power_state.RUNNING),
                       (lambda: driver.power_off(ctxt, instance), power_state.SHUTDOWN),
                       (lambda: driver.power_off(ctxt, instance), power_state.SHUTDOWN),
                       (lambda: driver.power_on(ctxt, instance), power_state.RUNNING),
                       (lambda: driver.power_on(ctxt, instance), power_state.RUNNING),
                       (lambda: driver.reboot(ctxt, instance, 'HARD'), power_state.RUNNING),
                       (lambda: driver.suspend(ctxt, instance), power_state.SHUTDOWN),
                       (lambda: driver.resume(ctxt, instance), power_state.RUNNING)):
        act()
        assert driver.get_info(instance).state == state


def test_guest_when_rebooted_while_its_memory_is_saved_then_boots_anew(hypervisors):
    driver, ctxt = hypervisors.source, hypervisors.ctxt
    instance = spawned(hypervisors)
    hypervisors.ticks(driver, instance)
    hypervisors.wait(5)
    before = hypervisors.ticks(driver, instance)
    driver.suspend(ctxt, instance)
    driver.reboot(ctxt, instance, 'HARD')
    assert driver.get_info(instance).state == power_state.RUNNING
    assert hypervisors.ticks(driver, instance) < before


# -- a move -------------------------------------------------------------------------------------
@pytest.mark.parametrize(('disk', 'block'), [(False, False), (False, None), (True, True),
                                             (True, None)])
def test_move_when_nothing_is_wrong_then_guest_lives_over_there(hypervisors, disk, block):
    instance = spawned(hypervisors, disk=disk)
    before = hypervisors.ticks(hypervisors.source, instance)
    readings = []
    data = prepare(hypervisors, instance, block)
    outcome = move(hypervisors, instance, data, readings.append)
    assert outcome.status == virt_driver.COMPLETED, outcome.reason
    assert outcome.progress.memory_total > 0
    assert all(reading.memory_total >= 0 for reading in readings)
    info = hypervisors.destination.post_live_migration_at_destination(
        hypervisors.ctxt, instance, data)
    assert (info.state, info.incoming, info.persistent) == (power_state.RUNNING, False, True)
    for _ in range(2):
        hypervisors.source.post_live_migration_at_source(hypervisors.ctxt, instance, data)
    assert instance.uuid not in hypervisors.source.list_instance_uuids()
    hypervisors.wait(1)
    assert hypervisors.ticks(hypervisors.destination, instance) > before


def test_move_when_guest_is_paused_then_it_is_paused_there(hypervisors):
    instance = spawned(hypervisors)
    hypervisors.source.pause(instance)
    instance.vm_state = vm_states.PAUSED
    data = prepare(hypervisors, instance)
    assert move(hypervisors, instance, data).status == virt_driver.COMPLETED
    info = hypervisors.destination.post_live_migration_at_destination(
        hypervisors.ctxt, instance, data)
    assert info.state == power_state.PAUSED


# libvirt itself keeps a resume waiting until a copy is over: see tests/functional for the other
@pytest.mark.parametrize('paused', [True])
def test_move_when_others_pause_the_guest_or_let_it_go_on_meanwhile_then_it_arrives_so(
        hypervisors, paused):
    hypervisors.narrow()
    instance = spawned(hypervisors, busy=True)
    if not paused:
        hypervisors.source.pause(instance)
        instance.vm_state = vm_states.PAUSED
    data = prepare(hypervisors, instance)
    with moves.running(hypervisors, instance, data) as started:
        hypervisors.source.live_migration_set_bandwidth(instance, 1)
        act = hypervisors.source.pause if paused else hypervisors.source.unpause
        act(instance)
        started.wait_seen(hypervisors.timeout)
        hypervisors.source.live_migration_set_bandwidth(instance, 1000)
        if not paused:
            hypervisors.source.live_migration_force_complete(instance)
    assert started.outcome.status == virt_driver.COMPLETED, started.outcome.reason
    assert started.outcome.paused == paused
    data.paused = started.outcome.paused
    for _ in range(2):
        info = hypervisors.destination.post_live_migration_at_destination(
            hypervisors.ctxt, instance, data)
        assert info.state == (power_state.PAUSED if paused else power_state.RUNNING)


def test_move_when_others_pause_the_guest_and_it_fails_then_it_stays_paused(hypervisors):
    hypervisors.narrow()
    instance = spawned(hypervisors, busy=True)
    data = prepare(hypervisors, instance)
    with moves.running(hypervisors, instance, data) as started:
        hypervisors.source.pause(instance)
        started.wait_seen(hypervisors.timeout)
        hypervisors.source.live_migration_abort(instance)
    assert started.outcome.status == virt_driver.CANCELLED
    hypervisors.source.rollback_live_migration_at_source(hypervisors.ctxt, instance, data)
    assert hypervisors.source.get_info(instance).state == power_state.PAUSED


def test_move_when_receiver_of_progress_fails_then_goes_on(hypervisors):
    def fail(progress):
        raise RuntimeError('nobody listens')

    instance = spawned(hypervisors)
    data = prepare(hypervisors, instance)
    assert move(hypervisors, instance, data, fail).status == virt_driver.COMPLETED


def test_move_when_destination_was_not_prepared_then_fails_and_guest_stays(hypervisors):
    instance = spawned(hypervisors, disk=True)
    data = check(hypervisors, instance, True)
    assert move(hypervisors, instance, data).status == virt_driver.FAILED
    assert hypervisors.source.get_info(instance).state == power_state.RUNNING
    hypervisors.destination.rollback_live_migration_at_destination(
        hypervisors.ctxt, instance, data)
    assert instance.uuid not in hypervisors.destination.list_instance_uuids()


@pytest.mark.parametrize('dest', ['no such host', 'host/system?command=x', ''])
def test_move_when_destination_is_no_host_name_then_refused(hypervisors, dest):
    instance = spawned(hypervisors)
    with pytest.raises(exception.InvalidHostname):
        hypervisors.source.live_migration(hypervisors.ctxt, instance, dest,
                                          check(hypervisors, instance), lambda progress: None)


# -- a move that ends otherwise -----------------------------------------------------------------
def test_move_when_aborted_then_guest_stays_and_can_move_again(hypervisors):
    instance = spawned(hypervisors, busy=True)
    data = prepare(hypervisors, instance)
    with moves.running(hypervisors, instance, data) as started:
        hypervisors.source.live_migration_abort(instance)
    assert started.outcome.status == virt_driver.CANCELLED
    for _ in range(2):
        hypervisors.destination.rollback_live_migration_at_destination(
            hypervisors.ctxt, instance, data)
        hypervisors.source.rollback_live_migration_at_source(hypervisors.ctxt, instance, data)
    assert instance.uuid not in hypervisors.destination.list_instance_uuids()
    assert hypervisors.source.get_info(instance).state == power_state.RUNNING
    hypervisors.source.reboot(hypervisors.ctxt, instance, 'HARD')
    again = prepare(hypervisors, instance)
    with moves.running(hypervisors, instance, again) as started:
        hypervisors.source.live_migration_force_complete(instance)
    assert started.outcome.status == virt_driver.COMPLETED


def test_move_when_forced_to_complete_then_busy_guest_runs_over_there(hypervisors):
    instance = spawned(hypervisors, busy=True)
    data = prepare(hypervisors, instance)
    with moves.running(hypervisors, instance, data) as started:
        hypervisors.source.live_migration_force_complete(instance)
    assert started.outcome.status == virt_driver.COMPLETED, started.outcome.reason
    info = hypervisors.destination.post_live_migration_at_destination(
        hypervisors.ctxt, instance, data)
    assert info.state == power_state.RUNNING


def test_move_when_guest_is_switched_off_on_the_way_then_is_not_completed(hypervisors):
    instance = spawned(hypervisors, busy=True)
    data = prepare(hypervisors, instance)
    with moves.running(hypervisors, instance, data) as started:
        hypervisors.source.power_off(hypervisors.ctxt, instance)
    assert started.outcome.status == virt_driver.FAILED
    hypervisors.destination.rollback_live_migration_at_destination(
        hypervisors.ctxt, instance, data)
    assert hypervisors.source.get_info(instance).state == power_state.SHUTDOWN
    assert instance.uuid not in hypervisors.destination.list_instance_uuids()


def test_move_when_half_way_then_destination_shows_an_incoming_half(hypervisors):
    instance = spawned(hypervisors, busy=True)
    data = prepare(hypervisors, instance)
    with moves.running(hypervisors, instance, data):
        info = hypervisors.destination.get_info(instance)
        with pytest.raises(exception.InstanceNotRunning):
            hypervisors.destination.post_live_migration_at_destination(
                hypervisors.ctxt, instance, data)
        assert hypervisors.source.list_departing() == {instance.uuid}
        assert hypervisors.destination.list_departing() == set()
        hypervisors.source.live_migration_abort(instance)
    assert hypervisors.source.list_departing() == set()
    assert info.incoming and not info.persistent


@pytest.mark.parametrize('control', ['live_migration_abort', 'live_migration_force_complete'])
def test_control_when_no_job_runs_then_says_so(hypervisors, control):
    instance = spawned(hypervisors)
    with pytest.raises(exception.NoActiveMigrationForInstance):
        getattr(hypervisors.source, control)(instance)


# -- after a restart of the compute -------------------------------------------------------------
def test_adopt_when_a_copy_runs_then_is_watched_to_its_end(hypervisors):
    instance = spawned(hypervisors, busy=True)
    data = prepare(hypervisors, instance)
    outcomes = []
    with moves.running(hypervisors, instance, data):
        adopted = threading.Thread(target=lambda: outcomes.append(
            moves.adopt(hypervisors, instance, data)))
        adopted.start()
        hypervisors.source.live_migration_abort(instance)
    adopted.join(hypervisors.timeout)
    assert outcomes[0].status in (virt_driver.CANCELLED, virt_driver.FAILED)


def test_adopt_when_no_copy_was_begun_then_guest_stays(hypervisors):
    instance = spawned(hypervisors)
    data = prepare(hypervisors, instance)
    assert moves.adopt(hypervisors, instance, data).status == virt_driver.FAILED
    assert hypervisors.source.get_info(instance).state == power_state.RUNNING


def test_adopt_when_guest_has_left_then_outcome_is_the_destinations_to_say(hypervisors):
    instance = spawned(hypervisors)
    data = prepare(hypervisors, instance)
    move(hypervisors, instance, data)
    assert moves.adopt(hypervisors, instance, data).status == virt_driver.LOST
