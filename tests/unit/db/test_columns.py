# SPDX-License-Identifier: Apache-2.0
"""Values of tables: aware times, documents, and what somebody's slip has left there."""
import datetime

import pytest
import sqlalchemy as sa

from nova_lite.db import columns

TABLE = sa.Table('t', sa.MetaData(), sa.Column('id', sa.Integer, primary_key=True),
                 sa.Column('at', columns.UtcDateTime), sa.Column('what', columns.Json))


@pytest.fixture
def connection():
    engine = sa.create_engine('sqlite://')
    with engine.connect() as opened:
        TABLE.metadata.create_all(opened)
        yield opened
    engine.dispose()


def test_time_when_it_has_another_zone_then_is_kept_and_read_in_utc(connection):
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moment = datetime.datetime(2026, 1, 1, 1, 2, 3, 456789, zone)
    connection.execute(TABLE.insert().values(at=moment))
    read = connection.scalar(sa.select(TABLE.c.at))
    assert (read, read.tzinfo, read.microsecond) == (moment, datetime.UTC, 456789)
    kept = connection.exec_driver_sql('SELECT at FROM t').scalar()
    assert kept == '2025-12-31 23:02:03.456789'


def test_document_when_it_is_none_then_null(connection):
    connection.execute(TABLE.insert(), [{'what': None}, {'what': {'a': [1]}}])
    assert connection.exec_driver_sql('SELECT count(*) FROM t WHERE what IS NULL').scalar() == 1
    assert list(connection.scalars(sa.select(TABLE.c.what))) == [None, {'a': [1]}]


@pytest.mark.parametrize(('column', 'text'), [('what', '{broken'), ('at', 'yesterday')])
def test_value_when_it_is_none_of_its_column_then_the_others_are_read(connection, column, text):
    connection.exec_driver_sql(f"INSERT INTO t (id, {column}) VALUES (7, '{text}')")
    row = connection.execute(sa.select(TABLE)).one()
    assert row.id == 7 and isinstance(getattr(row, column), columns.Unreadable)
    assert not getattr(row, column)
