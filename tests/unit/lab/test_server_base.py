# SPDX-License-Identifier: Apache-2.0
"""What a private server says of itself before it runs; tests/broker has the running ones."""
import os

import pytest

from nova_lite.lab import server_base
from nova_lite.lab.servers import MariaDB, PostgreSQL, RabbitMQ, ServerError


@pytest.mark.parametrize('kind, url', [
    (RabbitMQ, 'rabbit://nova-lite:pw@10.1.1.1:7/'),
    (MariaDB, 'mysql+pymysql://nova-lite:pw@10.1.1.1:7/nova_lite'),
    (PostgreSQL, 'postgresql+psycopg://nova-lite:pw@10.1.1.1:7/nova_lite')])
def test_url_when_asked_for_has_all_a_client_needs(kind, url, tmp_path):
    assert kind(tmp_path, address='10.1.1.1', port=7, password='pw').url == url


@pytest.mark.parametrize('word', ["a'b", 'a b', 'a@b', 'a/b', 'a\nb', 'é'])
def test_password_when_it_would_not_stay_one_word_is_refused(word, tmp_path):
    with pytest.raises(ServerError, match='letters'):
        MariaDB(tmp_path, user='x', password=word)


def test_password_when_not_given_is_made_up_anew(tmp_path):
    assert RabbitMQ(tmp_path / 'a').password != RabbitMQ(tmp_path / 'b').password


def test_port_when_in_another_namespace_is_the_usual_one(tmp_path):
    assert RabbitMQ(tmp_path, prefix=('nsenter', '--net=somewhere')).port == 5672


def test_server_when_made_is_not_running_and_writes_nothing(tmp_path):
    server = MariaDB(tmp_path / 'new')
    assert (server.running(), server.pid) == (False, None)
    assert not (tmp_path / 'new').exists()


@pytest.mark.parametrize('end', ['stop', 'kill'])
def test_end_when_it_never_ran_is_no_error(end, tmp_path):
    getattr(MariaDB(tmp_path / 'new'), end)()


def test_find_when_nothing_was_made_there_says_so(tmp_path):
    with pytest.raises(ServerError, match='no mariadb was made in'):
        MariaDB.find(tmp_path)


class Absent(server_base.Server):
    name, account, package, usual_port = 'absent', 'daemon', 'absent-server', 1
    programs = ('sh', 'absent-daemon')


def test_start_when_it_is_not_installed_names_the_package(tmp_path):
    with pytest.raises(ServerError, match='absent-daemon is missing: .*install absent-server'):
        Absent(tmp_path).start()


class Present(Absent):
    programs = ('sh',)


def test_start_when_its_account_cannot_get_there_names_the_folder(tmp_path):
    if os.geteuid():
        pytest.skip('only as root does a server run under another account')
    closed = tmp_path / 'closed'
    closed.mkdir(mode=0o700)
    with pytest.raises(ServerError, match='daemon may not enter .*: chmod o[+]x'):
        Present(closed / 'server').start()
