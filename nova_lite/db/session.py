# SPDX-License-Identifier: Apache-2.0
"""Transactions: ``with reader() as session`` and ``with writer() as session``.

A status of a migration is only worth something if each transaction sees and leaves whole rows, on
all three databases alike: SQLite runs in WAL mode and takes the write lock at the start of a
writer (a reader that turned writer half-way would fail with "database is locked" whatever the
timeout), MariaDB runs in READ COMMITTED as PostgreSQL does, so that a second read in a
transaction sees what others have committed since.
"""
import contextlib
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy
from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
from oslo_db.sqlalchemy import enginefacade
from oslo_log import log as logging
from sqlalchemy import event
from sqlalchemy.orm import Session

from nova_lite import conf as nova_conf
from nova_lite import exception
from nova_lite.conf import database

LOG = logging.getLogger(__name__)
CONF = nova_conf.CONF
BUSY_TIMEOUT_MS = 30_000
WRITER = 'nova_lite_writer'
# a broken regular expression, a number out of range, text that is none, text too long
MARIADB_VALUE_ERRORS = (1139, 1264, 1366, 1406, 3988)

_lock = threading.Lock()
_first_use = threading.Lock()
_manager: Any = None
_anchor: Any = None

# [database] options that go to the engine as they are
ENGINE_OPTIONS = ('mysql_sql_mode', 'mysql_wsrep_sync_wait', 'connection_recycle_time',
                  'connection_debug', 'connection_trace', 'max_pool_size', 'max_overflow',
                  'pool_timeout', 'max_retries', 'retry_interval', 'connection_parameters')


def configure(connection: str | None = None) -> None:
    """Use the database at ``connection``, or at ``[database]connection``, from now on.

    The connections to the former one are closed. ConfigInvalid when there is no URL that can be
    used. The first connection is made here and waits for the server as [database]max_retries says.
    """
    global _manager, _anchor
    database.register_opts(CONF)
    url = _url(connection or CONF.database.connection)
    options = {name: getattr(CONF.database, name) for name in ENGINE_OPTIONS}
    manager = enginefacade.transaction_context()
    manager.configure(connection=url, sqlite_fk=True, expire_on_commit=False, **options)
    manager.append_on_engine_create(_set_up_engine)
    engine = manager.writer.get_engine()
    dispose()
    with _lock:
        _manager = manager
        _anchor = _sqlite_anchor(engine) if engine.dialect.name == 'sqlite' else None


def _url(text: str | None) -> str:
    """The URL with what it leaves open. Nothing of it is said in an error: it holds a password."""
    problem = 'is not set'
    if text:
        try:
            url = sqlalchemy.engine.make_url(text)
            url.get_dialect().import_dbapi()
        except sqlalchemy.exc.ArgumentError:    # unknown kinds of database too
            problem = 'cannot be understood'
        except ModuleNotFoundError as error:
            problem = f'needs the Python package {error.name}, which is not installed'
        else:
            if url.get_backend_name() in ('mysql', 'mariadb') and 'charset' not in url.query:
                url = url.update_query_dict({'charset': 'utf8mb4'})
            return url.render_as_string(hide_password=False)
    raise exception.ConfigInvalid(
        reason=f'[database]connection {problem}; give the URL of the database, for example '
               'mysql+pymysql://user:password@controller/nova_lite')


def dispose() -> None:
    """Close all connections; the next use opens [database]connection again."""
    global _manager, _anchor
    with _lock:
        manager, anchor, _manager, _anchor = _manager, _anchor, None, None
    if anchor is not None:
        anchor.close()
    if manager is not None:
        manager.writer.get_engine().dispose()


def get_engine() -> sqlalchemy.Engine:
    return _current().writer.get_engine()


@contextlib.contextmanager
def reader() -> Iterator[Session]:
    """A transaction that only reads. Errors as of :func:`_our_errors`."""
    with _our_errors(), _current().reader.using(types.SimpleNamespace()) as session:
        yield session


@contextlib.contextmanager
def writer() -> Iterator[Session]:
    """A transaction that commits at the end of the block, or leaves nothing on an error. Errors
    as of :func:`_our_errors`."""
    with _our_errors(), _current().writer.using(types.SimpleNamespace()) as session:
        session.connection(execution_options={WRITER: True})
        yield session


@contextlib.contextmanager
def _our_errors() -> Iterator[None]:
    """DatabaseUnavailable when the server is away; Invalid when it refuses a value as such: a
    pattern that is none of its regular expressions, a number that is too large, text that is
    none."""
    try:
        yield
    except exception.NovaLiteException:
        raise
    except (db_exc.DBError, sqlalchemy.exc.StatementError, UnicodeError) as error:
        cause = getattr(error, 'inner_exception', None) or getattr(error, 'orig', None) or error
        if _is_away(error, cause):
            LOG.debug('The database is away: %s', cause)
            raise exception.DatabaseUnavailable() from error
        if _is_about_a_value(cause):
            raise exception.Invalid(reason=f'the database refuses a value: {cause}') from error
        raise


def _is_away(error: Exception, cause: Any) -> bool:
    if isinstance(error, db_exc.DBConnectionError):
        return True
    # psycopg's word for a connection that cannot be made; SQLite's file is never away
    return (getattr(error, 'connection_invalidated', False)
            or type(cause).__module__.startswith('psycopg')
            and type(cause).__name__ == 'OperationalError' and cause.sqlstate is None)


def _is_about_a_value(cause: Any) -> bool:
    cause = getattr(cause, 'orig', None) or cause
    if isinstance(cause, (OverflowError, UnicodeError)):
        return True
    if type(cause).__name__ == 'DataError':
        return True     # psycopg's of a NUL has no state, as nothing was sent
    number = cause.args[0] if getattr(cause, 'args', None) else None
    # PostgreSQL's class 22 is "data exception"
    state = getattr(cause, 'sqlstate', None) or ''
    return number in MARIADB_VALUE_ERRORS or state.startswith('22')


def retried(function: Callable) -> Callable:
    """Run ``function``, one whole transaction, again after a deadlock or a lost connection.

    After a lost connection the first run may have been committed: ``function`` must stand that.
    """
    return oslo_db_api.wrap_db_retry(retry_interval=0.1, max_retries=6, inc_retry_interval=True,
                                     max_retry_interval=2, retry_on_deadlock=True,
                                     retry_on_disconnect=True, exception_checker=_is_ours)(
                                         function)


def _is_ours(error: Exception) -> bool:
    return isinstance(error, exception.DatabaseUnavailable)


def _current() -> Any:
    """A process that just begins to use the database is told at once when its tables are not
    those that the code needs."""
    if _manager is None:
        with _first_use:
            if _manager is None:
                configure()
                from nova_lite.db import schema
                try:
                    schema.check()
                except exception.ConfigInvalid:
                    dispose()
                    raise
    return _manager


def _set_up_engine(engine: sqlalchemy.Engine) -> None:
    if engine.dialect.name == 'sqlite':
        event.listen(engine, 'connect', _sqlite_connect)
        event.listen(engine, 'set_connection_execution_options', _sqlite_options)
        event.listen(engine, 'begin', _sqlite_begin)
    elif engine.dialect.name in ('mysql', 'mariadb'):
        event.listen(engine, 'connect', _mysql_connect)
    engine.dispose()    # oslo.db has made a connection already, without the listeners


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.execute(f'PRAGMA busy_timeout={BUSY_TIMEOUT_MS}')
    connection.execute('PRAGMA journal_mode=WAL')
    connection.execute('PRAGMA synchronous=NORMAL')


def _sqlite_anchor(engine: sqlalchemy.Engine) -> Any:
    """A connection that stays open. SQLite folds its log back into the file when the last one
    closes, which would be after every single transaction. It counts once it has read."""
    anchor = engine.raw_connection()
    anchor.cursor().execute('SELECT count(*) FROM sqlite_master').fetchall()
    return anchor


def _sqlite_options(connection: sqlalchemy.Connection, options: dict[str, Any]) -> None:
    if options.get(WRITER):
        connection.info['in_transaction'] = True    # oslo.db's own BEGIN is left out


def _sqlite_begin(connection: sqlalchemy.Connection) -> None:
    if connection.get_execution_options().get(WRITER):
        connection.exec_driver_sql('BEGIN IMMEDIATE')


def _mysql_connect(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
