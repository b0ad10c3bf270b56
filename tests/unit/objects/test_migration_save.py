# SPDX-License-Identifier: Apache-2.0
"""Saves of a migration: each is conditional on what its writer believed of it."""
import pytest

from nova_lite import exception, objects
from nova_lite.objects import base
from tests.fixtures.db import make_move as make

pytestmark = pytest.mark.usefixtures('way')


def test_save_when_status_was_changed_then_invalid_and_nothing_is_written(ctxt):
    _, migration = make(ctxt)
    migration.status, migration.reason = 'completed', 'me'
    with pytest.raises(exception.Invalid, match='advance'):
        migration.save()
    with pytest.raises(exception.Invalid, match='advance'):
        migration.advance('queue')
    migration.refresh()
    assert (migration.status, migration.reason) == ('accepted', None)


@pytest.mark.parametrize('event', ['reject', 'fail', 'cancel', 'lose', 'queue'])
def test_save_when_another_has_gone_on_then_its_words_stay(ctxt, event):
    """A stale object writes nothing, least of all into the record of what is over."""
    _, migration = make(ctxt)
    stale = objects.Migration.get_by_uuid(ctxt, migration.uuid)
    migration.advance(event, reason='why it ended')
    stale.reason, stale.memory_total = 'all is well', 7
    with pytest.raises(exception.InvalidMigrationState, match=f'is {migration.status}.* save'):
        stale.save()
    kept = objects.Migration.get_by_uuid(ctxt, migration.uuid)
    assert (kept.reason, kept.memory_total) == ('why it ended', None)
    assert kept.updated_at == migration.updated_at


def test_save_when_another_conductor_has_taken_it_then_the_lease_is_lost(ctxt):
    _, migration = make(ctxt)
    with base.indirection(None):
        objects.Migration.get_by_id(ctxt, migration.id).take('host:2', 60)
    migration.reason = 'mine'
    with pytest.raises(exception.LeaseLost):
        migration.save()
    migration.refresh()
    assert migration.reason is None


def test_save_when_nothing_may_have_changed_then_any_write_of_others_refuses_it(ctxt):
    _, migration = make(ctxt)
    other = objects.Migration.get_by_uuid(ctxt, migration.uuid)
    other.memory_remaining = 5
    other.save()
    migration.reason = 'it does not answer'
    with pytest.raises(exception.InvalidMigrationState):
        migration.save(unchanged=True)
    other.reason = 'it does not answer'
    other.save(unchanged=True)
    migration.refresh()
    assert (migration.reason, migration.memory_remaining) == ('it does not answer', 5)


def test_save_when_the_lease_is_to_be_written_then_invalid(ctxt):
    _, migration = make(ctxt)
    migration.owner = 'host:1'
    with pytest.raises(exception.Invalid, match='owner'):
        migration.save()


def test_save_when_the_row_is_gone_then_not_found(ctxt):
    _, migration = make(ctxt)
    with base.indirection(None):
        base.db().soft_delete('migrations', migration.id)
    migration.reason = 'x'
    with pytest.raises(exception.MigrationNotFound):
        migration.save()


def test_save_when_fields_changed_then_they_alone_are_written(ctxt):
    _, migration = make(ctxt)
    other = objects.Migration.get_by_uuid(ctxt, migration.uuid)
    other.memory_remaining = 2 ** 40
    other.attempted_hosts = ['a', 'b']
    other.save()
    migration.disk_total = 1
    migration.save()
    assert (migration.memory_remaining, migration.attempted_hosts) == (2 ** 40, ['a', 'b'])
    assert migration.updated_at > migration.created_at


def test_save_when_nothing_changed_then_nothing_is_written(ctxt):
    _, migration = make(ctxt)
    migration.save()
    migration.refresh()
    assert migration.updated_at is None


def test_save_when_a_json_field_was_changed_in_place_then_it_is_written(ctxt):
    _, migration = make(ctxt)
    migration.steering = {'decisions': []}
    migration.save()
    migration.steering['decisions'].append('pause')
    migration.save()
    migration.refresh()
    assert migration.steering == {'decisions': ['pause']}


def test_save_when_it_is_over_then_even_who_knows_that_writes_nothing(ctxt):
    _, migration = make(ctxt)
    migration.advance('reject', reason='no room')
    migration.reason = 'another'
    with pytest.raises(exception.InvalidMigrationState, match='is error.* save'):
        migration.save()


def test_columns_when_several_write_at_once_then_none_loses_what_another_wrote(ctxt):
    """The conductor that refuses hosts, the queue, the source: each has columns of its own."""
    _, migration = make(ctxt)
    one, two = (objects.Migration.get_by_id(ctxt, migration.id) for _ in range(2))
    one.refusals = {'h1': 'too hot'}
    one.save()
    two.progress = {'percent': 3}
    two.save()
    migration.source_not_cleaned = True
    migration.advance('queue')
    migration.refresh()
    assert (migration.refusals, migration.progress, migration.source_not_cleaned) == (
        {'h1': 'too hot'}, {'percent': 3}, True)
    assert set(migration.timings) == {'accepted', 'queued'}
