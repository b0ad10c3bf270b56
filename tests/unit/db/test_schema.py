# SPDX-License-Identifier: Apache-2.0
"""The revisions make exactly the tables that the code knows."""
import pytest
import sqlalchemy as sa
from alembic import autogenerate
from alembic.runtime import migration

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.conf import database as database_conf
from nova_lite.db import api, models, schema, session


def test_sync_when_run_then_the_tables_are_those_of_the_models(database):
    schema.sync()
    with session.reader() as s:
        context = migration.MigrationContext.configure(s.connection(),
                                                       opts={'compare_type': True})
        assert autogenerate.compare_metadata(context, models.Base.metadata) == []
    assert schema.version() == schema.head()


def test_check_when_the_database_is_empty_then_the_error_names_the_remedy(tmp_path):
    session.configure(f'sqlite:///{tmp_path}/empty.sqlite')
    try:
        assert schema.version() is None
        with pytest.raises(exception.ConfigInvalid, match='nova-lite-manage db sync'):
            schema.check()
        schema.sync()
        schema.check()
    finally:
        session.dispose()


def test_check_when_the_database_is_empty_then_the_remedy_is_named_until_it_is_done(
        tmp_path):
    database_conf.register_opts(CONF)
    CONF.set_override('connection', f'sqlite:///{tmp_path}/new.sqlite', group='database')
    session.dispose()
    try:
        for _ in range(2):
            with pytest.raises(exception.ConfigInvalid, match='nova-lite-manage db sync'):
                api.check()
        schema.sync()
        session.dispose()
        api.check()
        assert api.get('services', id=1) is None
    finally:
        CONF.clear_override('connection', group='database')
        session.dispose()


def test_sync_when_it_fails_half_way_then_nothing_is_left(tmp_path):
    session.configure(f'sqlite:///{tmp_path}/taken.sqlite')
    try:
        with session.writer() as s:
            s.connection().exec_driver_sql('CREATE TABLE services (x INTEGER)')
        with pytest.raises(Exception, match='services'):
            schema.sync()
        with session.reader() as s:
            tables = s.connection().exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        assert tables == ['services']
    finally:
        session.dispose()


# what a migration's row held in two JSON columns, before there was a column for each thing
JOURNAL = {'context': {'user_id': 'u'}, 'request': {'host': 'dst', 'force': True},
           'control': {'goals': {'deadline_s': 9}, 'trend': [3], 'decisions': [{'kind': 'pause'}]},
           'progress': {'percent': 40, 'iteration': 3}, 'refused': {'h1': 'too hot'},
           'queue': {'position': 2, 'reason': 'host dst is full'}, 'source_not_cleaned': True}
RECEIPT = {'at': {'accepted': '2026-01-02T03:04:05+00:00',
                  'copied': '2026-01-02T04:04:05.250000+01:00'},
           'copy': {'iteration': 3}, 'goals': {'deadline_s': 9}, 'decisions': []}


def check_carried_over(url):
    """Rows of the revision before keep what they say."""
    session.configure(url)
    try:
        schema.sync('0003')
        old = sa.table('migrations', *map(sa.column, ('uuid', 'status', 'deleted')),
                       sa.column('journal', sa.JSON), sa.column('receipt', sa.JSON))
        with session.writer() as s:
            for uuid, journal, receipt in (('1', JOURNAL, RECEIPT), ('2', None, None),
                                           ('3', {'control': {'goals': None}}, {'at': {}})):
                s.execute(old.insert().values(uuid=uuid, status='completed', deleted=0,
                                              journal=journal, receipt=receipt))
        schema.sync()
        first, second, third = (api.get('migrations', uuid=uuid) for uuid in '123')
    finally:
        session.dispose()
    told = {name: first[name] for name in (
        'request_context', 'requested_host', 'forced', 'goals', 'steering', 'progress', 'refusals',
        'queue_position', 'queue_reason', 'source_not_cleaned', 'timings')}
    assert told == {
        'request_context': {'user_id': 'u'}, 'requested_host': 'dst', 'forced': True,
        'goals': {'deadline_s': 9}, 'steering': JOURNAL['control'],
        'progress': JOURNAL['progress'], 'refusals': {'h1': 'too hot'}, 'queue_position': 2,
        'queue_reason': 'host dst is full', 'source_not_cleaned': True,
        'timings': {'accepted': '2026-01-02T03:04:05+00:00'}}
    assert first['copied_at'].isoformat() == '2026-01-02T03:04:05.250000+00:00'
    assert [row[name] for row in (second, third) for name in (
        'goals', 'steering', 'progress', 'timings', 'copied_at')] == [None] * 10
    assert second['source_not_cleaned'] is False


def test_sync_when_rows_are_there_then_what_they_say_is_carried_over(tmp_path):
    check_carried_over(f'sqlite:///{tmp_path}/old.sqlite')


def check_unfinished(url):
    """A database that let two migrations of one server be unfinished can be upgraded."""
    session.configure(url)
    try:
        schema.sync('0007')
        old = sa.table('migrations', *map(sa.column, (
            'uuid', 'instance_uuid', 'status', 'deleted')))
        with session.writer() as s:
            for uuid, server, status in (('1', 'a', 'running'), ('2', 'a', 'queued'),
                                         ('3', 'a', 'completed'), ('4', 'b', 'accepted'),
                                         ('5', None, 'accepted'), ('6', 'c', 'error')):
                s.execute(old.insert().values(uuid=uuid, instance_uuid=server, status=status,
                                              deleted=0))
        schema.sync()
        assert [api.get('migrations', uuid=uuid)['moving_instance_uuid']
                for uuid in '123456'] == [None, 'a', None, 'b', None, None]
    finally:
        session.dispose()


def test_sync_when_two_migrations_of_a_server_are_unfinished_then_the_newest_is_the_one(tmp_path):
    check_unfinished(f'sqlite:///{tmp_path}/old.sqlite')


def check_identified(url):
    """Rows that do not say what they are of get a word for it; all others stay as they are."""
    session.configure(url)
    try:
        schema.sync('0008')
        moves = sa.table('migrations', *map(sa.column, (
            'uuid', 'instance_uuid', 'migration_type', 'source_compute', 'status', 'deleted',
            'created_at')))
        counts = ('vcpus', 'vcpus_used', 'memory_mb', 'memory_mb_used', 'local_gb',
                  'local_gb_used', 'free_ram_mb', 'free_disk_gb', 'reserved_host_memory_mb',
                  'reserved_host_disk_mb', 'cpu_allocation_ratio', 'ram_allocation_ratio',
                  'disk_allocation_ratio', 'deleted')
        nodes = sa.table('compute_nodes', *map(sa.column, (
            'uuid', 'host', 'hypervisor_hostname', *counts)))
        with session.writer() as s:
            for uuid, server, source in (('1', None, None), ('2', 'a', 'h1')):
                s.execute(moves.insert().values(uuid=uuid, instance_uuid=server,
                                                source_compute=source, status='completed',
                                                migration_type=source and 'evacuation', deleted=0))
            for host, name in (('h1', None), ('h2', 'n2')):
                s.execute(nodes.insert().values(uuid=host, host=host, hypervisor_hostname=name,
                                                **dict.fromkeys(counts, 0)))
        schema.sync()
        told = [tuple(api.get('migrations', uuid=uuid)[name] for name in (
            'instance_uuid', 'migration_type', 'source_compute')) for uuid in '12']
        names = [api.get('compute_nodes', host=host)['hypervisor_hostname']
                 for host in ('h1', 'h2')]
        with session.reader() as s:
            context = migration.MigrationContext.configure(s.connection(),
                                                           opts={'compare_type': True})
            assert autogenerate.compare_metadata(context, models.Base.metadata) == []
    finally:
        session.dispose()
    assert told == [('00000000-0000-0000-0000-000000000000', 'live-migration', 'unknown'),
                    ('a', 'evacuation', 'h1')]
    assert names == ['h1', 'n2']


def test_sync_when_a_row_does_not_say_what_it_is_of_then_it_gets_a_word_for_it(tmp_path):
    check_identified(f'sqlite:///{tmp_path}/old.sqlite')


def test_models_when_indexed_then_names_and_keys_fit_every_database():
    for table in models.TABLES.values():
        for index in table.indexes:
            assert len(index.name) <= 63    # PostgreSQL cuts longer names
            # InnoDB: 3072 bytes, four a character
            size = sum(4 * (getattr(column.type, 'length', None) or 2)
                       for column in index.columns)
            assert size <= 3072, index.name
