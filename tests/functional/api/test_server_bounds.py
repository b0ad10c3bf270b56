# SPDX-License-Identifier: Apache-2.0
"""What the HTTP server takes and what it refuses, and what a client costs others."""
import threading

import pytest

from nova_lite.api import server
from nova_lite.conf import CONF
from tests.fixtures.conf import options  # noqa: F401
from tests.functional.api.conftest import ask


@pytest.mark.parametrize('sent, status', [
    (b'GET / HTTP/1.1\r\nHost: x\r\nX: ' + b'y' * CONF.api.max_header_size + b'\r\n\r\n', 431),
    (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n', 413),
    (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400),
    (b'nonsense\r\n\r\n', 400), (b'\x16\x03\x01\x02\x00\x01\x00', 400),
    (b'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 505), (b'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 505),
    (b'GET / HTTP/1.1\r\n\r\n', 400), (b'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400),
    (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'
     b'0\r\n\r\n', 400),
    (b'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
    (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400),
    (b'GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n', 400),
    (b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501)],
    ids=['header', 'body', 'length', 'line', 'tls', 'version 9.9', 'version 2', 'no host',
         'two hosts', 'length and encoding', 'encoding in 1.0', 'two lengths', 'space in a header',
         'unknown encoding'])
def test_request_out_of_bounds_is_ended(running, connect, sent, status):
    connection = connect(running)
    connection.connect()
    connection.sock.sendall(sent)
    answer = connection.sock.makefile('rb').read()      # to the end: the server closes it
    assert answer.split(b' ')[1] == str(status).encode()
    assert answer.count(b'Server: nova-lite') == 1


def test_body_in_chunks_is_read_and_the_connection_kept(running, connect):
    connection = connect(running)
    for _ in range(2):
        assert ask(connection, method='POST', body=iter([b'ab', b'cd']),
                   headers={'Transfer-Encoding': 'chunked'}, encode_chunked=True) == (200, b'abcd')


def test_body_that_waits_for_100_continue_is_asked_for(running, connect):
    connection = connect(running)
    connection.connect()
    connection.sock.sendall(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n'
                            b'Expect: 100-continue\r\n\r\n')
    assert connection.sock.recv(4096).startswith(b'HTTP/1.1 100')
    connection.sock.sendall(b'ab')
    assert connection.sock.recv(4096).startswith(b'HTTP/1.1 200')


def test_requests_that_are_sent_before_the_answers_are_all_answered(running, connect):
    connection = connect(running)
    connection.connect()
    connection.sock.sendall(b'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'
                            b'GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    answers = connection.sock.makefile('rb').read()
    assert answers.count(b'HTTP/1.1 200') == 2
    assert answers.index(b'/a') < answers.index(b'/b')


def test_head_has_the_length_and_no_body(running, connect):
    connection = connect(running)
    connection.request('HEAD', '/four')
    answer = connection.getresponse()
    assert (answer.status, answer.headers['Content-Length'], answer.read()) == (200, '5', b'')
    assert ask(connection, '/next') == (200, b'/next')


def test_answer_without_a_length_comes_in_chunks_and_is_closed_in_any_case(
        connect, options):      # noqa: F811
    """As a stream of events is."""
    closed = threading.Event()

    class Pieces:
        def __iter__(self):
            return iter([b'one', b'two'])

        def close(self):
            closed.set()

    def application(environ, start_response):
        start_response('200 OK', [('Content-Type', 'text/event-stream')])
        return Pieces()

    options.set('api', listen='127.0.0.1', port=0)
    made = server.Server(application, server.open_listener())
    thread = made.start()
    try:
        connection = connect(made)
        assert ask(connection) == (200, b'onetwo')
        assert closed.wait(30)
        assert ask(connection) == (200, b'onetwo')
    finally:
        made.stop(5)
        thread.join(10)


def test_client_that_does_not_go_on_is_ended(running, connect, options):      # noqa: F811
    options.set('api', first_request_timeout=0.2, header_timeout=0.2, body_timeout=0.2)
    for sent, answer in ((b'', b''), (b'GET / HT', b'HTTP/1.1 408'),
                         (b'GET / HTTP/1.1\r\nHost: x\r\nX: ', b'HTTP/1.1 408'),
                         (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc',
                          b'HTTP/1.1 408')):
        connection = connect(running)
        connection.connect()
        connection.sock.sendall(sent)
        assert connection.sock.makefile('rb').read()[:12] == answer


def test_idle_connections_of_a_client_make_place_for_its_next(
        running, connect, options):      # noqa: F811
    options.set('api', max_connections_per_client=4)
    honest = connect(running)
    assert ask(honest) == (200, b'/')
    idle = [connect(running) for _ in range(20)]
    for number, connection in enumerate(idle):
        connection.connect()
        if number % 2:
            connection.sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n')
        quick = connect(running)
        assert ask(quick, '/quick') == (200, b'/quick')
        quick.close()
    # what has been answered before goes last
    first = honest.sock
    assert ask(honest, '/still') == (200, b'/still') and honest.sock is first
    assert idle[0].sock.recv(10) == b''     # the oldest was closed


def test_clients_at_work_are_not_ended_for_others(
        running, application, connect, options):      # noqa: F811
    options.set('api', max_connections_per_client=1)
    slow, other = connect(running), connect(running)
    slow.request('GET', '/wait')
    assert application.entered.wait(30)
    with pytest.raises(OSError):
        ask(other)
    application.leave.set()
    assert slow.getresponse().status == 200
