# SPDX-License-Identifier: Apache-2.0
"""A compute API on loopback that answers as the documented one does, from what a test puts in.

It has no rules of its own: a live migration goes through the records of ``script``, one further
each time somebody looks at it.
"""
import base64
import http.server
import json
import re
import threading
import urllib.parse
from typing import Any

REQUEST_ID = 'req-11111111-2222-3333-4444-555555555555'
PROJECT = 'project1'
IMAGE = '00000000-0000-4000-9000-000000000001'
UNFINISHED = ('accepted', 'queued', 'preparing', 'running', 'running (post-copy)')


def error(status: int, message: str, name: str = 'conflictingRequest') -> tuple[int, Any]:
    return status, {name: {'code': status, 'message': message}}


class FakeApi:
    """``max_version`` is that of the microversions; ``user`` None lets everybody in."""

    def __init__(self) -> None:
        self.max_version = (2, 80)
        self.user: tuple[str, str] | None = None
        self.servers: dict[str, dict[str, Any]] = {}
        self.migrations: list[dict[str, Any]] = []
        self.actions: list[dict[str, Any]] = []
        self.lists: dict[str, list[dict[str, Any]]] = {
            'os-services': [], 'os-hypervisors': [], 'flavors': [], 'images': []}
        self.location: dict[str, Any] = {}
        self.script: list[dict[str, Any]] = []
        self.refuse: dict[str, tuple[int, Any]] = {}    # 'METHOD /path' -> answer
        self.page_length = 1000
        self.streams: list[list[dict[str, Any]]] = []   # what a migration's events tell
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self._httpd = http.server.ThreadingHTTPServer(('127.0.0.1', 0), self._handler())
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._httpd.server_port}'

    def __enter__(self) -> 'FakeApi':
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._httpd.shutdown()
        self._thread.join(10)
        self._httpd.server_close()

    # -- content ---------------------------------------------------------------------------------
    def add_server(self, number: int, name: str, **values: Any) -> dict[str, Any]:
        server = {
            'id': f'00000000-0000-4000-8000-{number:012d}', 'name': name, 'status': 'ACTIVE',
            'tenant_id': PROJECT, 'OS-EXT-STS:task_state': None, 'OS-EXT-STS:power_state': 1,
            'OS-EXT-SRV-ATTR:host': 'host1', 'addresses': {},
            'image': {'id': IMAGE}, 'metadata': {},
            'flavor': {'original_name': 'small', 'vcpus': 1, 'ram': 512}, 'links': [],
        } | values
        self.servers[server['id']] = server
        return server

    def migration(self, server: dict[str, Any], **values: Any) -> dict[str, Any]:
        return {'id': len(self.migrations) + 1, 'uuid': '00000000-0000-4000-a000-000000000001',
                'instance_uuid': server['id'], 'source_compute': 'host1', 'dest_compute': None,
                'status': 'accepted', 'migration_type': 'live-migration',
                'created_at': '2026-01-01T00:00:00.000000',
                'updated_at': '2026-01-01T00:00:07.000000', 'project_id': PROJECT} | values

    def sent(self, method: str, path: str) -> list[Any]:
        """Bodies of the requests to a path (without the query)."""
        return [body for verb, target, _, body in self.requests
                if verb == method and target.partition('?')[0] == path]

    # -- answers ---------------------------------------------------------------------------------
    def answer(self, method: str, target: str, headers: Any, body: Any) -> tuple[int, Any]:
        path, _, query = target.partition('?')
        params = dict(urllib.parse.parse_qsl(query))
        self.requests.append((method, target, dict(headers), body))
        if path in ('/v2.1', '/v2.1/'):
            return 200, {'version': {'id': 'v2.1', 'min_version': '2.1',
                                     'version': '{}.{}'.format(*self.max_version)}}
        if self.user and headers.get('Authorization') != basic(*self.user):
            return error(401, 'A valid user name and password are needed', 'unauthorized')
        asked = tuple(map(int, headers.get('X-OpenStack-Nova-API-Version', '2.1').split('.')))
        if asked > self.max_version:
            return error(406, f'Version {asked} is not supported', 'computeFault')
        for pattern, answer in self.refuse.items():
            if re.fullmatch(pattern, f'{method} {path}'):
                return answer
        return self.answer_request(method, path, params, body)

    def answer_request(self, method: str, path: str, params: dict[str, str],
                       body: Any) -> tuple[int, Any]:
        parts = path.removeprefix('/v2.1').strip('/').split('/')
        if parts[0] == 'v2':
            return self._images(parts[2:], params)
        if parts[0] == 'servers' and len(parts) > 1 and parts[1] != 'detail':
            return self._server(method, parts[1:], body)
        if parts[0] == 'servers':
            return self.answer_servers(method, params, body)
        if parts[0] == 'os-migrations':
            return 200, {'migrations': self.moves_of(params)}
        if method in ('PUT', 'DELETE') or (method, parts) == ('POST', ['flavors']):
            return self._changed(method, parts, body)
        key = {'os-services': 'services', 'os-hypervisors': 'hypervisors', 'flavors': 'flavors'}
        return self._page(path, key[parts[0]], self.lists[parts[0]], params)

    def _changed(self, method: str, parts: list[str], body: Any) -> tuple[int, Any]:
        if method == 'DELETE':
            return 202, None
        if method == 'POST':
            return 200, {'flavor': {'links': [], **body['flavor'], 'id': 'made'}}
        return 200, {'service': {**self.lists['os-services'][0], **body}}

    def _page(self, path: str, key: str, items: list[Any],
              params: dict[str, str]) -> tuple[int, Any]:
        ids = [item['id'] for item in items]
        start = ids.index(params['marker']) + 1 if 'marker' in params else 0
        page = items[start:start + min(int(params.get('limit', 10 ** 6)), self.page_length)]
        answer = {key: page}
        if start + len(page) < len(items):
            query = urllib.parse.urlencode(params | {'marker': page[-1]['id']})
            answer[f'{key}_links'] = [{'rel': 'next', 'href': f'http://inside{path}?{query}'}]
        return 200, answer

    def _images(self, parts: list[str], params: dict[str, str]) -> tuple[int, Any]:
        if parts:
            found = [image for image in self.lists['images'] if image['id'] == parts[0]]
            return (200, found[0]) if found else error(404, 'No image', 'itemNotFound')
        return 200, {'images': [image for image in self.lists['images']
                                if params.get('name') in (None, image['name'])]}

    def answer_servers(self, method: str, params: dict[str, str], body: Any) -> tuple[int, Any]:
        if method == 'POST':
            server = self.add_server(99, body['server']['name'], status='BUILD')
            return 202, {'server': {'id': server['id'], 'adminPass': 's3cret'}}
        # without regard to case, as MariaDB compares
        found = [server for server in self.servers.values()
                 if re.search(params.get('name', ''), server['name'], re.IGNORECASE)
                 and (params.get('all_tenants') or server['tenant_id'] == PROJECT)]
        return self._page('/v2.1/servers/detail', 'servers', found, params)

    def _server(self, method: str, parts: list[str], body: Any) -> tuple[int, Any]:
        server = self.servers.get(parts[0])
        if server is None:
            return error(404, f'Instance {parts[0]} could not be found.', 'itemNotFound')
        if parts[1:] == ['action']:
            if 'os-migrateLive' in body:
                self.migrations.append(self.migration(server, **self.script.pop(0)))
            return 202, None
        if parts[1:2] == ['os-instance-actions']:
            return 200, ({'instanceAction': self.actions[0]} if parts[2:] else
                         {'instanceActions': self.actions})
        if parts[1:2] == ['migrations']:
            return self.answer_server_migrations(method, parts[2:])
        if parts[1:] == ['location']:
            return 200, {'location': self.location}
        if method == 'DELETE':
            del self.servers[parts[0]]
            return 204, None
        return 200, {'server': server}

    def answer_server_migrations(self, method: str, parts: list[str]) -> tuple[int, Any]:
        if not parts:
            return 200, {'migrations': self.migrations}
        found = [move for move in self.migrations if str(move['id']) == parts[0]]
        if not found:
            return error(404, f'Migration {parts[0]} could not be found.', 'itemNotFound')
        return (200, {'migration': found[0]}) if method == 'GET' else (202, None)

    def moves_of(self, params: dict[str, str]) -> list[dict[str, Any]]:
        """The records; the newest has gone one further after each look at it."""
        found = [dict(move) for move in self.migrations
                 if params.get('instance_uuid') in (None, move['instance_uuid'])]
        if self.script and self.migrations and self.migrations[-1]['status'] in UNFINISHED:
            self.migrations[-1].update(self.script.pop(0))
        return found

    def events(self) -> bytes:
        """The next stream; the newest migration is then where that ends."""
        told = []
        for values in self.streams.pop(0):
            self.migrations[-1].update(values)
            told.append(f'event: migration\ndata: '
                        f'{json.dumps({"migration": self.migrations[-1]})}\n\n')
        return ': welcome\n\n'.join(['', *told]).encode()

    def _handler(self) -> type:
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self) -> None:
                length = int(self.headers.get('Content-Length') or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, answer = api.answer(self.command, self.path, self.headers, body)
                data = b'' if answer is None else json.dumps(answer).encode()
                kind = 'application/json'
                if self.path.endswith('/events') and api.streams:
                    kind, data = 'text/event-stream; charset=utf-8', api.events()
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(data)))
                self.send_header('X-OpenStack-Request-Id', REQUEST_ID)
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_DELETE = do_PATCH = do_PUT = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def basic(user: str, password: str) -> str:
    return 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()
