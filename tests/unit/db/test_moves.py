# SPDX-License-Identifier: Apache-2.0
"""The table of edges, walked: every event meets every status."""
import pytest

from nova_lite import exception, objects
from nova_lite.db import models, session
from nova_lite.migration import migration_states as states
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('database')

STATUSES = [*states.UNFINISHED, *states.FINAL]
SERVER = '11111111-0000-4000-8000-000000000000'
MIGRATION = '22222222-0000-4000-8000-000000000000'


def stage(ctxt, status):
    """A server that moves from src to dst, with a claim at either end, in the given status."""
    tables = models.TABLES
    node = {**db.HOST, 'deleted': 0, 'vcpus_used': 1, 'memory_mb_used': 512 + 256,
            'free_ram_mb': 4096 - 512 - 256, 'local_gb_used': 3, 'free_disk_gb': 97}
    with session.writer() as s:
        s.execute(tables['compute_nodes'].insert(), [
            {**node, 'host': host, 'uuid': f'{place}3333333-0000-4000-8000-000000000000'}
            for place, host in enumerate(('src', 'dst'))])
        s.execute(tables['claims'].insert(), [
            {**db.ROOM, 'host': 'src', 'consumer_uuid': SERVER},
            {**db.ROOM, 'host': 'dst', 'consumer_uuid': MIGRATION}])
        s.execute(tables['instances'].insert(), {
            'uuid': SERVER, 'task_state': 'migrating', 'vm_state': 'active', 'progress': 40,
            'host': 'src', 'node': 'src-node', 'metadata': {'kept': 'yes'}})
        s.execute(tables['migrations'].insert(), {
            'uuid': MIGRATION, 'instance_uuid': SERVER, 'status': status, 'reason': 'before',
            'migration_type': states.LIVE_MIGRATION,
            'source_compute': 'src', 'dest_compute': 'dst', 'dest_node': 'dst-node'})
    db.assert_books_balance(ctxt)
    return (objects.Instance.get_by_uuid(ctxt, SERVER),
            objects.Migration.get_by_uuid(ctxt, MIGRATION))


def claims():
    return {uuid: db.claims_of(uuid) for uuid in (SERVER, MIGRATION)}


CASES = [(edge, status) for edge in states.TRANSITIONS[states.LIVE_MIGRATION].values()
         for status in STATUSES]
LISTED = [case for case in CASES if case[1] in case[0].sources]
OTHERS = [case for case in CASES if case not in LISTED]


def names(value):
    return value.event if isinstance(value, states.Transition) else value


@pytest.mark.parametrize('edge, status', LISTED, ids=names)
def test_advance_when_the_edge_is_listed_then_all_of_it_happens(ctxt, edge, status):
    instance, migration = stage(ctxt, status)
    migration.advance(edge.event, reason='why', failed_check='RamCheck',
                      instance_updates={'power_state': 4})
    again = objects.Migration.get_by_id(ctxt, migration.id)
    assert again.obj_to_primitive() == migration.obj_to_primitive()
    assert (again.status, again.reason, again.failed_check) == (edge.to, 'why', 'RamCheck')
    assert again.started_at is not None
    assert (again.finished_at is not None) == (edge.to in states.FINAL)
    instance.refresh()
    after = edge.after
    assert instance.power_state == 4
    assert instance.task_state == (None if after.release else 'migrating')
    assert instance.progress == (0 if after.release else 40)
    assert (instance.host, instance.node) == (
        ('dst', 'dst-node') if after.moved else ('src', 'src-node'))
    assert instance.vm_state == ('error' if after.error else 'active')
    assert instance.metadata == {'kept': 'yes'}
    assert claims() == {'move': {SERVER: ['dst'], MIGRATION: []},
                        'drop': {SERVER: ['src'], MIGRATION: []},
                        'keep': {SERVER: ['src'], MIGRATION: ['dst']}}[after.claims]
    db.assert_books_balance(ctxt)


@pytest.mark.parametrize('edge, status', OTHERS, ids=names)
def test_advance_when_the_edge_is_not_listed_then_nothing_is_written(ctxt, edge, status):
    instance, migration = stage(ctxt, status)
    before = migration.obj_to_primitive(), instance.obj_to_primitive(), claims()
    with pytest.raises(exception.InvalidMigrationState) as refusal:
        migration.advance(edge.event, reason='why', instance_updates={'power_state': 4})
    assert f'is {status}.' in refusal.value.format_message()
    migration.refresh()
    instance.refresh()
    assert (migration.obj_to_primitive(), instance.obj_to_primitive(), claims()) == before
