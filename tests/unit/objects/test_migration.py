# SPDX-License-Identifier: Apache-2.0
"""A migration and its one writer of the status; the table of edges is walked in tests/unit/db."""
import contextlib

import pytest

from nova_lite import exception, objects
from nova_lite.db import models, rows, session
from nova_lite.objects import base
from tests.fixtures import db
from tests.fixtures.db import make_move as make

pytestmark = pytest.mark.usefixtures('way')
UNKNOWN = 'c4a0a3a0-0000-4000-8000-000000000000'

INSTANCES = models.Instance.__table__


def test_advance_when_it_leaves_accepted_then_started_at_is_set_once(ctxt):
    _, migration = make(ctxt)
    assert migration.started_at is None
    migration.advance('queue')
    started = migration.started_at
    migration.advance('prepare')
    assert migration.started_at == started and migration.finished_at is None
    migration.advance('fail', reason='x')
    assert migration.finished_at > migration.started_at == started


def test_advance_when_the_object_is_old_then_only_from_a_status_that_it_names(ctxt):
    _, migration = make(ctxt)
    old = objects.Migration.get_by_uuid(ctxt, migration.uuid)
    migration.advance('queue')
    with pytest.raises(exception.InvalidMigrationState, match='is queued'):
        old.advance('cancel')       # it believes that nobody has queued it
    old.advance('cancel', expected_status=['accepted', 'queued'])
    assert list(sorted(old.receipt['at'])) == ['accepted', 'cancelled', 'queued']
    with pytest.raises(exception.InvalidMigrationState):
        migration.advance('prepare')
    assert migration.obj_what_changed() == set()


def test_advance_when_no_reason_is_given_then_the_old_one_stays(ctxt):
    _, migration = make(ctxt)
    migration.advance('queue', reason='first')
    migration.advance('prepare')
    assert migration.reason == 'first'


def test_advance_when_the_object_has_changes_then_they_are_written_with_it(ctxt):
    _, migration = make(ctxt)
    migration.memory_total = 7
    migration.progress = {'percent': 5}
    migration.advance('queue')
    migration.refresh()
    assert (migration.memory_total, migration.progress) == (7, {'percent': 5})


def test_advance_when_the_server_is_being_deleted_then_that_task_goes_on(ctxt):
    instance, migration = make(ctxt)
    instance.task_state = 'deleting'
    instance.save()
    migration.advance('cancel')
    instance.refresh()
    assert instance.task_state == 'deleting'


def test_advance_when_the_server_is_gone_then_the_migration_still_ends(ctxt):
    instance, migration = make(ctxt)
    instance.destroy()
    migration.advance('queue')
    migration.advance('cancel')
    assert migration.status == 'cancelled'
    db.assert_books_balance(ctxt)


def test_advance_when_it_moved_without_a_claim_then_the_host_is_charged_all_the_same(ctxt):
    instance, migration = make(ctxt)
    objects.Claim.drop(ctxt, migration.uuid)
    for event in ('queue', 'prepare', 'run', 'complete'):
        migration.advance(event)
    assert db.claims_of(instance.uuid) == ['dst']
    db.assert_books_balance(ctxt)


def test_advance_when_the_server_has_a_claim_there_already_then_one_is_kept(ctxt):
    instance, migration = make(ctxt)
    objects.Claim.claim(ctxt, 'dst', UNKNOWN, **db.ROOM)
    table = models.Claim.__table__
    with session.writer() as s:     # as an earlier release could leave it
        rows.update(s, table, {'consumer_uuid': instance.uuid}, table.c.consumer_uuid == UNKNOWN)
    for event in ('queue', 'prepare', 'run', 'complete'):
        migration.advance(event)
    assert (db.claims_of(instance.uuid), db.claims_of(migration.uuid)) == (['dst'], [])
    db.assert_books_balance(ctxt)


@pytest.mark.parametrize('updates', [{'task_state': None}, {'host': 'x'}, {'deleted': 1},
                                     {'no_such': 1}])
def test_advance_when_asked_to_write_what_it_may_not_then_nothing_happens(ctxt, updates):
    _, migration = make(ctxt)
    with pytest.raises(exception.Invalid):
        migration.advance('queue', instance_updates=updates)
    migration.refresh()
    assert migration.status == 'accepted'


def test_advance_when_the_event_is_unknown_then_invalid(ctxt):
    _, migration = make(ctxt)
    with pytest.raises(exception.Invalid, match='teleport'):
        migration.advance('teleport')


def test_advance_when_updates_hold_times_and_dicts_then_they_arrive(ctxt):
    instance, migration = make(ctxt)
    launched = instance.created_at
    migration.advance('queue', instance_updates={'launched_at': launched,
                                                 'system_metadata': {'a': 'b'}})
    instance.refresh()
    assert (instance.launched_at, instance.system_metadata) == (launched, {'a': 'b'})


def test_create_when_a_status_is_given_then_invalid_since_the_edge_gives_it(ctxt):
    instance = db.make_instance(ctxt)
    assert db.make_migration(ctxt, instance).status == 'accepted'
    for written in ({'status': 'running'}, {'timings': {'running': 'now'}}):
        with pytest.raises(exception.Invalid, match='advance'):
            db.make_migration(ctxt, instance, **written)


def test_create_when_done_then_defaults_are_there_and_twice_is_refused(ctxt):
    migration = db.make_migration(ctxt, db.make_instance(ctxt))
    assert (migration.migration_type, migration.hidden, migration.attempted_hosts,
            migration.deleted) == ('live-migration', False, [], False)
    assert migration.uuid and migration.created_at and migration.obj_what_changed() == set()
    with pytest.raises(exception.Invalid):
        migration.create()


@pytest.mark.parametrize('born', ['create', 'accept'])
def test_birth_when_another_of_the_server_is_unfinished_then_the_database_refuses_it(ctxt, born):
    """Even where the server's row says that it is free."""
    instance, first = make(ctxt)
    with session.writer() as s:
        s.execute(INSTANCES.update().values(task_state=None))
    instance.refresh()
    second = objects.Migration(ctxt, instance_uuid=instance.uuid, source_compute='src')
    arguments = [instance] if born == 'accept' else []
    for event, status in ((None, 'accepted'), ('queue', 'queued'), ('prepare', 'preparing'),
                          ('run', 'running'), ('postcopy', 'post-copy')):
        if event:
            first.advance(event)
        with base.indirection(None) if born == 'accept' else contextlib.nullcontext(), \
                pytest.raises(exception.InstanceInvalidState,
                              match=f'migration {first.uuid}, which is.*{status}'):
            getattr(second, born)(*arguments)
    assert [row.id for row in objects.MigrationList.get_by_filters(ctxt)] == [first.id]
    instance.refresh()
    assert instance.task_state is None      # nothing of the birth is left
    first.advance('complete')
    with base.indirection(None) if born == 'accept' else contextlib.nullcontext():
        getattr(second, born)(*arguments)
    assert second.status == 'accepted'


def test_migrate_data_when_stored_then_it_comes_back_as_the_class_it_was(ctxt):
    _, migration = make(ctxt)
    data = objects.LibvirtLiveMigrateData(migration=migration.uuid, block_migration=True,
                                          migrate_disks=['vda'])
    other = objects.Migration.get_by_uuid(ctxt, migration.uuid)
    other.migrate_data = data.obj_to_primitive()
    other.save()
    migration.refresh()
    assert migration.migrate_data == other.migrate_data
    again = objects.LiveMigrateData.from_stored(ctxt, migration)
    assert isinstance(again, objects.LibvirtLiveMigrateData)
    for field in ('nova_object.name', 'nova_object.version', 'nova_object.data'):
        assert again.obj_to_primitive()[field] == data.obj_to_primitive()[field]
    # a list made of a set: its order is nobody's promise
    assert again.obj_what_changed() == data.obj_what_changed()


# -- what is over is fully told ---------------------------------------------------------------
def step(ctxt, instance, event, result='Success'):
    return {'instance_uuid': instance.uuid, 'request_id': ctxt.request_id, 'event': event,
            'host': 'src', 'began': 0.2, 'ended': 0.1, 'result': result}


def test_advance_when_steps_are_given_then_they_are_written_in_its_transaction(ctxt):
    instance, migration = make(ctxt)
    action = objects.InstanceAction.action_start(ctxt, instance.uuid, 'live-migration')
    late = objects.Migration.get_by_id(ctxt, migration.id)
    migration.advance('reject', steps=[step(ctxt, instance, 'compute_a'),
                                       step(ctxt, instance, 'compute_b', 'Error')])
    with pytest.raises(exception.InvalidMigrationState):
        late.advance('cancel', steps=[step(ctxt, instance, 'compute_late')])
    told = objects.InstanceActionEventList.get_by_action(ctxt, action.id)
    assert {(event.event, event.result) for event in told} == {
        ('compute_a', 'Success'), ('compute_b', 'Error')}
    action = objects.InstanceAction.get_by_request_id(ctxt, instance.uuid, ctxt.request_id)
    assert action.message == 'Error' and action.updated_at >= migration.updated_at


# -- finding ----------------------------------------------------------------------------------
def test_get_when_there_is_none_then_not_found(ctxt):
    instance, migration = make(ctxt)
    with pytest.raises(exception.MigrationNotFound):
        objects.Migration.get_by_id(ctxt, 10 ** 6)
    with pytest.raises(exception.MigrationNotFound):
        objects.Migration.get_by_uuid(ctxt, instance.uuid)
    with pytest.raises(exception.MigrationNotFoundForInstance):
        objects.Migration.get_by_id_and_instance(ctxt, migration.id, migration.uuid)
    found = objects.Migration.get_by_id_and_instance(ctxt, migration.id, instance.uuid)
    assert found.uuid == migration.uuid


def test_lists_when_filtered_then_only_those(ctxt):
    one = db.make_migration(ctxt, db.make_instance(ctxt))
    two = db.make_migration(ctxt, db.make_instance(ctxt), source_compute='other',
                            dest_compute='src')
    three = db.make_migration(ctxt, db.make_instance(ctxt), source_compute='other')
    three.advance('queue')
    three.advance('fail')
    two.advance('queue')

    def ids(found):
        return [migration.id for migration in found]

    get = objects.MigrationList.get_by_filters
    assert ids(get(ctxt)) == [three.id, two.id, one.id]
    assert ids(get(ctxt, {'host': 'src'})) == [two.id, one.id]
    assert ids(get(ctxt, {'status': ['queued', 'failed']})) == [three.id, two.id]
    assert ids(get(ctxt, {'source_compute': 'other', 'dest_compute': 'dst'})) == [three.id]
    assert ids(get(ctxt, {'instance_uuid': one.instance_uuid})) == [one.id]
    assert ids(get(ctxt, {'changes-since': two.updated_at})) == [two.id]
    assert ids(get(ctxt, {'changes-before': one.created_at})) == [one.id]
    assert ids(get(ctxt, limit=1, marker=three.uuid)) == [two.id]
    assert ids(get(ctxt, sort_keys=['source_compute'], sort_dirs=['asc'])) == [
        two.id, three.id, one.id]
    unfinished = objects.MigrationList.get_unfinished_by_host(ctxt, 'src')
    assert ids(unfinished) == [one.id, two.id]
    in_progress = objects.MigrationList.get_in_progress_by_instance
    assert ids(in_progress(ctxt, one.instance_uuid)) == []      # accepted is not in progress
    assert ids(in_progress(ctxt, two.instance_uuid)) == [two.id]
    with pytest.raises(exception.Invalid, match='no_such'):
        get(ctxt, {'no_such': 1})
    with pytest.raises(exception.MarkerNotFound):
        get(ctxt, marker='no-such')


def test_source_cleaned_when_it_was_noted_then_it_is_found_until_then(ctxt):
    _, migration = make(ctxt)
    other = db.make_migration(ctxt, db.make_instance(ctxt))
    for event in ('queue', 'prepare', 'run'):
        migration.advance(event)
        other.advance(event)
    migration.source_not_cleaned = True
    migration.advance('complete', reason='without its source')
    other.advance('complete')

    def noted():
        return [each.id for each in objects.MigrationList.get_by_filters(
            ctxt, {'source_not_cleaned': True})]

    assert noted() == [migration.id]
    stale = objects.Migration.get_by_id(ctxt, migration.id)
    for each in (migration, stale, other):
        each.source_cleaned()
    assert noted() == []
    migration.refresh()
    assert (migration.status, migration.reason) == ('completed', 'without its source')


def test_start_next_when_asked_then_what_may_start_comes_as_objects(ctxt):
    _, migration = make(ctxt)
    assert list(objects.MigrationList.start_next(ctxt, 'src', 1)) == []
    migration.advance('queue')
    assert objects.MigrationList.get_sources_waiting_for(ctxt, 'dst') == ['src']
    started, = objects.MigrationList.start_next(ctxt, 'src', 1)
    assert (started.id, started.status) == (migration.id, 'preparing')
    assert objects.MigrationList.get_sources_waiting_for(ctxt, 'dst') == []
    started.advance('run')
