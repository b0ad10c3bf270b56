# SPDX-License-Identifier: Apache-2.0
"""The revisions make exactly the tables that the code knows."""
import pytest
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


def test_first_use_when_the_database_is_empty_then_the_remedy_is_named_until_it_is_done(
        tmp_path):
    database_conf.register_opts(CONF)
    CONF.set_override('connection', f'sqlite:///{tmp_path}/new.sqlite', group='database')
    session.dispose()
    try:
        for _ in range(2):
            with pytest.raises(exception.ConfigInvalid, match='nova-lite-manage db sync'):
                api.get('services', id=1)
        session.configure()
        schema.sync()
        session.dispose()
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


def test_models_when_indexed_then_names_and_keys_fit_every_database():
    for table in models.TABLES.values():
        for index in table.indexes:
            assert len(index.name) <= 63    # PostgreSQL cuts longer names
            # InnoDB: 3072 bytes, four a character
            size = sum(4 * (getattr(column.type, 'length', None) or 2)
                       for column in index.columns)
            assert size <= 3072, index.name
