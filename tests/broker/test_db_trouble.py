# SPDX-License-Identifier: Apache-2.0
"""Database servers that are there and do not serve: full, read only, out of connections. The API
says 503, nothing fails for good, and no log shows a stack trace."""
import contextlib

import pymysql
import pytest
import sqlalchemy

from nova_lite import exception
from nova_lite.db import retry, session
from tests.fixtures.db_servers import _served, database  # noqa: F401
from tests.unit.api.conftest import (  # noqa: F401
    _home,
    api,
    basic,
    ctxt,
    flavor,
    hosts,
    images,
    make_server,
    options,
    rules,
    server,
    wire,
)


@pytest.fixture
def root(request, database):       # noqa: F811
    """``root(statement)`` as MariaDB's own superuser, by its socket."""
    if not database.startswith('mysql'):
        pytest.skip('of MariaDB')
    running = request.getfixturevalue('_mariadb')
    link = pymysql.connect(unix_socket=str(running.data / 'mariadb.sock'), user='root',
                           autocommit=True)

    def do(statement):
        with link.cursor() as cursor:
            cursor.execute(statement)
    with link:
        yield do


@contextlib.contextmanager
def all_connections_taken(url):
    """None of the server's connections is free."""
    # without TLS: what each of hundreds would read of certificates takes longer than all the rest
    plain = {'ssl_disabled': True} if str(url).startswith('mysql') else {'sslmode': 'disable'}
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, connect_args=plain)
    with contextlib.ExitStack() as taken:
        with contextlib.suppress(sqlalchemy.exc.OperationalError):
            for _ in range(500):
                taken.enter_context(engine.connect())
        yield


def refused(answer, caplog):
    """With 503, and without a stack trace of ours (cmd/common.py takes it out of oslo.db's)."""
    traced = [record for record in caplog.records
              if record.exc_info and record.name.startswith('nova_lite')]
    return answer.status_int == 503 and 'Retry-After' in answer.headers and not traced


def test_server_without_a_free_connection_is_503_and_then_back(
        api, server, database, caplog, monkeypatch):          # noqa: F811
    monkeypatch.setattr(retry, 'RETRY_SECONDS', 0.5)
    session.get_engine().dispose()
    with all_connections_taken(database):
        assert refused(api.get(f'/v2.1/servers/{server.uuid}'), caplog)
        assert refused(api.put(f'/v2.1/servers/{server.uuid}', {'server': {'name': 'n'}}), caplog)
    assert api.get(f'/v2.1/servers/{server.uuid}').status_int == 200


def test_limit_of_one_users_connections_is_503_and_then_back(
        api, server, root, caplog, monkeypatch):              # noqa: F811
    monkeypatch.setattr(retry, 'RETRY_SECONDS', 0.5)
    session.get_engine().dispose()
    root('SET GLOBAL max_connections = 10')
    try:
        with all_connections_taken(session.get_engine().url):
            assert refused(api.get('/v2.1/servers'), caplog)
    finally:
        root('SET GLOBAL max_connections = 400')
    assert api.get('/v2.1/servers').status_int == 200


@pytest.fixture
def read_only(request, database):       # noqa: F811
    """``read_only(flag)``: the server takes no writes."""
    if database.startswith('mysql'):
        root = request.getfixturevalue('root')
        yield lambda flag: root(f'SET GLOBAL read_only = {int(flag)}')
        root('SET GLOBAL read_only = 0')
        return
    name = sqlalchemy.engine.make_url(database).database
    engine = sqlalchemy.create_engine(database, isolation_level='AUTOCOMMIT')

    def switch(flag):
        with engine.connect() as link:
            link.exec_driver_sql('SET default_transaction_read_only = off')
            link.exec_driver_sql(f'ALTER DATABASE {name} SET default_transaction_read_only = '
                                 f'{"on" if flag else "off"}')
        session.get_engine().dispose()      # it holds for new connections
    yield switch
    switch(False)
    engine.dispose()


def test_server_that_is_read_only_answers_reads_and_writes_are_503(
        api, server, read_only, caplog, monkeypatch):         # noqa: F811
    monkeypatch.setattr(retry, 'RETRY_SECONDS', 0.5)
    path, name = f'/v2.1/servers/{server.uuid}', {'server': {'name': 'another'}}
    read_only(True)
    assert api.get(path).status_int == 200
    assert refused(api.put(path, name), caplog)
    assert refused(api.post(f'{path}/metadata', {'metadata': {'k': 'v'}}), caplog)
    read_only(False)
    assert api.put(path, name).status_int == 200


def test_password_that_is_wrong_is_refused_in_one_line(_served):        # noqa: F811
    url = sqlalchemy.engine.make_url(_served)
    wrong = url.set(password='wrong').render_as_string(hide_password=False)
    session.configure(_served)
    try:
        with pytest.raises(exception.DatabaseRefused) as refusal:
            session.configure(wrong)
        assert '\n' not in refusal.value.format_message()
        assert 'wrong' not in refusal.value.format_message()
        missing = url.set(database='nowhere').render_as_string(hide_password=False)
        with pytest.raises(exception.DatabaseRefused, match='nowhere'):
            session.configure(missing)
    finally:
        session.configure(_served)
