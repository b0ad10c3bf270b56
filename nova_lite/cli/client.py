# SPDX-License-Identifier: Apache-2.0
"""Requests to the compute API: microversion, errors, pages.

The newest microversion that the client knows is sent at once; only a server that does not know it
is asked for its own, so that most commands cost no extra request.
"""
import json
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

from nova_lite.cli import errors
from nova_lite.cli.auth import Connection

OLDEST, NEWEST = (2, 1), (2, 80)
# asks nova-lite for what Nova's answers do not have; other servers do not mind it
EXTENSIONS = {'X-Nova-Lite-Extensions': '1'}

EVENT_STREAM = 'text/event-stream'

Version = tuple[int, int]


def parse_version(text: str | None) -> Version | None:
    """'2.80' -> (2, 80); None for None, 'latest' and '2.latest'. CommandError for nonsense."""
    if text in (None, '', 'latest', '2.latest', '2'):
        return None
    match = re.fullmatch(r'2\.(\d+)', text)
    if match is None:
        raise errors.CommandError(f'Invalid microversion {text!r}: use 2.X or latest')
    return 2, int(match[1])


class Client:
    """The compute API (and the images beside it) for one command."""

    def __init__(self, connection: Connection) -> None:
        self._session = connection.session
        self._compute, self._image = connection.compute, connection.image
        wanted = parse_version(connection.microversion)
        self._negotiable = wanted is None
        self._version = wanted or NEWEST

    @property
    def version(self) -> Version:
        """The microversion in use; settled after the first answer."""
        return self._version

    def request(self, method: str, path: str, *, body: Any = None,
                params: dict[str, Any] | None = None, cap: Version | None = None) -> Any:
        """Send to the compute API and return the answer's JSON, None where it has none.

        ``cap``: the newest microversion in which this request exists. ApiError.
        """
        response = self._send(method, path, body, params, cap)
        if response.status_code == 406 and self._negotiable:
            self._negotiate()
            response = self._send(method, path, body, params, cap)
        return _result(response)

    def get(self, path: str, **params: Any) -> Any:
        return self.request('GET', path, params=params)

    def act(self, server_id: str, action: str, arguments: Any = None,
            cap: Version | None = None) -> Any:
        """POST /servers/{id}/action."""
        return self.request('POST', f'/servers/{server_id}/action', body={action: arguments},
                            cap=cap)

    def list(self, path: str, key: str, limit: int | None = None, **params: Any) -> list[Any]:
        """All items under ``key``, page by page, at most ``limit``."""
        items: list[Any] = []
        params['limit'] = limit
        while True:
            answer = self.get(path, **params)
            if not isinstance(answer, dict) or key not in answer:
                raise errors.CommandError(f'GET {path} answers, but not as a compute API does')
            items.extend(answer[key])
            following = _next_page(answer.get(f'{key}_links', answer.get('links')))
            if not following or not answer[key] or (limit and len(items) >= limit):
                return items[:limit] if limit else items
            params = following

    def events(self, path: str) -> Iterator[Any] | None:
        """The JSON of server-sent events until the server ends them; None when it has none to
        give. OSError when the connection breaks."""
        response = self._send('GET', path, None, None, None, accept=EVENT_STREAM, stream=True,
                              log=False)
        if response.headers.get('Content-Type', '').partition(';')[0] != EVENT_STREAM:
            response.close()
            return None
        return _events(response)

    def images(self, path: str, **params: Any) -> Any:
        """GET from the image service."""
        return _result(self._session.request(
            self._image + path + _query(params), 'GET', raise_exc=False,
            headers={'Accept': 'application/json'}))

    def _send(self, method: str, path: str, body: Any, params: dict[str, Any] | None,
              cap: Version | None, accept: str = 'application/json', **more: Any) -> Any:
        number = '{}.{}'.format(*min(self._version, cap or self._version))
        headers = {'Accept': accept, 'OpenStack-API-Version': f'compute {number}',
                   'X-OpenStack-Nova-API-Version': number, **EXTENSIONS}
        return self._session.request(self._compute + path + _query(params), method, json=body,
                                     headers=headers, raise_exc=False, **more)

    def _negotiate(self) -> None:
        """Find the newest microversion that both sides know. CommandError if there is none."""
        answer = _result(self._session.request(
            f'{self._compute}/', 'GET', raise_exc=False, headers={'Accept': 'application/json'}))
        about = answer.get('version', {}) if isinstance(answer, dict) else {}
        newest = parse_version(about.get('version')) or OLDEST
        oldest = parse_version(about.get('min_version')) or OLDEST
        if oldest > NEWEST:
            raise errors.CommandError(
                'The server needs microversion {}.{} at least, this client knows 2.1 to {}.{}'
                .format(*oldest, *NEWEST))
        self._version, self._negotiable = min(newest, NEWEST), False


def _events(response: Any) -> Iterator[Any]:
    with response:
        for line in response.iter_lines(chunk_size=1):
            name, _, value = line.decode().partition(': ')
            if name == 'data':
                yield json.loads(value)


def _query(params: dict[str, Any] | None) -> str:
    given = {name: value for name, value in (params or {}).items() if value is not None}
    return f'?{urllib.parse.urlencode(given, doseq=True)}' if given else ''


def _result(response: Any) -> Any:
    if response.status_code >= 400:
        raise errors.ApiError.of(response)
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        raise errors.CommandError(
            f'{response.url} answers, but not as a compute API does') from None


def _next_page(links: Any) -> dict[str, str] | None:
    """The query of the next page. Only that: behind a proxy the link's host may be another."""
    for link in links or ():
        if link.get('rel') == 'next':
            return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(link['href']).query))
    return None
