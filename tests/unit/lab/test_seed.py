# SPDX-License-Identifier: Apache-2.0
"""The lab's own small client of the API, against a real HTTP server on loopback."""
import base64
import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from nova_lite.lab import seed
from nova_lite.lab.command import LabError


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        size = int(self.headers.get('Content-Length', 0))
        body = self.rfile.read(size)
        self.server.seen.append((self.command, self.path, self.headers, body))
        status, answer = self.server.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    do_POST = do_GET

    def log_message(self, *words: object) -> None:
        """Quiet."""


@pytest.fixture
def api() -> Iterator[http.server.HTTPServer]:
    with http.server.HTTPServer(('127.0.0.1', 0), Handler) as server:
        server.seen, server.answers = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


@pytest.fixture
def client(api, monkeypatch) -> seed.Client:
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:1')      # must not be used
    return seed.Client(f'http://127.0.0.1:{api.server_port}/v2.1', 'admin', 'secret')


def test_request_when_sent_carries_login_microversion_and_body(api, client):
    api.answers.append((200, {'ok': 1}))
    assert client.request('POST', '/x', {'a': 1}, microversion='2.34') == (200, {'ok': 1})
    method, path, headers, body = api.seen[0]
    assert (method, path, json.loads(body)) == ('POST', '/v2.1/x', {'a': 1})
    assert base64.b64decode(headers['Authorization'].split()[1]) == b'admin:secret'
    assert headers['OpenStack-API-Version'] == 'compute 2.34'


def test_request_when_refused_returns_the_refusal(api, client):
    api.answers.append((409, {'conflictingRequest': {'message': 'no'}}))
    assert client.request('GET', '/x')[0] == 409


def test_request_when_the_answer_is_no_json_returns_its_text(api, client):
    api.answers.append((502, b'bad gateway'))
    assert client.request('GET', '/x') == (502, 'bad gateway')


def test_seed_when_flavors_are_there_already_is_content(api, client):
    api.answers += [(409, {})] * len(seed.FLAVORS)
    seed.seed(client)
    assert [json.loads(body)['flavor']['name'] for *_, body in api.seen] == [
        flavor['name'] for flavor in seed.FLAVORS]


def test_seed_when_refused_says_what_the_api_said(api, client):
    api.answers.append((403, {'forbidden': {'message': 'not you'}}))
    with pytest.raises(LabError, match='tick.small.*403.*not you'):
        seed.seed(client)


def rows(*up: str) -> dict:
    return {'services': [{'binary': 'nova-compute', 'host': host,
                          'state': 'up' if host in up else 'down'} for host in ('c1', 'c2')]}


def test_await_services_when_one_comes_later_waits_for_it(api, client):
    api.answers += [(200, rows('c1')), (200, rows('c1', 'c2'))]
    seed.await_services(client, {('nova-compute', 'c1'), ('nova-compute', 'c2')}, timeout=10)
    assert api.answers == []


def test_await_services_when_one_stays_down_names_it(api, client):
    api.answers.append((200, rows('c1')))
    with pytest.raises(LabError, match='not up after 0 s: nova-compute of c2$'):
        seed.await_services(client, {('nova-compute', 'c1'), ('nova-compute', 'c2')}, timeout=0)
