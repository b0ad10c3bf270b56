# SPDX-License-Identifier: Apache-2.0
"""SQLite: WAL mode, the write lock from the start of a writer, and no call on the loop.

The lock is never waited for inside of SQLite. Under eventlet each call that can touch the file,
and wait for a disk or be long, runs in a native thread: the library knows of no green threads, and
one that waited in it would hold all of them. Databases in memory have nothing to wait for.
"""
import collections
import contextlib
import functools
import sqlite3
import threading
import time
import typing
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy
from sqlalchemy import event, pool

from nova_lite import driver_errors, exception, monkey_patch, patterns, utils
from nova_lite.driver_errors import Meaning

# how long a lock of SQLite's is waited for, in s, and how often it is asked for
LOCK_SECONDS, LOCK_INTERVAL = 5.0, 0.02
# of each connection
PRAGMAS = ('busy_timeout=0', 'foreign_keys=ON', 'journal_mode=WAL', 'synchronous=NORMAL')
# execution option of a transaction that takes the write lock at its start
WRITER = 'nova_lite_writer'
# so many calls at most wait for the disk: one that hangs leaves native threads to others
CALLS_AT_ONCE = 10

_calls = threading.BoundedSemaphore(CALLS_AT_ONCE)
_writing = threading.Lock()


def set_up(engine: sqlalchemy.Engine) -> None:
    """Before the first connection is made."""
    # several transactions share the one connection to a database in memory, each until it waits
    native = monkey_patch.is_patched() and not isinstance(engine.pool, pool.StaticPool)
    event.listen(engine, 'do_connect', _connect_native if native else _connect)
    event.listen(engine, 'connect', _add_functions)
    event.listen(engine, 'set_connection_execution_options', _options)
    event.listen(engine, 'begin', _begin)


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """The writers of this process come one after the other, so that one alone asks for the lock
    that other processes may hold. DatabaseUnavailable."""
    if not _writing.acquire(timeout=LOCK_SECONDS):
        raise exception.DatabaseUnavailable()
    try:
        yield
    finally:
        _writing.release()


def anchor(engine: sqlalchemy.Engine) -> Any:
    """A connection that stays open. SQLite folds its log back into the file when the last one
    closes, which would be after every single transaction. It counts once it has read."""
    connection = engine.raw_connection()
    connection.cursor().execute('SELECT count(*) FROM sqlite_master').fetchall()
    return connection


def _connect(_dialect: Any, _record: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The file is shut for a moment to who opens it while another connection closes."""
    return _when_free(functools.partial(_open, *args, **kwargs))


def _connect_native(_dialect: Any, _record: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Each call may come to another thread; a connection has one at a time."""
    kwargs = {**kwargs, 'factory': _Connection, 'check_same_thread': False}
    return _when_free(functools.partial(_off_the_loop, _open, *args, **kwargs))


def _open(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    connection = sqlite3.connect(*args, **kwargs)
    try:
        for pragma in PRAGMAS:
            sqlite3.Cursor(connection).execute(f'PRAGMA {pragma}')
    except sqlite3.Error:
        sqlite3.Connection.close(connection)
        raise
    return connection


def _add_functions(connection: Any, _record: Any) -> None:
    """After those of oslo.db and SQLAlchemy, in their place."""
    connection.create_function('regexp', 2, patterns.search, deterministic=True)


def _options(connection: sqlalchemy.Connection, options: dict[str, Any]) -> None:
    if options.get(WRITER):
        connection.info['in_transaction'] = True    # oslo.db's own BEGIN is left out


def _begin(connection: sqlalchemy.Connection) -> None:
    if connection.get_execution_options().get(WRITER):
        link: Any = connection.connection.driver_connection
        _when_free(functools.partial(link.execute, 'BEGIN IMMEDIATE'))


def _when_free(call: Callable[[], Any]) -> Any:
    """Wait for SQLite's locks here, at most LOCK_SECONDS."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            passing = driver_errors.meaning_of(error) is Meaning.PASSING
            if not passing or time.monotonic() >= deadline:
                raise
        time.sleep(LOCK_INTERVAL)


# -- off the loop -----------------------------------------------------------------------------
def _off_the_loop(call: Callable, *args: Any, **kwargs: Any) -> Any:
    """``call`` in a native thread; when too many are there already, busy as SQLite says it."""
    if not _calls.acquire(timeout=LOCK_SECONDS):
        error = sqlite3.OperationalError('calls of before do not come back: the disk may hang')
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error
    try:
        return utils.tpool_execute(call, *args, **kwargs)
    finally:
        _calls.release()


class _Cursor(sqlite3.Cursor):
    """A statement and the reading of its rows cross to a native thread together."""

    _rows: collections.deque = collections.deque()

    def execute(self, *args: Any) -> '_Cursor':
        if args[0] == 'BEGIN':      # touches no file before the next statement
            typing.cast(_Connection, self.connection).only_reads = True
            return super().execute(*args)
        return _off_the_loop(self._run, super().execute, args)

    def executemany(self, *args: Any) -> '_Cursor':
        return _off_the_loop(self._run, super().executemany, args)

    def _run(self, statement: Callable, args: tuple) -> '_Cursor':
        self._rows = collections.deque()
        statement(*args)
        self._rows.extend(super().fetchall())
        return self

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list:
        wanted = self.arraysize if size is None else size
        return [self._rows.popleft() for _ in range(min(wanted, len(self._rows)))]

    def fetchall(self) -> list:
        return self.fetchmany(len(self._rows))

    def __next__(self) -> Any:
        if not self._rows:
            raise StopIteration
        return self._rows.popleft()


class _Connection(sqlite3.Connection):
    """Ends are never refused for want of a thread. That of a reader lets go of locks, and of
    nothing that a disk would have to take."""

    only_reads = False

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, *args: Any) -> Any:
        return self.cursor().execute(*args)

    def commit(self) -> None:
        self._end(super().commit)

    def rollback(self) -> None:
        self._end(super().rollback)

    def close(self) -> None:
        call = super().close
        call() if self.only_reads else utils.tpool_execute(call)

    def _end(self, call: Callable[[], None]) -> None:
        if self.only_reads or not self.in_transaction:
            call()
        else:
            utils.tpool_execute(call)
