# SPDX-License-Identifier: Apache-2.0
"""Transactions: ``with reader() as session`` and ``with writer() as session``.

A status of a migration is only worth something if each transaction sees and leaves whole rows, on
all three databases alike. SQLite runs in WAL mode and takes the write lock at the start of a
writer: a reader that turned writer half-way would fail with "database is locked" whatever the
timeout; what else it needs stands in sqlite.py. MariaDB runs in READ COMMITTED as PostgreSQL does,
so that a second read in a transaction sees what others have committed since.
"""
import contextlib
import sqlite3
import threading
import types
from collections.abc import Iterator
from typing import Any

import sqlalchemy
from oslo_db import exception as db_exc
from oslo_db.sqlalchemy import enginefacade
from oslo_log import log as logging
from sqlalchemy import event
from sqlalchemy.orm import Session

from nova_lite import conf as nova_conf
from nova_lite import driver_errors, exception
from nova_lite.conf import database
from nova_lite.db import sqlite
from nova_lite.driver_errors import Meaning

LOG = logging.getLogger(__name__)
CONF = nova_conf.CONF
# execution option of a statement with a user's pattern: how long it may take, in s
PATTERN_SECONDS = 'nova_lite_pattern_seconds'
LIMITED = 'SET STATEMENT max_statement_time = '
# what the libraries say without a code of the driver's
PASSING = (db_exc.DBConnectionError, db_exc.DBDeadlock, sqlalchemy.exc.TimeoutError)
LASTING = (db_exc.DBNonExistentTable, db_exc.DBNonExistentDatabase)

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
    used. The first connection is made here and waits for the server as [database]max_retries says;
    errors as of :func:`_our_errors`.
    """
    global _manager, _anchor
    database.register_opts(CONF)
    url = _url(connection or CONF.database.connection)
    options = {name: getattr(CONF.database, name) for name in ENGINE_OPTIONS}
    if url.startswith('sqlite'):
        options['max_retries'] = 0      # no connection before sqlite.py has its hands on it
    manager = enginefacade.transaction_context()
    manager.configure(connection=url, expire_on_commit=False, **options)
    manager.append_on_engine_create(_set_up_engine)
    with _our_errors():
        engine = manager.writer.get_engine()
        anchor = sqlite.anchor(engine) if engine.dialect.name == 'sqlite' else None
    dispose()
    with _lock:
        _manager, _anchor = manager, anchor


def check_url(text: str) -> None:
    """ConfigInvalid when no database can be meant."""
    _url(text)


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
    with (_our_errors(), _turn(_current()),
          _current().writer.using(types.SimpleNamespace()) as session):
        session.connection(execution_options={sqlite.WRITER: True})
        yield session


def _turn(manager: Any) -> contextlib.AbstractContextManager:
    on_sqlite = manager.writer.get_engine().dialect.name == 'sqlite'
    return sqlite.turn() if on_sqlite else contextlib.nullcontext()


@contextlib.contextmanager
def _our_errors() -> Iterator[None]:
    """DatabaseUnavailable for what passes, DatabaseRefused for what lasts, Invalid when the server
    refuses a value as such: a pattern that is none of its regular expressions, a number that is
    too large, text that is none."""
    try:
        yield
    except exception.NovaLiteException:
        raise
    except (db_exc.DBError, sqlalchemy.exc.SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
        meaning = _meaning_of(error)
        if meaning is None:
            raise
        said = driver_errors.words_of(error)
        if meaning is Meaning.VALUE:
            raise exception.Invalid(reason=f'the database refuses a value: {said}') from error
        if meaning is Meaning.LASTING:
            LOG.debug('The database refuses this service: %s', said)
            raise exception.DatabaseRefused(reason=said) from error
        LOG.debug('The database is away: %s', said)
        raise exception.DatabaseUnavailable() from error


def _meaning_of(error: Exception) -> Meaning | None:
    """By the driver's code, and without one by what the libraries make of it."""
    if isinstance(error, (db_exc.DBDuplicateEntry, db_exc.DBReferenceError,
                          db_exc.DBConstraintError)):
        return None
    cause = getattr(error, 'inner_exception', None) or getattr(error, 'orig', None) or error
    if (meaning := driver_errors.meaning_of(error)) is not None:
        too_long = driver_errors.code_of(error) == driver_errors.STATEMENT_TIMEOUT
        ours = any(str(getattr(one, 'statement', '')).startswith(LIMITED)
                   for one in (error, cause))
        return Meaning.VALUE if too_long and ours else meaning
    if isinstance(getattr(cause, 'orig', None) or cause, (OverflowError, UnicodeError)):
        return Meaning.VALUE
    if isinstance(error, db_exc.DBDataError):
        return Meaning.VALUE
    if isinstance(error, LASTING):
        return Meaning.LASTING
    # the last: no connection of the pool became free in time
    passing = isinstance(error, PASSING) or getattr(error, 'connection_invalidated', False)
    return Meaning.PASSING if passing else None


def _current() -> Any:
    if _manager is None:
        with _first_use:
            if _manager is None:
                configure()
    return _manager


def _set_up_engine(engine: sqlalchemy.Engine) -> None:
    if engine.dialect.name == 'sqlite':
        sqlite.set_up(engine)
    elif engine.dialect.name in ('mysql', 'mariadb'):
        event.listen(engine, 'connect', _mysql_connect)
        event.listen(engine, 'before_cursor_execute', _mysql_limit, retval=True)
    engine.dispose()    # oslo.db has made a connection already, without the listeners


def _mysql_connect(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')


def _mysql_limit(connection: sqlalchemy.Connection, _cursor: Any, statement: str,
                 parameters: Any, context: Any, _many: bool) -> tuple[str, Any]:
    """MariaDB's regular expressions go back and try again, for up to a third of a second a row;
    those of PostgreSQL do not for what patterns.py lets pass."""
    seconds = context.execution_options.get(PATTERN_SECONDS) if context else None
    if seconds is not None and getattr(connection.dialect, 'is_mariadb'):
        statement = f'{LIMITED}{seconds} FOR {statement}'
    return statement, parameters
