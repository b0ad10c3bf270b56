# SPDX-License-Identifier: Apache-2.0
"""The HTTP server, on the concurrency model of the run, with real connections on loopback."""
import socket
import threading
import time

import pytest

from nova_lite import exception
from nova_lite.api import server
from tests.fixtures.conf import options  # noqa: F401
from tests.functional.api.conftest import ask


def test_connection_is_kept_for_many_requests(running, connect):
    connection = connect(running)
    for number in range(20):
        assert ask(connection, f'/{number}') == (200, f'/{number}'.encode())
    first = connection.sock
    assert ask(connection, method='POST', body=b'x' * 1000) == (200, b'x' * 1000)
    assert connection.sock is first


def test_many_clients_at_once_each_get_their_answer(running, connect):
    wrong = []

    def client(number):
        connection = connect(running)
        for turn in range(10):
            path = f'/{number}/{turn}'
            if ask(connection, path) != (200, path.encode()):
                wrong.append(path)
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert wrong == []


@pytest.mark.parametrize('lines', [
    b'GET http://[::1 HTTP/1.1\r\nHost: x', b'GET http://[zz]/ HTTP/1.1\r\nHost: x',
    b'GET / HTTP/1.1\r\nHost: a b', b'GET / HTTP/1.1\r\nHost: "><x>',
    b'GET / HTTP/1.1\r\nHost: [::1', b'GET / HTTP/1.1\r\nHost: x:y'])
def test_target_or_host_that_is_none_is_a_bad_request(running, connect, caplog, lines):
    connection = connect(running)
    connection.connect()
    connection.sock.sendall(lines + b'\r\n\r\n')
    assert connection.sock.recv(4096).startswith(b'HTTP/1.1 400 ')
    assert 'Unexpected' not in caplog.text


@pytest.mark.parametrize('host', ['x', 'a-b.example.org:8774', '[::1]:80', '10.0.0.1', ''])
def test_host_that_is_one_is_served(running, connect, host):
    assert ask(connect(running), '/here', headers={'Host': host}) == (200, b'/here')


def test_request_that_takes_long_does_not_hold_up_others(running, application, connect):
    slow = connect(running)
    slow.request('GET', '/wait')
    assert application.entered.wait(30)
    assert ask(connect(running), '/quick') == (200, b'/quick')
    application.leave.set()
    assert slow.getresponse().status == 200


def test_client_that_sends_half_a_request_does_not_hold_up_others(running, connect):
    halves = [connect(running) for _ in range(server.THREADS + 8)]
    for half in halves:
        half.connect()
        half.sock.sendall(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
    assert ask(connect(running), '/quick') == (200, b'/quick')


def test_stop_finishes_what_has_begun_and_takes_nothing_new(running, application, connect):
    slow, idle = connect(running), connect(running)
    assert ask(idle)[0] == 200
    slow.request('GET', '/wait')
    assert application.entered.wait(30)
    stopped = []
    stopper = threading.Thread(target=lambda: stopped.append(running.stop(20)))
    stopper.start()
    deadline = time.monotonic() + 10
    with pytest.raises(OSError):
        while time.monotonic() < deadline:
            connect(running).connect()
    assert not stopped
    application.leave.set()
    answer = slow.getresponse()
    assert (answer.status, answer.read()) == (200, b'/wait')
    stopper.join(20)
    assert stopped == [True]


def test_stop_does_not_wait_for_ever(running, application, connect, caplog):
    slow = connect(running)
    slow.request('GET', '/wait')
    assert application.entered.wait(30)
    running.stop(0.5)       # returns although the request is never answered
    assert 'still in work' in caplog.text


def test_address_in_use_is_named(running, options):      # noqa: F811
    options.set('api', port=int(running.address.rpartition(':')[2]))
    with pytest.raises(exception.ConfigInvalid, match='127.0.0.1 port'):
        server.open_listener()


def test_listener_on_ipv6(options, application, connect):         # noqa: F811
    options.set('api', listen='::1', port=0)
    made = server.Server(application, server.open_listener())
    thread = made.start()
    try:
        assert made.address.startswith('http://[::1]:')
        assert ask(connect(made))[0] == 200
    finally:
        made.stop(5)
        thread.join(10)


def test_passed_socket_is_taken_when_it_is_for_this_process(options, monkeypatch):  # noqa: F811
    options.set('api', port=0)
    monkeypatch.setenv('LISTEN_FDS', '1')
    monkeypatch.setenv('LISTEN_PID', '1')
    with server.open_listener() as listener:
        assert listener.getsockname()[1] != 0    # its own: the passed one is another process's


def test_passed_socket_that_is_none_is_refused(options, monkeypatch, tmp_path):    # noqa: F811
    with open(tmp_path / 'f', 'w') as file:
        monkeypatch.setattr(server, 'FIRST_PASSED_FD', file.fileno())
        monkeypatch.delenv('LISTEN_PID', raising=False)
        for count, word in (('1', 'no socket of use'), ('2', 'one socket')):
            monkeypatch.setenv('LISTEN_FDS', count)
            with pytest.raises(exception.ConfigInvalid, match=word):
                server.open_listener()


@pytest.mark.parametrize('family, address', [(socket.AF_INET, '127.0.0.1'),
                                             (socket.AF_INET6, '::1')])
def test_passed_socket_is_served(options, monkeypatch, application, connect,    # noqa: F811
                                 family, address):
    with socket.create_server((address, 0), family=family) as given:
        port = given.getsockname()[1]
        monkeypatch.setattr(server, 'FIRST_PASSED_FD', given.detach())
    monkeypatch.setenv('LISTEN_FDS', '1')
    monkeypatch.delenv('LISTEN_PID', raising=False)
    made = server.Server(application, server.open_listener())
    thread = made.start()
    try:
        assert made.address.endswith(f':{port}')
        assert ask(connect(made))[0] == 200
    finally:
        made.stop(5)
        thread.join(10)
