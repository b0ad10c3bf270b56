# SPDX-License-Identifier: Apache-2.0
"""The private servers themselves, and oslo.messaging over the broker among them."""
import gc
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time

import kombu
import oslo_messaging
import pytest
import sqlalchemy
from oslo_config import cfg

from nova_lite.lab import daemons
from nova_lite.lab.servers import MariaDB, PostgreSQL, RabbitMQ, ServerError

ALL = ('rabbitmq', 'mariadb', 'postgresql')


@pytest.fixture(params=ALL)
def server(request):
    return request.getfixturevalue(request.param)


def test_server_when_started_answers_a_client(server):
    assert server.running()
    server.ask()


def test_server_when_started_again_stays_the_same_process(server):
    before = server.pid
    server.start()
    assert server.pid == before


def test_server_when_killed_is_gone_and_answers_after_a_start(server):
    before = server.pid
    server.kill()
    assert not server.running()
    assert server.pid is None
    with pytest.raises(Exception, match='refused|Lost connection|connection failed|connect'):
        server.ask()
    server.start()
    assert server.pid != before
    server.ask()


def test_server_when_stopped_leaves_no_process(server):
    """None in the sessions of what was started: the server's own, and its helper's."""
    written = json.loads((server.directory / 'processes.json').read_text())
    sessions = {pid for pid, _ in written.values()}
    assert {os.getsid(pid) for pid in sessions} == sessions
    server.stop()
    assert not sessions & {_session_of(int(pid)) for pid in os.listdir('/proc') if pid.isdigit()}


def _session_of(pid):
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def test_server_when_looked_for_in_its_directory_is_found_running(server):
    found = type(server).find(server.directory)
    assert (found.pid, found.url) == (server.pid, server.url)


def test_server_when_running_as_root_has_given_up_root(server):
    if os.geteuid():
        pytest.skip('only root can run a server under another account')
    assert os.stat(f'/proc/{server.pid}').st_uid not in (0, os.geteuid())


def test_server_when_its_pid_belongs_to_another_process_leaves_that_alone(server):
    """As after a reboot: the number is in use again, but not by what was started."""
    server.stop()
    other = os.posix_spawnp('sleep', ['sleep', '60'], os.environ)
    try:
        written = {'main': [other, 'another boot 1']}
        (server.directory / 'processes.json').write_text(json.dumps(written))
        assert not server.running()
        server.kill()
        assert daemons.process(other).alive()
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
    server.start()
    server.ask()


@pytest.mark.parametrize('kind', [MariaDB, PostgreSQL])
def test_server_when_its_start_was_killed_half_way_starts_all_the_same(kind, server_directory):
    """Killed in the midst of making the data, whose maker lives on and still writes."""
    directory = server_directory / f'half-{kind.name}'
    code = ('import sys\nfrom pathlib import Path\nfrom nova_lite.lab import servers\n'
            'getattr(servers, sys.argv[1])(Path(sys.argv[2])).start()')
    with subprocess.Popen([sys.executable, '-c', code, kind.__name__, str(directory)]) as start:
        while not any(directory.glob('data*/*')):
            assert start.poll() is None
        start.kill()
    assert not (directory / 'data').exists()
    server = kind(directory)
    try:
        server.start()
        server.ask()
    finally:
        server.stop()


@pytest.mark.parametrize('again', [False, True], ids=['made', 'started again'])
def test_mariadb_when_started_leaves_what_others_have_in_the_temporary_directory(
        again, server_directory):
    """It clears away temporary tables at its start: the ones of another that is being made."""
    server = MariaDB(server_directory / 'tidy')
    with tempfile.NamedTemporaryFile(prefix='#sql-temptable-', suffix='.MAI') as table:
        os.chmod(table.name, 0o666)
        os.chown(table.name, *pwd.getpwnam(server.account)[2:4])
        try:
            server.start()
            if again:
                server.kill()
                server.start()
        finally:
            server.stop()
        assert os.path.exists(table.name)


def test_server_when_its_port_is_taken_says_where_it_does_not_answer(mariadb):
    with pytest.raises(ServerError, match=f'mariadb on 127.0.0.1:{mariadb.port}'):
        # the one that has the port answers, but does not know this password
        MariaDB(mariadb.directory.parent / 'second', port=mariadb.port).start(timeout=15)
    mariadb.ask()


def test_database_when_killed_keeps_what_was_committed(database, database_url):
    engine = sqlalchemy.create_engine(database_url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as link:
        link.execute(sqlalchemy.text('CREATE TABLE kept (number INTEGER)'))
        link.execute(sqlalchemy.text('INSERT INTO kept VALUES (7)'))
    database.kill()
    database.start()
    with engine.connect() as link:
        assert link.execute(sqlalchemy.text('SELECT number FROM kept')).scalars().all() == [7]


def test_broker_when_it_forgets_then_its_next_start_is_a_first_one(server_directory):
    broker = RabbitMQ(server_directory / 'forgetful')
    url = broker.url.replace('rabbit:', 'amqp:')

    try:
        broker.start()
        with kombu.Connection(url) as link:
            link.default_channel.queue_declare('kept', durable=True, auto_delete=False)
        broker.kill()
        broker.start()
        with kombu.Connection(url) as link:
            link.default_channel.queue_declare('kept', passive=True)
        broker.kill()
        broker.forget()
        broker.start()
        with kombu.Connection(url) as link, pytest.raises(link.channel_errors, match='NOT_FOUND'):
            link.default_channel.queue_declare('kept', passive=True)
    finally:
        broker.kill()


class _Pong:
    target = oslo_messaging.Target(version='1.0')

    def ping(self, ctxt, number):
        return {'pong': number, 'pid': os.getpid()}


@pytest.fixture
def ping(transport_url):
    """Call over the broker, with a server on it that answers; returns the answer."""
    transport = oslo_messaging.get_rpc_transport(cfg.CONF, transport_url)
    server = oslo_messaging.get_rpc_server(
        transport, oslo_messaging.Target(topic='pong', server='one'), [_Pong()])
    server.start()
    client = oslo_messaging.get_rpc_client(
        transport, oslo_messaging.Target(topic='pong', version='1.0'), timeout=5)
    yield lambda number: client.prepare(server='one').call({}, 'ping', number=number)
    server.stop()
    server.wait()
    transport.cleanup()
    gc.collect()


def test_rpc_when_sent_over_the_broker_is_answered(ping):
    assert ping(1) == {'pong': 1, 'pid': os.getpid()}


# when a broker that starts refuses a connection, amqp leaves its socket to the collector
@pytest.mark.filterwarnings('ignore:unclosed <socket:ResourceWarning')
def test_rpc_when_the_broker_was_killed_and_started_is_answered_again(rabbitmq, ping):
    assert ping(1)['pong'] == 1
    rabbitmq.kill()
    rabbitmq.start()
    deadline = time.monotonic() + 60
    while True:
        try:
            assert ping(2)['pong'] == 2
            break
        except oslo_messaging.MessagingException:   # both ends are still connecting
            assert time.monotonic() < deadline, 'neither end found the broker again'
