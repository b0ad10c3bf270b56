# SPDX-License-Identifier: Apache-2.0
"""The queue: oldest first, within both hosts' limits, and no place is given away twice."""
import pytest

from nova_lite import exception, objects
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('database')


def queued(ctxt, source='src', dest='dst', **values):
    migration = db.make_migration(ctxt, db.make_instance(ctxt), source_compute=source,
                                  dest_compute=dest, **values)
    migration.advance('queue')
    return migration


def start(ctxt, source='src', limit=0):
    return [migration.id for migration in
            objects.MigrationList.start_next(ctxt, source, limit)]


def waits_for(migration):
    migration.refresh()
    return {'position': migration.queue_position, 'reason': migration.queue_reason}


@pytest.fixture
def hosts(ctxt):
    """dst takes one guest at a time, other any number."""
    db.make_host(ctxt, 'dst', max_incoming_live_migrations=1)
    db.make_host(ctxt, 'other', max_incoming_live_migrations=0)


def test_start_next_when_the_source_has_a_limit_then_the_oldest_go_first(ctxt, hosts):
    waiting = [queued(ctxt, dest='other') for _ in range(3)]
    assert start(ctxt, limit=2) == [waiting[0].id, waiting[1].id]
    assert waits_for(waiting[2]) == {
        'position': 1, 'reason': 'host src has 2 outgoing live migrations, '
                                 'max_concurrent_live_migrations is 2'}
    assert start(ctxt, limit=2) == []
    waiting[0].refresh()
    assert waiting[0].status == 'preparing' and {'accepted', 'queued', 'preparing'} == set(
        waiting[0].receipt['at'])
    waiting[0].advance('cancel')
    assert start(ctxt, limit=2) == [waiting[2].id]


def test_start_next_when_a_destination_is_full_then_others_pass_by(ctxt, hosts):
    first, second, third = (queued(ctxt, dest=dest) for dest in ('dst', 'dst', 'other'))
    assert start(ctxt) == [first.id, third.id]
    assert waits_for(second)['reason'].startswith('host dst has 1 incoming')
    assert objects.MigrationList.get_sources_waiting_for(ctxt, 'dst') == ['src']
    assert objects.MigrationList.get_sources_waiting_for(ctxt, 'other') == []


def test_start_next_when_one_waits_then_what_others_write_of_it_stays(ctxt, hosts):
    queued(ctxt)
    second = queued(ctxt, request_context={'user_id': 'u'})
    start(ctxt)
    assert second.status == 'queued'
    second.refresh()
    assert second.request_context == {'user_id': 'u'} and second.queue_position == 1


def test_start_next_when_many_sources_want_the_last_place_then_one_has_it(ctxt, hosts):
    sources = [f's{number}' for number in range(5)]
    waiting = {queued(ctxt, source=source).id for source in sources}
    results = db.race([lambda source=source: start(ctxt, source) for source in sources])
    started = [migration_id for result in results for migration_id in result]
    assert len(started) == 1 and started[0] in waiting, results
    assert len(objects.MigrationList.get_by_filters(ctxt, {'status': 'preparing'})) == 1


def test_start_next_when_asked_by_many_at_once_then_each_is_started_once(ctxt, hosts):
    waiting = [queued(ctxt, dest='other').id for _ in range(6)]
    results = db.race([lambda: start(ctxt, limit=4)] * 4)
    assert sorted(migration_id for result in results for migration_id in result) == waiting[:4]


def accepted(ctxt, dest='other'):
    return db.make_migration(ctxt, db.make_instance(ctxt), source_compute='src',
                             dest_compute=dest)


def queue_up(ctxt, migration, limit=0):
    found = objects.MigrationList.queue_up(ctxt, migration.id, 'src', limit)
    assert [server.uuid for server in found.instances] == [
        started.instance_uuid for started in found]
    migration.refresh()
    return [started.id for started in found]


def test_queue_up_when_there_is_room_then_it_starts_with_its_server(ctxt, hosts):
    migration = accepted(ctxt)
    assert queue_up(ctxt, migration) == [migration.id]
    assert migration.status == 'preparing'
    assert {'accepted', 'queued', 'preparing'} == set(migration.receipt['at'])
    with pytest.raises(exception.InvalidMigrationState):
        queue_up(ctxt, migration)


def test_queue_up_when_others_are_before_it_then_it_starts_none_of_them_nor_overtakes(ctxt, hosts):
    first, last = queued(ctxt, dest='other'), accepted(ctxt)
    assert queue_up(ctxt, last, limit=1) == []
    first.refresh()
    assert (first.status, last.status) == ('queued', 'queued')
    assert waits_for(last)['position'] == 1
    assert start(ctxt, limit=1) == [first.id]
    later = accepted(ctxt)
    assert queue_up(ctxt, later, limit=9) == [later.id]
    assert waits_for(last)['position'] == 1 and last.status == 'queued'
