# SPDX-License-Identifier: Apache-2.0
"""The driver against what only a simulated hypervisor can be made to do: options of its hosts,
faults, a hypervisor that goes away, and a compute that dies on the way."""
import threading

import pytest

from nova_lite import exception
from nova_lite.migration import observations
from nova_lite.virt.libvirt import driver as libvirt_driver
from nova_lite.virt.libvirt import monitor
from nova_lite.virt.simulation import faults, state
from tests.contract import moves
from tests.fixtures.conf import options  # noqa: F401
from tests.fixtures.hypervisors import SimulatedHypervisors


@pytest.fixture
def pair(options, tmp_path):    # noqa: F811
    pair = SimulatedHypervisors(options, tmp_path)
    yield pair
    pair.close()
    assert pair.world.violations == []


def test_host_when_configured_by_options_then_reports_them(pair, options):      # noqa: F811
    options.set('simulation', vcpus=3, memory_mb=777, local_gb=5, cpu_model='sim-v3')
    driver = libvirt_driver.make_driver()
    driver.init_host('one')
    values = driver.get_available_resource()
    assert (values['vcpus'], values['memory_mb'], values['disk_available_least']) == (3, 777, 5)
    assert '"sim-v3"' in values['cpu_info']
    assert values['hypervisor_hostname'] == 'one'


def test_host_when_configured_by_hand_then_options_do_not_change_that(pair):
    pair.world.configure('one', memory_mb=100, storage='shared')
    driver = libvirt_driver.make_driver()
    driver.init_host('one')
    assert driver.get_available_resource()['memory_mb'] == 100
    assert (pair.world.host('one').storage, pair.world.host('one').vcpus) == ('shared', 16)


def test_disk_when_guest_is_made_then_takes_room_for_its_full_size(pair):
    before = pair.source.get_available_resource()['disk_available_least']
    moves.spawned(pair, disk=True)
    assert pair.source.get_available_resource()['disk_available_least'] == before - 1


@pytest.mark.parametrize(('here', 'there', 'fits'), [
    ('sim-v2', 'sim-v2', True), ('sim-v2', 'sim-v3', True), ('sim-v2', 'sim-v1', False),
    ('sim-v1', 'sim-other', False)])
def test_cpu_when_compared_then_all_features_must_be_there(
        pair, options, here, there, fits):      # noqa: F811
    pair.world.configure('src', cpu_model=here)
    pair.world.configure('dst', cpu_model=there)
    instance = moves.spawned(pair)
    if fits:
        moves.check(pair, instance)
        return
    with pytest.raises(exception.MigrationPreCheckError, match='Unacceptable CPU info'):
        moves.check(pair, instance)
    options.set('workarounds', skip_cpu_compare_on_dest=True)
    moves.check(pair, instance)


@pytest.mark.parametrize('block', [False, None])
def test_storage_when_shared_then_disks_stay_where_they_are(pair, block):
    for host in ('src', 'dst'):
        pair.world.configure(host, storage='shared')
    instance = moves.spawned(pair, disk=True)
    data = moves.prepare(pair, instance, block)
    assert (data.block_migration, data.is_shared_instance_path) == (False, True)
    assert moves.move(pair, instance, data).status == observations.COMPLETED
    pair.destination.post_live_migration_at_destination(pair.ctxt, instance, data)
    pair.source.post_live_migration_at_source(pair.ctxt, instance, data)
    assert list(pair.world.files(instance.uuid)) == ['shared']


def test_storage_when_shared_and_to_be_copied_then_refused(pair):
    for host in ('src', 'dst'):
        pair.world.configure(host, storage='shared')
    instance = moves.spawned(pair, disk=True)
    with pytest.raises(exception.InvalidLocalStorage):
        moves.check(pair, instance, block=True)


def test_copy_when_its_compute_dies_then_goes_on_and_the_next_one_takes_it_up(pair):
    instance = moves.spawned(pair)
    data = moves.prepare(pair, instance)
    held = pair.world.script('live_migration@50', faults.HANG)
    abandoned = threading.Thread(target=moves.move, args=(pair, instance, data), daemon=True)
    abandoned.start()
    pair.world.wait_hit(held)
    outcomes = []
    second = threading.Thread(
        target=lambda: outcomes.append(moves.adopt(pair, instance, data)), daemon=True)
    second.start()
    pair.world.release(held)
    second.join(pair.timeout)
    abandoned.join(pair.timeout)
    assert outcomes[0].status in (observations.COMPLETED, observations.LOST)
    assert pair.world.places(instance.uuid) == {'dst': state.RUNNING}


def test_copy_when_its_end_is_not_heard_of_then_lost_until_the_destination_proves_it(pair):
    instance = moves.spawned(pair)
    data = moves.prepare(pair, instance)
    pair.world.script('live_migration@finish', faults.LOSE_LINK)
    assert moves.move(pair, instance, data).status == observations.LOST
    pair.source.rollback_live_migration_at_source(pair.ctxt, instance, data)
    assert pair.world.places(instance.uuid) == {'src': state.PAUSED, 'dst': state.RUNNING}
    with pytest.raises(exception.InstanceInvalidState):
        pair.source.unpause(instance)
    pair.destination.post_live_migration_at_destination(pair.ctxt, instance, data)
    pair.source.post_live_migration_at_source(pair.ctxt, instance, data)
    assert pair.world.places(instance.uuid) == {'dst': state.RUNNING}


def test_copy_when_it_does_not_converge_then_ends_at_the_completion_timeout(
        pair, options):     # noqa: F811
    options.set('libvirt', live_migration_completion_timeout=5)
    instance = moves.spawned(pair, busy=True)
    outcome = moves.move(pair, instance, moves.prepare(pair, instance))
    assert outcome.status == observations.CANCELLED
    assert 'live_migration_completion_timeout' in outcome.reason


@pytest.mark.parametrize('post_copy', [False, True])
def test_copy_when_it_does_not_converge_then_can_be_forced_to_end(
        pair, options, post_copy):      # noqa: F811
    options.set('libvirt', live_migration_completion_timeout=5,
                live_migration_timeout_action='force_complete',
                live_migration_permit_post_copy=post_copy)
    instance = moves.spawned(pair, busy=True)
    outcome = moves.move(pair, instance, moves.prepare(pair, instance))
    assert outcome.status == observations.COMPLETED
    assert outcome.progress.post_copy == post_copy
    assert pair.world.places(instance.uuid) == {'dst': state.RUNNING}


@pytest.mark.parametrize('comes_back', [True, False])
def test_hypervisor_when_it_goes_in_the_middle_then_its_return_is_waited_for(
        pair, options, monkeypatch, comes_back):    # noqa: F811
    monkeypatch.setattr(monitor, 'CONTACT_LIMIT', 600 if comes_back else 5)
    instance = moves.spawned(pair, busy=True)
    data = moves.prepare(pair, instance)
    with moves.running(pair, instance, data) as started:
        pair.world.stop_hypervisor('src')
        # not before, or the copy could be aborted for it
        options.set('libvirt', live_migration_completion_timeout=1)
        if comes_back:
            pair.wait(10)
            assert started.outcome is None
            pair.world.start_hypervisor('src')
    assert started.outcome.status == (observations.FAILED if comes_back else observations.LOST)
    pair.world.start_hypervisor('src')
    assert pair.world.places(instance.uuid) == {'src': state.RUNNING}


def test_hypervisor_when_it_is_down_then_every_call_says_so(pair):
    instance = moves.spawned(pair)
    pair.world.stop_hypervisor('src')
    with pytest.raises(exception.HypervisorUnavailable, match='host src'):
        pair.source.get_info(instance)
    with pytest.raises(exception.HypervisorUnavailable):
        pair.source.list_instance_uuids()


def test_fault_when_a_servers_metadata_orders_it_then_the_step_fails(pair):
    instance = pair.new_instance()
    instance.metadata = {'sim:fail': 'pre_live_migration/refuse'}
    pair.source.spawn(pair.ctxt, instance)
    with pytest.raises(exception.MigrationPreCheckError, match='simulated refusal'):
        moves.prepare(pair, instance)


def test_fault_when_metadata_orders_it_for_a_moment_of_the_copy_then_the_copy_fails(pair):
    instance = pair.new_instance()
    instance.metadata = {'sim:fail': 'live_migration@80', 'sim:dirty_rate': 'much',
                         'sim:working_set': '10'}
    pair.source.spawn(pair.ctxt, instance)
    outcome = moves.move(pair, instance, moves.prepare(pair, instance))
    assert outcome.status == observations.FAILED
    assert 'simulated failure at 80' in outcome.reason
