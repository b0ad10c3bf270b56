# SPDX-License-Identifier: Apache-2.0
"""Transactions on SQLite: whole or not at all, one writer at a time, no lock lost half-way."""
import os
import sqlite3
import threading

import pytest
import sqlalchemy as sa
from oslo_db import exception as db_exc

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.db import models, session, sqlite
from tests.fixtures import db

T = models.Claim.__table__
UUID = '11111111-0000-4000-8000-000000000000'


def insert(s, host):
    s.execute(T.insert(), {'consumer_uuid': UUID, 'host': host, **db.ROOM})


def hosts(s):
    return sorted(s.scalars(sa.select(T.c.host)))


def test_writer_when_the_block_ends_then_committed_and_when_it_fails_then_not(database):
    with session.writer() as s:
        insert(s, 'kept')
    with pytest.raises(ZeroDivisionError), session.writer() as s:
        insert(s, 'lost')
        1 / 0
    with session.reader() as s:
        assert hosts(s) == ['kept']


def test_writer_when_it_begins_then_it_holds_the_write_lock_at_once(database):
    """Reading first and writing later would lose with "database is locked" otherwise."""
    with session.writer() as s:
        assert hosts(s) == []
        other = sa.create_engine(database, connect_args={'timeout': 0})
        with other.connect() as link, pytest.raises(sa.exc.OperationalError, match='locked'):
            link.exec_driver_sql('BEGIN IMMEDIATE')
        insert(s, 'a')
    other.dispose()


def test_writer_when_many_read_then_write_at_once_then_none_is_refused(database):
    def add():
        with session.writer() as s:
            insert(s, f'h{len(hosts(s))}')

    assert db.race([add] * 8) == [None] * 8
    with session.reader() as s:
        assert hosts(s) == [f'h{number}' for number in range(8)]


def test_reader_when_another_writes_meanwhile_then_it_neither_waits_nor_sees_it(database):
    with session.reader() as s:
        assert hosts(s) == []
        with session.writer() as other:
            insert(other, 'new')
        assert hosts(s) == []
    with session.reader() as s:
        assert hosts(s) == ['new']


def test_sqlite_when_configured_then_wal_foreign_keys_and_patience(database):
    with session.reader() as s:
        link = s.connection()
        values = {name: link.exec_driver_sql(f'PRAGMA {name}').scalar()
                  for name in ('journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout')}
    assert values == {'journal_mode': 'wal', 'synchronous': 1, 'foreign_keys': 1,
                      'busy_timeout': 0}
    # the log is not folded back with each connection that closes
    assert os.path.exists(database.removeprefix('sqlite:///') + '-wal')
    with pytest.raises(db_exc.DBReferenceError), session.writer() as s:
        s.execute(models.InstanceActionEvent.__table__.insert(), {'action_id': 99})


@pytest.fixture
def another_writer(database):
    """Another process that holds the write lock."""
    link = sqlite3.connect(database.removeprefix('sqlite:///'), isolation_level=None,
                           check_same_thread=False)
    link.execute('BEGIN IMMEDIATE')
    yield link
    link.close()


def test_writer_when_another_holds_the_lock_then_readers_go_on_and_it_is_away(
        another_writer, monkeypatch):
    monkeypatch.setattr(sqlite, 'LOCK_SECONDS', 0.1)
    with session.reader() as s:
        assert hosts(s) == []
    with pytest.raises(exception.DatabaseUnavailable), session.writer() as s:
        insert(s, 'a')
    with session.reader() as s:
        assert hosts(s) == []
    another_writer.execute('ROLLBACK')
    with session.writer() as s:
        insert(s, 'a')
        assert hosts(s) == ['a']


def test_writer_when_the_lock_is_let_go_meanwhile_then_it_writes(another_writer):
    letting_go = threading.Timer(0.1, another_writer.execute, ['ROLLBACK'])
    letting_go.start()
    with session.writer() as s:
        insert(s, 'a')
        assert hosts(s) == ['a']
    letting_go.join()


def test_configure_when_the_file_is_shut_meanwhile_then_it_opens(database, tmp_path):
    """A connection that closes shuts the file to those that open it."""
    file = tmp_path / 'shut.sqlite'
    link = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    link.execute('BEGIN EXCLUSIVE')
    letting_go = threading.Timer(0.2, link.execute, ['COMMIT'])
    letting_go.start()
    try:
        session.configure(f'sqlite:///{file}')
        letting_go.join()
        link.close()
    finally:
        session.configure(database)


def test_reader_when_connections_open_and_close_at_once_then_none_is_shut_out(database):
    def look():
        for _ in range(300):
            with session.reader() as s:
                hosts(s)

    def write():
        for number in range(50):
            with session.writer() as s:
                insert(s, f'h{number}')

    assert db.race([look] * 6 + [write]) == [None] * 7


def test_writer_when_the_disk_is_full_then_the_database_is_away(database):
    with pytest.raises(exception.DatabaseUnavailable), session.writer() as s:
        s.connection().exec_driver_sql('PRAGMA max_page_count=1')
        s.execute(T.insert(), [{'consumer_uuid': UUID, 'host': 'h' * 200 + str(number), **db.ROOM}
                               for number in range(500)])
    with session.reader() as s:
        assert hosts(s) == []


def test_configure_when_the_file_cannot_be_opened_then_refused(tmp_path):
    with pytest.raises(exception.DatabaseRefused):
        session.configure(f'sqlite:///{tmp_path}/nowhere/db.sqlite')


def test_reader_when_the_tables_are_gone_then_refused_with_the_tables_name(database, tmp_path):
    session.configure(f'sqlite:///{tmp_path}/empty.sqlite')
    with pytest.raises(exception.DatabaseRefused, match='claims'), session.reader() as s:
        hosts(s)
    session.configure(database)


def test_configure_when_there_is_no_url_then_the_error_names_the_option():
    assert CONF.database.connection is None
    with pytest.raises(exception.ConfigInvalid, match=r'\[database\]connection'):
        session.configure()


def test_configure_when_done_again_then_the_other_database_is_used(database, tmp_path):
    with session.writer() as s:
        insert(s, 'here')
    session.configure(f'sqlite:///{tmp_path}/other.sqlite')
    models.Base.metadata.create_all(session.get_engine())
    with session.reader() as s:
        assert hosts(s) == []
    session.configure(database)
    with session.reader() as s:
        assert hosts(s) == ['here']
