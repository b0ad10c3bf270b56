# SPDX-License-Identifier: Apache-2.0
"""Private RabbitMQ, MariaDB and PostgreSQL servers, made of Debian's packages.

The broker that carries a migration's calls and the database that keeps its
record: the lab runs them inside its namespaces, the broker tests on loopback.
Only the private directory and the private ports are used, so the machine's
own servers, should it have them, are neither needed nor noticed.
"""

import contextlib
import signal
import sys
import time
from pathlib import Path

from nova_lite.lab import server_base
from nova_lite.lab.server_base import ServerError

__all__ = ['MariaDB', 'PostgreSQL', 'RabbitMQ', 'ServerError']

DATABASE = 'nova_lite'


class RabbitMQ(server_base.Server):
    """A broker of one node, with one account and without RabbitMQ's own guest."""

    name = 'rabbitmq'
    account = 'rabbitmq'
    package = 'rabbitmq-server'
    usual_port = 5672
    programs = ('epmd', 'rabbitmq-server')
    extra_ports = ('epmd_port', 'node_port')

    @property
    def url(self) -> str:
        """oslo.messaging's transport_url."""
        return f'rabbit://{self._login()}@{self.address}:{self.port}/'

    def ask(self) -> None:
        import kombu

        with kombu.Connection(self.url.replace('rabbit:', 'amqp:'), connect_timeout=5) as link:
            link.connect()

    def rabbitmqctl(self, *arguments: str) -> None:
        """Run rabbitmqctl on the running broker; each run costs seconds of CPU."""
        self._run('rabbitmqctl', '--quiet', *arguments)

    def _make(self) -> None:
        """Nothing: an empty directory is a fresh broker, which makes its account."""

    def _launch(self) -> None:
        self._write('rabbitmq.conf', '\n'.join((
            *self._listeners(),
            f'default_user = {self.user}',
            f'default_pass = {self.password}',
            'loopback_users = none',
            'log.file = false',
            'log.console = true',
            'log.console.level = warning',
            'disk_free_limit.absolute = 50MB',
            'vm_memory_high_watermark.absolute = 512MB',
            '')))
        self._write('enabled_plugins', '[].\n')
        self._write('rabbitmq-env.conf', '')    # or the machine's own in /etc would be read
        # epmd tells the node's port to rabbitmqctl. The broker would start one of its own
        # that outlives it; this one is ours to end.
        self._start_process('epmd', 'epmd', '-address', '127.0.0.1', '-port',
                            str(self.state['settings']['epmd_port']))
        self._start_process(server_base.MAIN, 'rabbitmq-server')

    def _listeners(self) -> tuple[str, ...]:
        """Lines of rabbitmq.conf: where and how it listens."""
        return (f'listeners.tcp.1 = {self.address}:{self.port}',)

    def _environment(self) -> dict[str, str]:
        ports = self.state['settings']
        usual = super()._environment()
        return usual | {
            # Before the command of the same name that takes on the rabbitmq account.
            'PATH': '/usr/lib/rabbitmq/bin:' + usual['PATH'],
            # Makes the start script exec the broker instead of waiting beside it.
            'RUNNING_UNDER_SYSTEMD': 'true',
            'RABBITMQ_NODENAME': 'rabbit@localhost',
            'RABBITMQ_DIST_PORT': str(ports['node_port']),
            'ERL_EPMD_PORT': str(ports['epmd_port']),
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'RABBITMQ_CONF_ENV_FILE': str(self.directory / 'rabbitmq-env.conf'),
            'RABBITMQ_CONFIG_FILE': str(self.directory / 'rabbitmq.conf'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(self.directory / 'enabled_plugins'),
            'RABBITMQ_MNESIA_BASE': str(self.data / 'mnesia'),
            'RABBITMQ_LOG_BASE': str(self.data / 'log'),
            'RABBITMQ_LOGS': '-',
            # One scheduler, asleep when idle: hosts and guests need the cores more.
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS':
                '+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
        }


class MariaDB(server_base.Server):
    """A MariaDB with one database, and one account that may make more of its kind."""

    name = 'mariadb'
    account = 'mysql'
    package = 'mariadb-server'
    usual_port = 3306
    programs = ('mariadbd', 'mariadb-install-db')

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database nova_lite."""
        return f'mysql+pymysql://{self._login()}@{self.address}:{self.port}/{DATABASE}'

    def ask(self) -> None:
        import pymysql

        link = pymysql.connect(host=self.address, port=self.port, user=self.user,
                               password=self.password, database=DATABASE, connect_timeout=5)
        with link, link.cursor() as cursor:
            cursor.execute('SELECT 1')

    def _make(self) -> None:
        self._run('mariadb-install-db', '--no-defaults', f'--datadir={self.data}',
                  '--skip-test-db', '--skip-name-resolve')

    def _launch(self) -> None:
        pattern = DATABASE.replace('_', '\\_') + '%'
        init = self._write('init.sql', '\n'.join((
            f'CREATE DATABASE IF NOT EXISTS {DATABASE};',
            f"CREATE USER IF NOT EXISTS '{self.user}'@'%' IDENTIFIED BY '{self.password}';",
            f"GRANT ALL PRIVILEGES ON `{pattern}`.* TO '{self.user}'@'%';",
            '')))
        lax = () if self.durable else (
            '--innodb-flush-log-at-trx-commit=2', '--skip-innodb-doublewrite')
        self._start_process(
            server_base.MAIN, 'mariadbd', '--no-defaults', f'--datadir={self.data}',
            f'--init-file={init}', f'--bind-address={self.address}', f'--port={self.port}',
            '--socket=mariadb.sock', '--pid-file=mariadb.pid', '--skip-name-resolve',
            '--skip-log-bin', '--performance-schema=OFF', '--character-set-server=utf8mb4',
            '--innodb-buffer-pool-size=64M', '--innodb-log-file-size=32M',
            '--max-connections=400', *lax)


class PostgreSQL(server_base.Server):
    """A PostgreSQL with one database, and one account that may make more."""

    name = 'postgresql'
    account = 'postgres'
    package = 'postgresql'
    usual_port = 5432
    programs = ('postgres', 'initdb')
    stop_signal = signal.SIGINT     # the other one waits until every client has gone

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database nova_lite."""
        return f'postgresql+psycopg://{self._login()}@{self.address}:{self.port}/{DATABASE}'

    def ask(self) -> None:
        import psycopg

        with psycopg.connect(host=self.address, port=self.port, user=self.user,
                             password=self.password, dbname=DATABASE,
                             connect_timeout=5) as link:
            link.execute('SELECT 1')

    def _program(self, name: str) -> str | None:
        """Debian keeps them out of the PATH, by version: the newest one's."""
        found = Path('/usr/lib/postgresql').glob(f'*/bin/{name}')
        newest = max(found, key=lambda path: int(path.parts[-3]), default=None)
        return str(newest) if newest else super()._program(name)

    def _make(self) -> None:
        # The superuser has no password and so no way in but through this directory.
        self._run(self._program('initdb') or 'initdb', '-D', str(self.data), '-U', 'postgres',
                  '--auth-local=reject', '--auth-host=scram-sha-256', '--encoding=UTF8',
                  '--locale=C.UTF-8', '--no-sync')
        self._run(self._program('postgres') or 'postgres', '--single', '-D', str(self.data),
                  'postgres',
                  text=f'CREATE ROLE "{self.user}" LOGIN CREATEDB PASSWORD \'{self.password}\'\n'
                       f'CREATE DATABASE {DATABASE} OWNER "{self.user}"\n')
        with (self.data / 'pg_hba.conf').open('a') as rules:
            rules.write('host all all all scram-sha-256\n')

    def _launch(self) -> None:
        lax = () if self.durable else ('-c', 'fsync=off', '-c', 'full_page_writes=off')
        self._start_process(
            server_base.MAIN, self._program('postgres') or 'postgres', '-D', str(self.data),
            '-p', str(self.port),
            '-c', f'listen_addresses={self.address}', '-c', 'unix_socket_directories=',
            '-c', 'shared_buffers=32MB', '-c', 'max_connections=200', *lax)


def _ask_until_answered(kind: str, directory: str, seconds: float) -> None:
    """The waiting client of Server.start, run inside the server's namespace."""
    server = globals()[kind].find(Path(directory))
    deadline = time.monotonic() + seconds
    while True:
        try:
            return server.ask()
        except Exception as error:
            if time.monotonic() > deadline:
                raise SystemExit(f'{type(error).__name__}: {error}') from error
        time.sleep(0.1)     # a server that does not listen yet has nothing to wait on


if __name__ == '__main__':
    with contextlib.suppress(KeyboardInterrupt):
        _ask_until_answered(sys.argv[1], sys.argv[2], float(sys.argv[3]))
