# SPDX-License-Identifier: Apache-2.0
"""What a driver must refuse before a move, and whose files it may remove afterwards."""
import pytest

from nova_lite import exception
from nova_lite.migration import power_state
from tests.contract.moves import check, move, prepare, spawned


# -- checks -------------------------------------------------------------------------------------
def test_check_when_disks_are_private_and_not_to_be_copied_then_refused(hypervisors):
    instance = spawned(hypervisors, disk=True)
    with pytest.raises(exception.InvalidSharedStorage):
        check(hypervisors, instance, block=False)


@pytest.mark.parametrize(('disk', 'block'), [(True, True), (False, False)])
def test_check_when_asked_to_decide_then_copies_private_disks_only(hypervisors, disk, block):
    instance = spawned(hypervisors, disk=disk)
    data = check(hypervisors, instance, block=None)
    assert (data.block_migration, data.is_shared_instance_path) == (block, False)
    infos = hypervisors.source.get_instance_disk_info(instance)
    assert len(infos) == (1 if disk else 0)
    for info in infos:
        assert info['virt_disk_size'] >= info['disk_size'] >= 0
        assert {'path', 'type', 'backing_file'} <= info.keys()


def test_check_when_disks_do_not_fit_then_refused_with_the_sizes(hypervisors):
    instance = spawned(hypervisors, disk=True)
    data = hypervisors.destination.check_can_live_migrate_destination(
        hypervisors.ctxt, instance, hypervisors.node(hypervisors.source),
        hypervisors.node(hypervisors.destination), True, False)
    data.disk_available_mb = 0
    with pytest.raises(exception.MigrationPreCheckError, match='too large'):
        hypervisors.source.check_can_live_migrate_source(hypervisors.ctxt, instance, data)
    for _ in range(2):
        hypervisors.destination.cleanup_live_migration_destination_check(hypervisors.ctxt, data)


def test_check_when_guest_is_off_then_refused(hypervisors):
    instance = spawned(hypervisors)
    hypervisors.source.power_off(hypervisors.ctxt, instance)
    with pytest.raises(exception.MigrationPreCheckError, match='does not run'):
        check(hypervisors, instance)


def test_check_when_destination_has_the_guest_then_refused(hypervisors):
    instance = spawned(hypervisors)
    hypervisors.destination.spawn(hypervisors.ctxt, instance)
    with pytest.raises(exception.MigrationPreCheckError, match='already has a guest'):
        check(hypervisors, instance)


@pytest.mark.parametrize('where', ['source', 'destination'])
def test_move_when_the_image_was_replaced_then_refused_by_name_before_anything_moves(
        hypervisors, where):
    """Another file of the same size under the same name: on which the guest does not stand."""
    instance = spawned(hypervisors, disk=True)
    image = hypervisors.source.get_instance_disk_info(instance)[0]['backing_file']
    with hypervisors.replaced_image(image, where):
        with pytest.raises(exception.MigrationPreCheckError, match=image):
            prepare(hypervisors, instance, True)
    assert hypervisors.source.get_info(instance).state == power_state.RUNNING
    assert instance.uuid not in hypervisors.destination.list_instance_uuids()
    assert move(hypervisors, instance, prepare(hypervisors, instance, True)).status == 'completed'


# -- room at the destination --------------------------------------------------------------------
def test_prepare_when_called_again_for_the_same_migration_then_is_fine(hypervisors):
    instance = spawned(hypervisors, disk=True)
    data = prepare(hypervisors, instance)
    disks = hypervisors.source.get_instance_disk_info(instance)
    hypervisors.destination.pre_live_migration(hypervisors.ctxt, instance, disks, data)


def test_prepare_when_files_of_another_are_there_then_refused_and_they_stay(hypervisors):
    instance = spawned(hypervisors, disk=True)
    first = prepare(hypervisors, instance)
    second = check(hypervisors, instance)
    disks = hypervisors.source.get_instance_disk_info(instance)
    with pytest.raises(exception.DestinationDiskExists):
        hypervisors.destination.pre_live_migration(hypervisors.ctxt, instance, disks, second)
    hypervisors.destination.rollback_live_migration_at_destination(
        hypervisors.ctxt, instance, second)
    # what the first one made is still there, and only it may be used
    assert move(hypervisors, instance, first).status == 'completed'


def test_rollback_when_it_was_prepared_then_room_can_be_made_anew(hypervisors):
    instance = spawned(hypervisors, disk=True)
    for _ in range(2):
        data = prepare(hypervisors, instance)
        for _ in range(2):
            hypervisors.destination.rollback_live_migration_at_destination(
                hypervisors.ctxt, instance, data)


# -- whose guest it is --------------------------------------------------------------------------
def test_rollback_when_guest_has_arrived_then_refused_and_it_runs_on(hypervisors):
    instance = spawned(hypervisors, disk=True)
    data = prepare(hypervisors, instance)
    move(hypervisors, instance, data)
    with pytest.raises(exception.InstanceInvalidState):
        hypervisors.destination.rollback_live_migration_at_destination(
            hypervisors.ctxt, instance, data)
    assert hypervisors.destination.get_info(instance).state == power_state.RUNNING


def test_clean_source_when_guest_runs_there_then_refused_and_it_runs_on(hypervisors):
    instance = spawned(hypervisors, disk=True)
    data = check(hypervisors, instance)
    with pytest.raises(exception.InstanceInvalidState):
        hypervisors.source.post_live_migration_at_source(hypervisors.ctxt, instance, data)
    assert hypervisors.source.get_info(instance).state == power_state.RUNNING


def test_arrival_when_there_is_no_such_guest_then_not_confirmed(hypervisors):
    instance = spawned(hypervisors)
    with pytest.raises(exception.InstanceNotRunning):
        hypervisors.destination.post_live_migration_at_destination(
            hypervisors.ctxt, instance, check(hypervisors, instance))


def test_guest_when_moved_with_its_disk_then_moves_back_with_it(hypervisors):
    instance = spawned(hypervisors, disk=True)
    data = prepare(hypervisors, instance)
    assert move(hypervisors, instance, data).status == 'completed'
    hypervisors.destination.post_live_migration_at_destination(hypervisors.ctxt, instance, data)
    hypervisors.source.post_live_migration_at_source(hypervisors.ctxt, instance, data)
    hypervisors.turn_round()
    back = prepare(hypervisors, instance)
    assert move(hypervisors, instance, back).status == 'completed'
    hypervisors.destination.post_live_migration_at_destination(hypervisors.ctxt, instance, back)
    hypervisors.source.post_live_migration_at_source(hypervisors.ctxt, instance, back)
    assert hypervisors.destination.get_info(instance).state == power_state.RUNNING
