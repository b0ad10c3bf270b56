# SPDX-License-Identifier: Apache-2.0
"""A request as the controllers see it: who asks, at which microversion, with what body."""
import json
import urllib.parse
from collections.abc import Iterable
from typing import Any

import webob
import webob.exc

from nova_lite import context
from nova_lite.conf import CONF

ENV_CONTEXT = 'nova_lite.context'
ENV_MINOR = 'nova_lite.microversion'
ENV_PROJECT = 'nova_lite.url_project'
EXTENSIONS_HEADER = 'X-Nova-Lite-Extensions'
MEDIA_TYPES = ('application/json', 'application/vnd.openstack.compute+json')
DEFAULT_MINOR = 1
NO_CHARSET: Any = None       # of JSON; the types of webob know of no such answer


class Request(webob.Request):
    """All microversions are 2.x, so a version is its ``minor`` number."""

    @property
    def context(self) -> context.RequestContext:
        return self.environ[ENV_CONTEXT]

    @property
    def minor(self) -> int:
        return self.environ.get(ENV_MINOR, DEFAULT_MINOR)

    @property
    def extended(self) -> bool:
        """Whether the client asks for our own fields, which Nova's strict shapes do not have."""
        return self.headers.get(EXTENSIONS_HEADER) == '1'

    def link(self, *parts: str) -> str:
        """URL of a resource at this API, with the project in it when the request had it."""
        return '/'.join([self._root(), 'v2.1', *self._project(), *map(_quote, parts)])

    def bookmark(self, *parts: str) -> str:
        """URL of a resource without a version, which stays true for ever."""
        return '/'.join([self._root(), *self._project(), *map(_quote, parts)])

    def links(self, *parts: str) -> list[dict[str, str]]:
        return [{'rel': 'self', 'href': self.link(*parts)},
                {'rel': 'bookmark', 'href': self.bookmark(*parts)}]

    def next_link(self, marker: Any) -> dict[str, str]:
        """The link to the page after the item ``marker``: the same question, further on."""
        query = [(name, value) for name, value in self.GET.items() if name != 'marker']
        text = urllib.parse.urlencode([*query, ('marker', marker)])
        path = urllib.parse.quote(self.path_info)
        return {'rel': 'next', 'href': f'{self._root()}{path}?{text}'}

    def parsed_body(self) -> Any:
        """The JSON of the body: HTTPUnsupportedMediaType, HTTPRequestEntityTooLarge or
        HTTPBadRequest when it is none, or holds text that no database stores."""
        if self.content_type not in MEDIA_TYPES:
            # also when it is missing: a browser would send that for any site
            raise webob.exc.HTTPUnsupportedMediaType(
                f'Unsupported Content-Type {self.content_type!r}: use application/json')
        try:
            value = json.loads(self._bounded_body(), parse_constant=_no_constant,
                               object_pairs_hook=_no_doubles)
            _check_text(value)
        except _DoubleKey as error:
            raise webob.exc.HTTPBadRequest(f'Malformed request body: {error}') from error
        except (ValueError, RecursionError) as error:
            raise webob.exc.HTTPBadRequest('Malformed request body: not JSON') from error
        return value

    def _bounded_body(self) -> bytes:
        limit = CONF.api.max_request_body_size
        body = b'' if (self.content_length or 0) > limit else self.body_file.read(limit + 1)
        if (self.content_length or 0) > limit or len(body) > limit:
            raise webob.exc.HTTPRequestEntityTooLarge(
                f'The request body is larger than {limit} bytes')
        return body

    def _root(self) -> str:
        return (CONF.api.endpoint or self.application_url).rstrip('/')

    def _project(self) -> Iterable[str]:
        project = self.environ.get(ENV_PROJECT)
        return (project,) if project else ()


def json_response(body: Any, status: int = 200) -> webob.Response:
    return webob.Response(json.dumps(body).encode(), status=status,
                          content_type='application/json', charset=NO_CHARSET)


def empty_response(status: int) -> webob.Response:
    response = webob.Response(status=status, content_type='application/json', charset=NO_CHARSET)
    if status == 204:
        del response.content_type
    return response


def _quote(part: str) -> str:
    return urllib.parse.quote(part, safe='~')


class _DoubleKey(ValueError):
    """Of two values for one key nobody can say which is meant."""


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise _DoubleKey(f'the key {double[:80]!r} is there twice')
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f'{name} is not JSON')


def _check_text(value: Any) -> None:
    """ValueError for NUL characters and halves of surrogate pairs, anywhere in ``value``."""
    if isinstance(value, str):
        value.encode('utf-8')
        if '\0' in value:
            raise ValueError('NUL character')
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_text(item)
    elif isinstance(value, list):
        for item in value:
            _check_text(item)
