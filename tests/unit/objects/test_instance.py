# SPDX-License-Identifier: Apache-2.0
"""A server's row: compare-and-swap, and what a loser is told."""
import datetime

import pytest

from nova_lite import context, exception, objects
from nova_lite.objects import instance as instance_obj
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('way')


@pytest.fixture
def told(monkeypatch):
    """Update notifications as (uuid, old vm_state, old task_state, vm_state, task_state)."""
    sent = []
    monkeypatch.setattr(
        instance_obj, '_listener',
        lambda ctxt, instance, old_vm, old_task: sent.append(
            (instance.uuid, old_vm, old_task, instance.vm_state, instance.task_state)))
    return sent


def make(ctxt, **values):
    return db.make_instance(ctxt, **{'task_state': None, **values})


def again(ctxt, instance):
    return objects.Instance.get_by_uuid(ctxt, instance.uuid)


# -- compare and swap -------------------------------------------------------------------------
@pytest.mark.parametrize('actual, expected', [
    (None, None), (None, [None]), ('migrating', 'migrating'),
    ('migrating', ['spawning', 'migrating']), ('migrating', [None, 'migrating']),
    (None, ['migrating', None])])
def test_save_when_the_task_state_is_as_expected_then_it_is_written(ctxt, actual, expected):
    instance = make(ctxt, task_state=actual)
    instance.task_state = 'pausing'
    instance.save(expected_task_state=expected)
    assert again(ctxt, instance).task_state == 'pausing'


@pytest.mark.parametrize('actual, expected, error', [
    ('migrating', None, exception.UnexpectedTaskStateError),
    ('migrating', [None], exception.UnexpectedTaskStateError),
    (None, 'migrating', exception.UnexpectedTaskStateError),
    (None, [], exception.UnexpectedTaskStateError),
    ('rebooting', ['migrating', None], exception.UnexpectedTaskStateError),
    ('deleting', None, exception.UnexpectedDeletingTaskStateError),
    ('deleting', 'migrating', exception.UnexpectedDeletingTaskStateError)])
def test_save_when_the_task_state_is_another_then_the_loser_is_told(ctxt, actual, expected, error):
    instance = make(ctxt, task_state=actual)
    instance.task_state, instance.display_name = 'pausing', 'new'
    with pytest.raises(error) as refusal:
        instance.save(expected_task_state=expected)
    assert type(refusal.value) is error
    assert repr(actual) in refusal.value.format_message()
    kept = again(ctxt, instance)
    assert (kept.task_state, kept.display_name) == (actual, 'vm')
    assert instance.obj_what_changed() == {'task_state', 'display_name'}    # can be tried again


def test_save_when_the_vm_state_is_another_then_conflict(ctxt):
    instance = make(ctxt, vm_state='paused')
    instance.task_state = 'migrating'
    with pytest.raises(exception.InstanceUpdateConflict):
        instance.save(expected_task_state=None, expected_vm_state=['active', 'stopped'])
    instance.save(expected_task_state=None, expected_vm_state=['active', 'paused'])
    assert again(ctxt, instance).task_state == 'migrating'


def test_save_when_only_an_expectation_is_given_then_it_is_checked(ctxt):
    instance = make(ctxt)
    instance.save(expected_task_state=None)
    with pytest.raises(exception.UnexpectedTaskStateError):
        instance.save(expected_task_state='migrating')


def test_save_when_the_server_is_gone_then_not_found(ctxt):
    instance = make(ctxt)
    again(ctxt, instance).destroy()
    instance.display_name = 'new'
    for expected in ({}, {'expected_task_state': None}):
        with pytest.raises(exception.InstanceNotFound):
            instance.save(**expected)


def test_save_when_others_wrote_other_fields_then_nothing_is_lost(ctxt):
    instance, other = make(ctxt), None
    other = again(ctxt, instance)
    other.progress, other.metadata = 50, {'a': '1'}
    other.save()
    instance.display_name = 'new'
    instance.save()
    assert (instance.progress, instance.metadata, instance.display_name) == (50, {'a': '1'}, 'new')
    assert instance.obj_to_primitive() == again(ctxt, instance).obj_to_primitive()
    assert instance.obj_what_changed() == set()


@pytest.mark.parametrize('field, theirs, mine', [
    ('display_name', 'theirs', 'mine'), ('metadata', {'a': '1'}, {'b': '2'}),
    ('locked_reason', 'theirs', None), ('vm_state', 'error', 'stopped')])
def test_save_when_another_wrote_the_same_field_then_nothing_is_overwritten(
        ctxt, field, theirs, mine):
    instance = make(ctxt, locked_reason='first')
    other = again(ctxt, instance)
    setattr(other, field, theirs)
    other.save()
    setattr(instance, field, mine)
    instance.project_id = 'p9'
    with pytest.raises(exception.InstanceUpdateConflict, match=field):
        instance.save()
    kept = again(ctxt, instance)
    assert (getattr(kept, field), kept.project_id) == (theirs, 'p1')


def test_save_when_an_operator_has_decided_meanwhile_then_a_void_order_writes_no_state(ctxt):
    """The task is the one that it was given for, but it is another order's now."""
    instance = make(ctxt, task_state='pausing')
    other = again(ctxt, instance)
    other.generation += 1
    other.save()
    instance.vm_state, instance.task_state = 'paused', None
    with pytest.raises(exception.InstanceUpdateConflict, match='generation'):
        instance.save(expected_task_state='pausing')
    assert again(ctxt, instance).vm_state == 'active'


def test_save_when_nobody_has_read_the_column_then_it_is_refused(ctxt):
    instance = objects.Instance(ctxt, uuid=make(ctxt).uuid, display_name='blind')
    with pytest.raises(exception.Invalid, match='display_name'):
        instance.save()


def test_rewrite_when_others_write_at_the_same_time_then_both_words_stand(ctxt):
    instance = make(ctxt, metadata={'first': '1'})
    calls = []

    def change():
        calls.append(dict(instance.metadata))
        if len(calls) == 1:
            other = again(ctxt, instance)
            other.metadata = {**other.metadata, 'theirs': '2'}
            other.save()
        return {'metadata': {**instance.metadata, 'mine': '3'}}

    instance.rewrite(change)
    assert calls == [{'first': '1'}, {'first': '1', 'theirs': '2'}]
    assert again(ctxt, instance).metadata == {'first': '1', 'theirs': '2', 'mine': '3'}


def test_rewrite_when_others_are_always_quicker_then_a_conflict_ends_it(ctxt):
    instance = make(ctxt)

    def change():
        other = again(ctxt, instance)
        other.display_name += 'x'
        other.save()
        return {'display_name': 'mine'}

    with pytest.raises(exception.InstanceUpdateConflict):
        instance.rewrite(change)


def test_save_when_nothing_changed_then_nothing_is_written(ctxt):
    instance = make(ctxt)
    instance.save()
    assert again(ctxt, instance).updated_at is None


def test_save_when_a_dict_was_changed_in_place_then_it_is_written(ctxt):
    instance = make(ctxt, metadata={'a': '1'})
    instance.metadata['b'] = '2'
    instance.system_metadata['x'] = 'y'
    instance.save()
    kept = again(ctxt, instance)
    assert (kept.metadata, kept.system_metadata) == ({'a': '1', 'b': '2'}, {'x': 'y'})


# -- life -------------------------------------------------------------------------------------
def test_create_when_all_fields_are_given_then_all_come_back(ctxt):
    flavor = objects.Flavor(ctxt, flavorid='7', name='m1', memory_mb=64, vcpus=1,
                            extra_specs={'hw:x': 'y'})
    flavor.create()
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.UTC)
    given = {'display_name': 'näme \N{SNOWMAN} \N{GRINNING FACE}', 'memory_mb': 64, 'vcpus': 1,
             'root_gb': 1, 'image_meta': {'name': 'cirros', 'properties': {'a': [1, None]}},
             'launched_at': moment, 'locked': True, 'locked_by': 'admin', 'power_state': 1,
             'task_state': None, 'generation': 3, 'config_drive': 'True', 'metadata': {'k': 'v'}}
    instance = make(ctxt, flavor=flavor, **given)
    kept = again(ctxt, instance)
    assert {name: getattr(kept, name) for name in given} == given
    assert kept.flavor.obj_to_primitive() == flavor.obj_to_primitive()
    assert kept.name == f'instance-{kept.id:08x}'
    assert kept.created_at.tzinfo is not None and kept.deleted is False


def test_create_when_little_is_given_then_the_rest_is_none_or_empty(ctxt):
    instance = objects.Instance(ctxt)
    instance.create()
    assert instance.uuid and instance.host is None and instance.flavor is None
    assert (instance.metadata, instance.system_metadata, instance.image_meta) == ({}, {}, {})
    assert (instance.locked, instance.progress, instance.generation) == (False, 0, 0)
    with pytest.raises(exception.Invalid):
        instance.create()


def test_destroy_when_done_then_gone_but_for_those_who_ask(ctxt):
    db.make_host(ctxt, 'src')
    db.make_host(ctxt, 'dst')
    instance = make(ctxt)
    migration = db.make_migration(ctxt, instance)
    objects.Claim.claim(ctxt, 'src', instance.uuid, **db.ROOM)
    objects.Claim.claim(ctxt, 'dst', migration.uuid, **db.ROOM)
    instance.destroy()
    assert instance.deleted and instance.deleted_at
    with pytest.raises(exception.InstanceNotFound):
        again(ctxt, instance)
    with pytest.raises(exception.InstanceNotFound):
        instance.refresh()
    with pytest.raises(exception.InstanceNotFound):
        instance.destroy()
    assert objects.Instance.get_by_uuid(ctxt, instance.uuid, read_deleted=True).deleted
    assert db.claims_of(instance.uuid) == db.claims_of(migration.uuid) == []
    db.assert_books_balance(ctxt)


def test_refresh_when_another_wrote_then_it_is_seen_and_own_changes_go(ctxt):
    instance = make(ctxt)
    other = again(ctxt, instance)
    other.host = 'dst'
    other.save()
    instance.display_name = 'unsaved'
    instance.refresh()
    assert (instance.host, instance.display_name) == ('dst', 'vm')
    assert instance.obj_what_changed() == set()


def test_get_by_uuid_when_it_is_another_projects_then_not_found(ctxt):
    instance = make(ctxt, project_id='p1')

    def get(**who):
        return objects.Instance.get_by_uuid(
            context.RequestContext(overwrite=False, **who), instance.uuid)

    assert get(user_id='u', project_id='p1', roles=['reader']).uuid == instance.uuid
    assert get(user_id='u', project_id='p2', is_admin=True).uuid == instance.uuid
    with pytest.raises(exception.InstanceNotFound):
        get(user_id='u', project_id='p2', roles=['member'])


# -- notifications ----------------------------------------------------------------------------
def test_notification_when_a_state_changes_then_it_is_sent_once(ctxt, told):
    instance = make(ctxt, vm_state='building', task_state='spawning')
    assert told == [(instance.uuid, None, None, 'building', 'spawning')]
    del told[:]
    instance.vm_state, instance.task_state = 'active', None
    instance.save()
    assert told == [(instance.uuid, 'building', 'spawning', 'active', None)]
    del told[:]
    instance.progress = 3
    instance.save()
    instance.task_state = None      # set, but to what it is
    instance.save(expected_task_state=[None])
    assert told == []
    instance.task_state = 'migrating'
    with pytest.raises(exception.UnexpectedTaskStateError):
        instance.save(expected_task_state='spawning')
    assert told == []


def test_notification_when_a_migration_ends_then_it_is_sent(ctxt, told):
    instance = make(ctxt, task_state='migrating')
    migration = db.make_migration(ctxt, instance)
    del told[:]
    migration.advance('queue')
    assert told == []
    migration.advance('lose')
    assert told == [(instance.uuid, 'active', 'migrating', 'error', None)]


def test_notification_when_it_cannot_be_sent_then_the_save_stands(ctxt, monkeypatch):
    def fail(*_args):
        raise RuntimeError('no broker')

    instance = make(ctxt)
    monkeypatch.setattr(instance_obj, '_listener', fail)
    instance.task_state = 'pausing'
    instance.save(expected_task_state=None)
    assert again(ctxt, instance).task_state == 'pausing'
