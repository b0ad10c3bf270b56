# SPDX-License-Identifier: Apache-2.0
"""The connection is lost just after a commit: what was written counts as written, once."""
import contextlib

import pytest

from nova_lite import exception, objects
from nova_lite.db import session
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('database')


@pytest.fixture
def lose_answer(monkeypatch):
    """Arms the next commit: it happens, but the caller hears that the connection broke.

    ``then`` runs before the caller tries again.
    """
    real = session.writer

    def arm(then=lambda: None):
        @contextlib.contextmanager
        def writer():
            monkeypatch.setattr(session, 'writer', real)
            with real() as s:
                yield s
            then()
            raise exception.DatabaseUnavailable()

        monkeypatch.setattr(session, 'writer', writer)
    return arm


def test_save_when_the_answer_is_lost_then_the_winner_is_not_told_that_he_lost(ctxt, lose_answer):
    instance = db.make_instance(ctxt, task_state=None)
    instance.task_state = 'migrating'
    lose_answer()
    instance.save(expected_task_state=None)
    assert instance.task_state == 'migrating' and instance.obj_what_changed() == set()


def test_save_when_the_answer_is_lost_and_another_came_then_a_conflict(ctxt, lose_answer):
    instance = db.make_instance(ctxt, task_state=None)

    def another():
        other = objects.Instance.get_by_uuid(ctxt, instance.uuid)
        other.task_state = 'deleting'
        other.save()

    instance.task_state = 'migrating'
    lose_answer(another)
    with pytest.raises(exception.UnexpectedDeletingTaskStateError):
        instance.save(expected_task_state=None)


def test_advance_when_the_answer_is_lost_then_the_edge_is_taken_once(ctxt, lose_answer):
    for host in ('src', 'dst'):
        db.make_host(ctxt, host)
    instance = db.make_instance(ctxt)
    migration = db.make_migration(ctxt, instance)
    objects.Claim.claim(ctxt, 'dst', migration.uuid, **db.ROOM)
    migration.advance('queue')
    lose_answer()
    migration.advance('cancel', reason='asked to')
    assert (migration.status, migration.reason) == ('cancelled', 'asked to')
    db.assert_books_balance(ctxt)


def test_advance_when_the_answer_is_lost_and_another_came_then_too_late(ctxt, lose_answer):
    migration = db.make_migration(ctxt, db.make_instance(ctxt))

    def another():
        objects.Migration.get_by_id(ctxt, migration.id).advance('prepare')

    lose_answer(another)
    with pytest.raises(exception.InvalidMigrationState, match='is preparing'):
        migration.advance('queue')


def test_claim_when_the_answer_is_lost_then_it_counts_once(ctxt, lose_answer):
    db.make_host(ctxt, 'h1')
    uuid = '11111111-0000-4000-8000-000000000000'
    lose_answer()
    objects.Claim.claim(ctxt, 'h1', uuid, **db.ROOM)
    lose_answer()
    objects.ComputeNode.report(ctxt, 'h1', {'reserved_host_memory_mb': 600})
    db.assert_books_balance(ctxt)
    lose_answer()
    objects.Claim.drop(ctxt, uuid)
    assert objects.ComputeNode.get_by_host(ctxt, 'h1').vcpus_used == 0
    db.assert_books_balance(ctxt)


def test_insert_when_the_answer_is_lost_then_there_is_one_row(ctxt, lose_answer):
    lose_answer()
    instance = db.make_instance(ctxt, metadata={'a': 'b'}, locked=True)
    assert [row.uuid for row in objects.InstanceList.get_by_filters(ctxt)] == [instance.uuid]
    for _ in range(2):      # two actions that differ in nothing but their time
        lose_answer()
        objects.InstanceAction.action_start(ctxt, instance.uuid, 'reboot')
    assert len(objects.InstanceActionList.get_by_instance_uuid(ctxt, instance.uuid)) == 2


def test_start_next_when_the_answer_is_lost_then_the_caller_still_hears_whom_to_run(
        ctxt, lose_answer):
    migration = db.make_migration(ctxt, db.make_instance(ctxt))
    migration.advance('queue')
    lose_answer()
    started = objects.MigrationList.start_next(ctxt, 'src', 1)
    assert [(mine.id, mine.status) for mine in started] == [(migration.id, 'preparing')]
