# SPDX-License-Identifier: Apache-2.0
"""What somebody's slip in the database does not hide: the rest of the row, and all other rows."""
import logging

import pytest
import sqlalchemy as sa

from nova_lite import exception, objects
from nova_lite.db import columns, session
from nova_lite.objects import base, fields, unreadable
from tests.fixtures import db
from tests.unit.objects.test_base import CLASSES, sample

JUNK = (columns.Unreadable(), '{broken', '[1]', [1], ['x'], {'a': 1}, {'nova_object.name': 'Nope'},
        {'nova_object.name': 'Service', 'nova_object.namespace': 'nova_lite',
         'nova_object.version': '1.0', 'nova_object.data': {}}, 5, 'x', b'\xff', object())
UUID = '11111111-0000-4000-8000-000000000000'
PERSISTENT = [cls for cls in CLASSES if issubclass(cls, base.PersistentObject)]


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(unreadable, '_said', {})


def row_of(cls):
    return {name: value.obj_to_primitive() if isinstance(value, objects.NovaLiteObject) else value
            for name in cls.fields for value in [getattr(sample(cls), name)]}


@pytest.mark.filterwarnings('ignore:.*invalid UUID:FutureWarning')
@pytest.mark.parametrize('cls', PERSISTENT, ids=lambda cls: cls.__name__)
def test_row_when_any_value_of_it_is_junk_then_the_rest_is_read_or_the_error_names_it(cls, ctxt):
    good = row_of(cls)
    whole = cls.from_row(ctxt, good)
    for name, field in cls.fields.items():
        for junk in JUNK:
            try:
                found = cls.from_row(ctxt, {**good, name: junk})
            except exception.RowUnreadable as error:
                assert not field.nullable and field.default is fields.UnspecifiedDefault
                assert f'Table {cls.TABLE}' in str(error) and f' {name} is no ' in str(error)
                continue
            assert found.obj_what_changed() <= set(cls.WORKED_OUT)
            for other in set(cls.fields) - {name}:
                assert repr(getattr(found, other)) == repr(getattr(whole, other))
            getattr(found, name)
            found.obj_to_primitive()


def test_value_when_it_is_unreadable_then_the_log_names_it_once_in_a_while(
        ctxt, caplog, monkeypatch):
    row = {**row_of(objects.Instance), 'flavor': [1]}
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            objects.Instance.from_row(ctxt, row)
        [line] = caplog.messages
        for word in ('instances', row['uuid'], 'flavor', 'Flavor', 'Correct it'):
            assert word in line
        monkeypatch.setattr(unreadable, 'SAY_AGAIN', 0)
        objects.Instance.from_row(ctxt, row)
        objects.Instance.from_row(ctxt, {**row, 'metadata': [1], 'flavor': None})
    assert len(caplog.messages) == 3


@pytest.mark.parametrize(('column', 'text', 'read'), [
    ('flavor', '[1]', None), ('flavor', '{broken', None), ('flavor', '{"a": 1}', None),
    ('metadata', '[1]', {}), ('system_metadata', '7', {}), ('image_meta', '"x"', {}),
    ('launched_at', 'never', None), ('created_at', '0000-00-00 00:00:00', None),
    ('memory_mb', 'much', None), ('generation', 'x', 0)])
def test_list_when_one_row_has_such_a_value_then_all_are_in_it_and_nothing_is_written_over(
        ctxt, database, column, text, read):
    bad, good = (db.make_instance(ctxt, task_state=None, metadata={'a': 'b'}) for _ in range(2))
    stands = _edit('instances', bad.uuid, column, text)
    found = {server.uuid: server for server in objects.InstanceList.get_by_filters(ctxt)}
    assert set(found) == {bad.uuid, good.uuid}
    assert getattr(found[bad.uuid], column) == read
    assert found[good.uuid].metadata == {'a': 'b'}
    server = objects.Instance.get_by_uuid(ctxt, bad.uuid)
    server.display_name = 'renamed'
    server.save()
    if column == 'metadata':
        server.metadata = {'c': 'd'}
        with pytest.raises(exception.Conflict):
            server.save()
    assert _stands('instances', bad.uuid, column) == stands


@pytest.mark.parametrize('direction', ['asc', 'desc'])
def test_pages_when_the_row_of_a_marker_has_such_a_value_then_all_are_in_them(
        ctxt, database, direction):
    servers = [db.make_instance(ctxt, task_state=None).uuid for _ in range(3)]
    _edit('instances', servers[1], 'created_at', 'never')
    found = []
    while page := list(objects.InstanceList.get_by_filters(
            ctxt, sort_keys=['created_at', 'id'], sort_dirs=[direction] * 2, limit=1,
            marker=found[-1] if found else None)):
        found += [server.uuid for server in page]
    assert sorted(found) == sorted(servers)


def test_migration_when_a_value_that_its_edges_write_is_unreadable_then_it_ends(ctxt, database):
    instance, migration = db.make_move(ctxt)
    for column, text in (('started_at', 'never'), ('timings', '{broken')):
        _edit('migrations', migration.uuid, column, text)
    migration.advance('fail', reason='why')
    ended = objects.Migration.get_by_id(ctxt, migration.id)
    assert ended.status == 'failed' and ended.started_at and list(ended.timings) == ['failed']
    assert objects.Instance.get_by_uuid(ctxt, instance.uuid).task_state is None


def test_list_when_a_row_cannot_be_shown_then_it_is_left_out(ctxt, database):
    good, bad = (db.make_instance(ctxt, task_state=None) for _ in range(2))
    for instance in (good, bad):
        objects.Order.give(ctxt, instance, 'pausing')
        with session.writer() as s:
            s.execute(sa.text('update orders set lease_until = null, task_state = :task '
                              'where instance_uuid = :uuid'),
                      {'uuid': instance.uuid,
                       'task': 'scheduling' if instance is good else b'\xff'})
            s.execute(sa.text('update instances set task_state = :task where uuid = :uuid'),
                      {'uuid': instance.uuid,
                       'task': 'scheduling' if instance is good else b'\xff'})
    rows = [dict(row) for row in _rows('select * from orders')]
    found = objects.OrderList.from_rows(ctxt, [
        {**row, 'instance': None, 'arguments': {}, 'context': {}, 'created_at': None,
         'updated_at': None} for row in rows])
    assert [order.instance_uuid for order in found] == [good.uuid]


def test_data_of_a_migration_when_it_is_none_then_the_error_names_the_row(ctxt):
    migration = objects.Migration(uuid=UUID, migrate_data={'a': 1})
    with pytest.raises(exception.RowUnreadable, match=f'migrations, row {UUID}: migrate_data'):
        objects.LiveMigrateData.from_stored(ctxt, migration)


def test_service_when_its_last_heartbeat_is_unreadable_then_it_is_down_and_others_are_listed(
        ctxt, database):
    for host in ('a', 'b'):
        objects.Service.register(ctxt, host, 'nova-compute', 'compute')
        objects.Service.register(ctxt, host, 'nova-conductor', 'conductor')
    with session.writer() as s:
        s.execute(sa.text("update services set last_seen_up = 'never' where host = 'a'"))
    assert {(service.host, service.up) for service in objects.ServiceList.get_by_filters(
        ctxt, binary='nova-compute')} == {('a', False), ('b', True)}
    assert not objects.Service.is_silent(ctxt, 'a', 'nova-compute', 60)   # nobody can tell


def _edit(table, uuid, column, text):
    with session.writer() as s:
        s.execute(sa.text(f'update {table} set {column} = :text where uuid = :uuid'),
                  {'text': text, 'uuid': uuid})
    return _stands(table, uuid, column)


def _stands(table, uuid, column):
    [row] = _rows(f"select {column} from {table} where uuid = '{uuid}'")
    return row[column]


def _rows(statement):
    with session.reader() as s:
        return list(s.execute(sa.text(statement)).mappings())
