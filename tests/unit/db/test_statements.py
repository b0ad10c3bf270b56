# SPDX-License-Identifier: Apache-2.0
"""What is on every migration's way costs no more statements than it needs."""
import contextlib

import pytest
import sqlalchemy as sa

from nova_lite import objects
from nova_lite.db import session
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('database')


@contextlib.contextmanager
def statements():
    """The first two words of each statement that is sent in the block, without transactions."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(' '.join(statement.split()[:2]))

    engine = session.get_engine()
    sa.event.listen(engine, 'before_cursor_execute', note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, 'before_cursor_execute', note)
    sent[:] = [words for words in sent if not words.startswith('BEGIN')]


def kinds(sent):
    return [words.split()[0] for words in sent]


def test_advance_when_the_edge_leaves_the_server_alone_then_only_the_migration_is_touched(ctxt):
    instance = db.make_instance(ctxt, host='src')
    migration = db.make_migration(ctxt, instance)
    migration.migrate_data = {'a': 1}
    with statements() as sent:
        migration.advance('queue')
    assert kinds(sent) == ['SELECT', 'UPDATE']
    written = objects.Migration.get_by_id(ctxt, migration.id)
    assert written.obj_to_primitive() == migration.obj_to_primitive()
    assert written.migrate_data == {'a': 1} and 'queued' in written.receipt['at']


def test_events_when_written_then_nothing_is_read_back(ctxt):
    instance = db.make_instance(ctxt)
    with statements() as sent:
        objects.InstanceAction.action_start(ctxt, instance.uuid, 'live-migration')
    assert sent == ['INSERT INTO']
    with statements() as sent:
        objects.InstanceActionEvent.event_start(ctxt, instance.uuid, 'compute_x', 'src')
    assert kinds(sent) == ['SELECT', 'UPDATE', 'INSERT']
    with statements() as sent:
        closed = objects.InstanceActionEvent.event_finish(ctxt, instance.uuid, 'compute_x', 'src')
    assert kinds(sent) == ['SELECT', 'SELECT', 'UPDATE', 'UPDATE']
    with statements() as sent:
        objects.InstanceActionEventList.write(ctxt, [
            {'instance_uuid': instance.uuid, 'request_id': ctxt.request_id, 'event': 'compute_y',
             'host': 'src', 'began': 0.2, 'ended': 0.1, 'result': 'Success'}])
    assert kinds(sent) == ['SELECT', 'UPDATE', 'INSERT']
    read, _ = objects.InstanceActionEventList.get_by_action(ctxt, closed.action_id)
    assert read.obj_to_primitive() == closed.obj_to_primitive()
    assert read.result == 'Success'


def test_start_next_when_nothing_waits_then_one_look_tells(ctxt):
    with statements() as sent:
        assert not len(objects.MigrationList.start_next(ctxt, 'src', 1))
    assert kinds(sent) == ['SELECT']
