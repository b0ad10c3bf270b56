# SPDX-License-Identifier: Apache-2.0
"""Who may work on a migration that waits for a conductor."""
import pytest

from nova_lite import exception, objects

pytestmark = pytest.mark.usefixtures('database')


@pytest.fixture
def instance(ctxt):
    instance = objects.Instance(ctxt, host='src', node='src', vm_state='active')
    instance.create()
    return instance


@pytest.fixture
def migration(ctxt, instance):
    migration = objects.Migration(ctxt, instance_uuid=instance.uuid, source_compute='src')
    migration.accept(instance)
    return migration


def run_out(ctxt):
    return [each.id for each in objects.MigrationList.get_run_out(ctxt)]


def test_accept_when_the_server_is_free_takes_it_and_writes_the_migration(ctxt, instance,
                                                                          migration):
    assert instance.task_state == 'migrating'
    assert objects.Instance.get_by_uuid(ctxt, instance.uuid).task_state == 'migrating'
    again = objects.Migration.get_by_id(ctxt, migration.id)
    assert (again.status, again.instance_uuid) == ('accepted', instance.uuid)


@pytest.mark.parametrize('task_state, error', [
    ('migrating', exception.UnexpectedTaskStateError),
    ('deleting', exception.UnexpectedDeletingTaskStateError)])
def test_accept_when_the_server_is_busy_writes_nothing(ctxt, instance, task_state, error):
    stale = objects.Instance.get_by_uuid(ctxt, instance.uuid)
    instance.task_state = task_state
    instance.save()
    with pytest.raises(error):
        objects.Migration(ctxt, instance_uuid=stale.uuid).accept(stale)
    assert not list(objects.MigrationList.get_by_filters(ctxt))


def test_accept_when_the_server_is_gone_says_so(ctxt, instance):
    instance.destroy()
    with pytest.raises(exception.InstanceNotFound):
        objects.Migration(ctxt, instance_uuid=instance.uuid).accept(instance)


def test_take_when_another_has_the_lease_leaves_it_there(ctxt, migration):
    other = objects.Migration.get_by_id(ctxt, migration.id)
    assert migration.take('one', 60)
    assert not other.take('two', 60)
    assert migration.take('one', 60)
    assert objects.Migration.get_by_id(ctxt, migration.id).owner == 'one'


def test_take_when_the_lease_has_run_out_hands_it_over(ctxt, migration):
    assert migration.take('one', -1)
    assert run_out(ctxt) == [migration.id]
    assert objects.Migration.get_by_id(ctxt, migration.id).take('two', 60)
    assert run_out(ctxt) == []
    with pytest.raises(exception.LeaseLost, match='one'):
        migration.record('one')


def test_take_when_it_is_not_accepted_any_more_is_too_late(ctxt, migration):
    objects.Migration.get_by_id(ctxt, migration.id).advance('queue')
    assert not migration.take('one', 60)
    assert run_out(ctxt) == []


def test_record_when_the_lease_is_lost_writes_nothing(ctxt, migration):
    migration.take('one', -1)
    objects.Migration.get_by_id(ctxt, migration.id).take('two', 60)
    migration.dest_compute = 'wrong'
    with pytest.raises(exception.LeaseLost):
        migration.record('one')
    assert objects.Migration.get_by_id(ctxt, migration.id).dest_compute is None


def test_advance_when_the_lease_is_lost_changes_nothing(ctxt, instance, migration):
    migration.take('one', -1)
    objects.Migration.get_by_id(ctxt, migration.id).take('two', 60)
    with pytest.raises(exception.InvalidMigrationState):
        migration.advance('reject', reason='too late', owner='one')
    instance.refresh()
    assert instance.task_state == 'migrating'
    migration.refresh()
    assert (migration.status, migration.reason) == ('accepted', None)


def test_renew_when_a_lease_is_held_extends_that_one_only(ctxt, migration):
    migration.take('one', -1)
    objects.MigrationList.renew_leases(ctxt, 'two', [migration.id], 60)
    assert run_out(ctxt) == [migration.id]
    objects.MigrationList.renew_leases(ctxt, 'one', [migration.id], 60)
    assert run_out(ctxt) == []


def test_release_when_a_process_ends_lets_others_go_on(ctxt, migration):
    migration.take('one', 60)
    objects.MigrationList.release_leases(ctxt, 'one')
    assert run_out(ctxt) == [migration.id]
