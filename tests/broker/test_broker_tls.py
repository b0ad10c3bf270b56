# SPDX-License-Identifier: Apache-2.0
"""The broker as doc/deployment.md has it for production: TLS only, and quorum queues."""
import shutil
import ssl
import subprocess
import time

import kombu
import pytest

from nova_lite.lab.servers import RabbitMQ
from nova_lite.lab.tls import Authority
from tests.fixtures.processes import Deployment
from tests.fixtures.servers import empty_database


class TlsRabbitMQ(RabbitMQ):
    """Listens with TLS and in no other way."""
    ca = certificate = key = None

    def _listeners(self):
        return ('listeners.tcp = none', f'listeners.ssl.1 = {self.address}:{self.port}',
                f'ssl_options.cacertfile = {self.ca}',
                f'ssl_options.certfile = {self.certificate}', f'ssl_options.keyfile = {self.key}',
                'ssl_options.verify = verify_none', 'ssl_options.versions.1 = tlsv1.2')

    def _await_answer(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            try:
                return self.connect(self.ca)
            except OSError:
                assert self.running() and time.monotonic() < deadline, self._log_end()
                time.sleep(0.2)

    def connect(self, ca):
        with kombu.Connection(
                self.url.replace('rabbit:', 'amqp:'), connect_timeout=5,
                ssl={'ca_certs': str(ca), 'cert_reqs': ssl.CERT_REQUIRED}) as link:
            link.connect()


@pytest.fixture(scope='module')
def broker(server_directory, tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp('tls') / 'ca')
    authority.make()
    broker = TlsRabbitMQ(server_directory / 'rabbitmq-tls')
    files = broker.directory / 'tls'
    files.mkdir(parents=True)
    shutil.copy(authority.certificate, files)
    authority.sign(files / 'broker.pem', files / 'broker.key', 'broker', '127.0.0.1')
    for name in ('ca.pem', 'broker.pem', 'broker.key'):
        shutil.chown(files / name, broker.account)
    broker.ca, broker.certificate, broker.key = (
        files / name for name in ('ca.pem', 'broker.pem', 'broker.key'))
    broker.start()
    yield broker
    broker.stop()


def queues(broker):
    """Type by name of the queues there are."""
    listed = subprocess.run(
        ['rabbitmqctl', '--quiet', '--no-table-headers', 'list_queues', 'name', 'type'],
        env=broker._environment(), check=True, capture_output=True, text=True, timeout=60)
    return dict(line.split('\t') for line in listed.stdout.splitlines())


def test_services_when_the_broker_has_tls_and_quorum_queues_then_move_a_server(
        broker, _mariadb, tmp_path):
    options = {'oslo_messaging_rabbit': {
        'ssl': True, 'ssl_ca_file': broker.ca, 'rabbit_quorum_queue': True,
        'rabbit_transient_quorum_queue': True}}
    with empty_database(_mariadb) as url:
        deployment = Deployment(tmp_path, broker.url, url, ('src', 'dst'), options)
        try:
            deployment.start_all()
            uuid = deployment.boot('mover', 'src', deployment.make_flavor())
            assert deployment.live_migrate(uuid).status_code == 202
            deployment.wait_for_migration(uuid, 'completed')
            assert deployment.host_of(uuid) == 'dst'
            types = queues(broker)
            for name in ('compute.src', 'compute.dst', 'conductor', 'scheduler'):
                assert types[name] == 'quorum', types
        finally:
            deployment.stop_all()


def test_broker_when_its_certificate_is_of_another_authority_then_is_not_trusted(
        broker, tmp_path):
    other = Authority(tmp_path / 'other')
    other.make()
    with pytest.raises(ssl.SSLCertVerificationError):
        broker.connect(other.certificate)


def test_broker_when_asked_without_tls_then_does_not_answer(broker):
    with pytest.raises(OSError), kombu.Connection(broker.url.replace('rabbit:', 'amqp:'),
                                                  connect_timeout=5) as link:
        link.connect()
