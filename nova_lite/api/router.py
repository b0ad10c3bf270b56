# SPDX-License-Identifier: Apache-2.0
"""From a request to the one function that answers it, by the table ``nova_lite.api.routes``.

The order of the checks is Nova's: path (404), method (405), project in the path (400), body and
action (400), microversion (404), schema (400), server (404), policy (403), and then the function.
"""
import json
from collections.abc import Iterable
from typing import Any

import routes.mapper
import webob
import webob.exc

from nova_lite import exception, objects
from nova_lite.api import routing, wsgi

NOTHING_THERE = 'There is no such resource'


class Router:
    """A WSGI application over a list of routes."""

    def __init__(self, table: Iterable[routing.Route]) -> None:
        self._mapper = routes.mapper.Mapper(register=False)
        self._routes: dict[str, list[routing.Route]] = {}
        for route in table:
            self._routes.setdefault(route.root + route.path, []).append(route)
        # paths without a project first: a project may be called like a resource
        for path in self._routes:
            self._mapper.connect(path, path=path)
        for path, found in self._routes.items():
            if found[0].root == routing.COMPUTE:
                root, rest = path[:len(routing.COMPUTE)], path[len(routing.COMPUTE):]
                self._mapper.connect(root + '/{project_id}' + rest, path=path)
        self._mapper.create_regs([])

    def __call__(self, environ: dict, start_response: Any) -> Any:
        return self.respond(wsgi.Request(environ))(environ, start_response)

    def respond(self, request: wsgi.Request) -> webob.Response:
        by_method, params = self._match(request)
        # HEAD is GET whose body WebOb leaves out
        candidates = by_method.get('GET' if request.method == 'HEAD' else request.method)
        if not candidates:
            allowed = {*by_method, *({'HEAD'} if 'GET' in by_method else ())}
            raise webob.exc.HTTPMethodNotAllowed(
                f'{request.method} is not possible here',
                headers={'Allow': ', '.join(sorted(allowed))})
        _check_project(request, params.pop('project_id', None))
        body = request.parsed_body() if any(route.body for route in candidates) else None
        candidates = _with_action(candidates, body)
        route = next((route for route in candidates if route.serves(request.minor)), None)
        if route is None:
            raise webob.exc.HTTPNotFound(f'Not available at version 2.{request.minor}')
        return _call(route, request, params, body)

    def _match(self, request: wsgi.Request) -> tuple[dict[str, list[routing.Route]], dict]:
        """The routes of the path by method, and what the path says."""
        try:
            path = request.path_info
        except UnicodeDecodeError as error:
            raise webob.exc.HTTPBadRequest('The path is not UTF-8') from error
        # a line break at the end would match as if it were not there
        params = self._mapper.match(path) if path.isprintable() else None
        if params is None:
            raise webob.exc.HTTPNotFound(NOTHING_THERE)
        by_method: dict[str, list[routing.Route]] = {}
        for route in self._routes[params.pop('path')]:
            if request.extended or not route.own:
                by_method.setdefault(route.method, []).append(route)
        if not by_method:
            raise webob.exc.HTTPNotFound(NOTHING_THERE)
        return by_method, params


def _check_project(request: wsgi.Request, project_id: str | None) -> None:
    if project_id is None:
        return
    if project_id != request.context.project_id:
        raise webob.exc.HTTPBadRequest(
            f'The project {project_id!r} of the URL is not that of the credentials')
    request.environ[wsgi.ENV_PROJECT] = project_id


def _with_action(candidates: list[routing.Route], body: Any) -> list[routing.Route]:
    """The routes of the action that ``body`` names, where the path takes actions."""
    actions = {route.action for route in candidates}
    if actions == {None}:
        return candidates
    if not isinstance(body, dict) or len(body) != 1:
        raise webob.exc.HTTPBadRequest('The body must hold one action')
    name = next(iter(body))
    if name not in actions:
        raise webob.exc.HTTPBadRequest(f'There is no such action: {name[:80]}')
    return [route for route in candidates if route.action == name]


def _call(route: routing.Route, request: wsgi.Request, params: dict[str, Any],
          body: Any) -> webob.Response:
    if route.body is not None:
        route.body.check(request.minor, body, request.extended)
        params['body'] = body
    if route.query is not None:
        params['query'] = route.query.parse(request.minor, _query(request))
    target = None
    if 'server_id' in params:
        instance = params['instance'] = _load(route, request, params.pop('server_id'))
        target = {'project_id': instance.project_id, 'user_id': instance.user_id}
    request.context.can(route.rule, target)
    result = route.handler(request, **params)
    if result is None:
        return wsgi.empty_response(route.status)
    if isinstance(result, webob.Response):
        return result
    return wsgi.json_response(result, route.status)


def _load(route: routing.Route, request: wsgi.Request, server_id: str) -> objects.Instance:
    """The server of the path, or InstanceNotFound: also when it is another project's."""
    deleted = route.deleted_since is not None and request.minor >= route.deleted_since
    if len(server_id) > 36:
        raise exception.InstanceNotFound(instance_id=server_id[:80])
    return objects.Instance.get_by_uuid(request.context, server_id, read_deleted=deleted)


def _query(request: wsgi.Request) -> Any:
    """The query as a multidict; HTTPBadRequest when it holds what no database stores."""
    try:
        query = request.GET
        json.dumps(list(query.items()), ensure_ascii=False).encode()
    except UnicodeError as error:
        raise webob.exc.HTTPBadRequest('The query is not UTF-8') from error
    if any('\0' in text for pair in query.items() for text in pair):
        raise webob.exc.HTTPBadRequest('The query holds a NUL character')
    return query
