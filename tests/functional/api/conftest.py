# SPDX-License-Identifier: Apache-2.0
"""A server with an application of the test's, and connections to it."""
import contextlib
import http.client
import threading

import pytest

from nova_lite.api import server
from tests.fixtures.conf import options  # noqa: F401


class Application:
    """Answers with what it was sent; /wait answers when the test says so."""

    def __init__(self):
        self.entered, self.leave = threading.Event(), threading.Event()

    def __call__(self, environ, start_response):
        if environ['PATH_INFO'] == '/wait':
            self.entered.set()
            assert self.leave.wait(30)
        body = environ['wsgi.input'].read() or environ['PATH_INFO'].encode()
        start_response('200 OK', [('Content-Length', str(len(body)))])
        return [body]


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def running(application, options):     # noqa: F811
    options.set('api', listen='127.0.0.1', port=0, max_request_body_size=2000)
    made = server.Server(application, server.open_listener())
    thread = made.start()
    yield made
    application.leave.set()
    made.stop(5)
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def connect():
    """``connect(server)``: connections that end with the test."""
    with contextlib.ExitStack() as opened:
        def one(to):
            host, _, port = to.address.removeprefix('http://').rpartition(':')
            connection = http.client.HTTPConnection(host.strip('[]'), int(port), timeout=30)
            opened.callback(connection.close)
            return connection
        yield one


def ask(connection, path='/', **more):
    connection.request(more.pop('method', 'GET'), path, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()
