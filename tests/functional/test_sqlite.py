# SPDX-License-Identifier: Apache-2.0
"""A call of SQLite's that does not come back holds its own transaction and no other thread."""
import fcntl
import signal
import threading
import time

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from nova_lite import exception, monkey_patch
from nova_lite.db import models, session, sqlite
from tests.fixtures import db
from tests.fixtures.db import database     # noqa: F401

T = models.Claim.__table__
ROW = {'consumer_uuid': '11111111-0000-4000-8000-000000000000', 'host': 'a', **db.ROOM}
NATIVE_ONLY = 'a native thread stops nobody else: nothing of SQLite is replaced there'
LIMIT = 20


class Disk:
    """One that stands still for who asks: the wait is a system call that eventlet knows not."""

    def __init__(self, path):
        self._mine, self._theirs = open(path, 'w'), open(path)
        self.reached, self.words = 0, []
        fcntl.flock(self._mine, fcntl.LOCK_EX)
        self._former = signal.signal(signal.SIGALRM, lambda *_: self._let_go('all stood still'))
        signal.alarm(LIMIT)

    def stand(self, *_):
        self.reached += 1
        fcntl.flock(self._theirs, fcntl.LOCK_SH)

    def go_on(self):
        self._let_go('others went on')

    def _let_go(self, word):
        signal.alarm(0)
        self.words.append(word)
        fcntl.flock(self._mine, fcntl.LOCK_UN)

    def close(self):
        self._let_go('end')
        signal.signal(signal.SIGALRM, self._former)
        self._mine.close()
        self._theirs.close()


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / 'disk')
    yield disk
    disk.close()


def read(s):
    return list(s.scalars(sa.select(T.c.host)))


def write(s):
    s.execute(T.insert(), ROW)


def write_many(s):
    s.execute(T.insert(), [{**ROW, 'host': host} for host in 'ab'])


def fail(s):
    write(s)
    raise exception.Invalid(reason='as wanted')


WORK = [('SELECT', session.reader, read), ('INSERT', session.writer, write),
        ('INSERT', session.writer, write_many), ('BEGIN IMMEDIATE', session.writer, read),
        ('COMMIT', session.writer, write), ('ROLLBACK', session.writer, fail)]


@pytest.fixture
def in_each_connection(database):   # noqa: F811
    """``in_each_connection(do)`` has ``do(connection)`` done with each that is opened."""
    added = []

    def add(do):
        added.append(lambda connection, _record: do(connection))
        event.listen(session.get_engine(), 'connect', added[-1])

    yield add
    for listener in added:
        event.remove(session.get_engine(), 'connect', listener)


def begin(transaction, work):
    def run():
        try:
            with transaction() as s:
                work(s)
        except exception.Invalid:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def wait_for(condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize('word, transaction, work', WORK,
                         ids=lambda value: getattr(value, '__name__', value))
def test_sqlite_when_a_statement_does_not_come_back_then_other_threads_go_on(
        disk, in_each_connection, word, transaction, work):
    in_each_connection(lambda connection: connection.set_trace_callback(
        lambda statement: disk.stand() if statement.startswith(word) else None))
    thread = begin(transaction, work)
    wait_for(lambda: disk.reached)
    disk.go_on()
    thread.join(LIMIT)
    assert not thread.is_alive() and disk.words == ['others went on']


def test_sqlite_when_a_row_is_long_in_coming_then_other_threads_go_on(disk, in_each_connection):
    """The statement comes back with its first row."""
    in_each_connection(lambda connection: connection.create_function(
        'look', 1, lambda number: disk.stand() if number == 2 else None))
    thread = begin(session.reader, lambda s: s.execute(sa.text(
        'SELECT look(column1) FROM (VALUES (1), (2))')).all())
    wait_for(lambda: disk.reached)
    disk.go_on()
    thread.join(LIMIT)
    assert not thread.is_alive() and disk.words == ['others went on']


@pytest.mark.skipif(monkey_patch.backend() != monkey_patch.EVENTLET, reason=NATIVE_ONLY)
def test_sqlite_when_many_calls_do_not_come_back_then_the_next_is_told_that_it_is_away(
        disk, in_each_connection, monkeypatch):
    """Native threads are left for what else needs them, and the calls end as they would have."""
    in_each_connection(lambda connection: connection.create_function('look', 0, disk.stand))
    monkeypatch.setattr(sqlite, 'LOCK_SECONDS', 0.1)
    threads = [begin(session.reader, lambda s: s.execute(sa.text('SELECT look()')).all())
               for _ in range(sqlite.CALLS_AT_ONCE)]
    wait_for(lambda: disk.reached == sqlite.CALLS_AT_ONCE)
    with pytest.raises(exception.DatabaseUnavailable), session.reader() as s:
        read(s)
    disk.go_on()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    with session.reader() as s:
        assert read(s) == []


def test_cursor_when_rows_are_taken_one_by_one_or_some_at_once_then_each_comes_once(
        database):      # noqa: F811
    with session.reader() as s:
        cursor = s.connection().connection.cursor()
        cursor.execute('SELECT column1 FROM (VALUES (1), (2), (3), (4), (5), (6))')
        assert cursor.fetchone() == (1,) and next(cursor) == (2,)
        assert cursor.fetchmany() == [(3,)] and cursor.fetchmany(2) == [(4,), (5,)]
        assert cursor.fetchall() == [(6,)] and cursor.fetchall() == [] == list(cursor)
        assert cursor.fetchone() is None
