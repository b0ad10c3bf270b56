# SPDX-License-Identifier: Apache-2.0
"""The API in the words of OpenAPI 3.1, made of the table of routes and the schemas by which
requests are checked: one document for each microversion."""
import copy
import functools
import re
from collections.abc import Iterable
from typing import Any

import nova_lite
from nova_lite import policies
from nova_lite.api import errors, microversion, routes, routing, wsgi
from nova_lite.api.schemas import shapes
from nova_lite.api.schemas.answers import surroundings as answers
from nova_lite.api.schemas.parameter_types import obj
from nova_lite.api.validation import Param
from nova_lite.migration import prechecks

PATH = '/openapi.json'
LIVE_MIGRATION = 'os-migrateLive'     # the action that the checks of prechecks.py are made for
MEDIA_TYPE = 'application/json'
JSON_SCHEMA = 'https://json-schema.org/draft/2020-12/schema'
DESCRIPTION = (
    'The Compute API of nova-lite at microversion {version}. Ask for the document of another one '
    'with ?microversion=2.N or with the version header. Every path below {compute} can be had '
    'with the id of the caller\'s project behind that, too.')

TOKEN = {'type': 'apiKey', 'in': 'header', 'name': 'X-Auth-Token'}
SECURITY_SCHEMES = {'http_basic': {'type': 'http', 'scheme': 'basic'}, 'keystone': TOKEN,
                    'noauth2': TOKEN}

# what Nova has not is there for who asks for it
EXTENSIONS_HEADER = {'name': wsgi.EXTENSIONS_HEADER, 'in': 'header', 'required': True,
                     'schema': {'enum': ['1']}}

# what can be answered to whom, beside the good answer
ALWAYS = (400, 401, 403, 404, 405, 406, 500, 503)
TO_A_BODY = (409, 413, 415)
TO_A_DELETE = (409,)
TO_A_STREAM = (429,)
NOT_IMPLEMENTED = 501
VERSION_DOCUMENTS = {'/': answers.VERSIONS, '/v2.1': answers.VERSION,
                     '/v2': answers.IMAGE_VERSIONS}


@functools.lru_cache(maxsize=8)
def document(minor: int, strategy: str) -> dict[str, Any]:
    """The document of 2.``minor`` for clients that prove who they are by ``strategy``."""
    version = f'{microversion.MAJOR}.{minor}'
    made = {
        'openapi': '3.1.0', 'jsonSchemaDialect': JSON_SCHEMA,
        'info': {'title': 'nova-lite', 'version': version,
                 'x-nova-lite-version': nova_lite.__version__,
                 'description': DESCRIPTION.format(version=version, compute=routing.COMPUTE)},
        'servers': [{'url': '/'}],
        'paths': {**_documents(), **_paths(minor)},
        'components': {
            'securitySchemes': {strategy: SECURITY_SCHEMES[strategy]},
            'parameters': {'microversion': _version_header(version)},
            'responses': {str(code): _error(code) for code in
                          sorted({*ALWAYS, *TO_A_BODY, *TO_A_STREAM, NOT_IMPLEMENTED})}},
        'security': [{strategy: []}]}
    return _portable(made)


# -- paths ------------------------------------------------------------------------------------
def _paths(minor: int) -> dict[str, Any]:
    """The operations of all routes that serve, by path and method; the actions of one path are
    one operation."""
    found: dict[tuple[str, str], list[routing.Route]] = {}
    for route in routes.ROUTES:
        if route.serves(minor):
            found.setdefault((route.root + route.path, route.method.lower()), []).append(route)
    paths: dict[str, Any] = {}
    for (path, method), same in found.items():
        paths.setdefault(path, {})[method] = _operation(same, minor)
    return paths


def _operation(same: list[routing.Route], minor: int) -> dict[str, Any]:
    first = same[0]
    rules = {route.action or '': route.rule for route in same}
    bodies = [route.body.at(minor) for route in same if route.body is not None]
    made: dict[str, Any] = {
        'operationId': _name(first) if len(same) == 1 else f'{_resource(first)}.action',
        'tags': [_resource(first)],
        'summary': ' / '.join(_described()[rule] for rule in dict.fromkeys(rules.values())),
        # who may do it, by the names of the policy file
        'x-policy': first.rule if len(same) == 1 else rules,
        'parameters': [{'$ref': '#/components/parameters/microversion'},
                       *_in_path(first.path), *_in_query(first, minor),
                       *([EXTENSIONS_HEADER] if first.own else ())],
        'responses': {str(first.status): _good(first, minor), **_bad(_codes(first))}}
    if LIVE_MIGRATION in rules:
        made['x-prechecks'] = [
            {'name': row.name, 'where': row.where, 'question': row.question,
             'refusals': [refusal.__name__ for refusal in row.refusals]}
            for row in prechecks.PRECHECKS]
    if bodies:
        schema = bodies[0] if len(bodies) == 1 else {'oneOf': bodies}
        made['requestBody'] = {'required': True, 'content': {MEDIA_TYPE: {'schema': schema}}}
    return made


def _codes(route: routing.Route) -> Iterable[int]:
    yield from ALWAYS
    if route.body is not None:
        yield from TO_A_BODY
    elif route.method == 'DELETE':
        yield from TO_A_DELETE
    if route.path.endswith('/uptime'):
        yield NOT_IMPLEMENTED
    if isinstance(route.answer, shapes.Stream):
        yield from TO_A_STREAM


def _resource(route: routing.Route) -> str:
    return route.handler.__module__.rpartition('.')[2]


def _name(route: routing.Route) -> str:
    return f'{_resource(route)}.{route.handler.__name__}'


@functools.cache
def _described() -> dict[str, str]:
    return {rule.name: rule.description or '' for rule in policies.list_rules()}


def _in_path(path: str) -> list[dict[str, Any]]:
    return [{'name': name, 'in': 'path', 'required': True,
             'schema': {'type': 'string', 'minLength': 1}}
            for name in re.findall(r'{(\w+)}', path)]


def _in_query(route: routing.Route, minor: int) -> list[dict[str, Any]]:
    params = route.query.params.values() if route.query is not None else ()
    return [_query_parameter(param) for param in params if param.since <= minor]


def _query_parameter(param: Param) -> dict[str, Any]:
    schema = param.schema or shapes.TEXT
    if param.many:
        schema = {'type': 'array', 'items': schema, 'minItems': 1}
    return {'name': param.name, 'in': 'query', 'schema': schema}


def _version_header(version: str) -> dict[str, Any]:
    return {'name': microversion.HEADER, 'in': 'header', 'required': True,
            'description': 'Without it the version is that of the lowest microversion.',
            'schema': {'enum': [f'{microversion.SERVICE} {version}']}}


# -- answers ----------------------------------------------------------------------------------
def _good(route: routing.Route, minor: int) -> dict[str, Any]:
    if route.answer is None:
        return {'description': 'Done, or begun; the answer is empty.'}
    return _content('What was asked for.', shapes.at(route.answer, minor),
                    getattr(route.answer, 'media_type', MEDIA_TYPE))


def _bad(codes: Iterable[int]) -> dict[str, Any]:
    return {str(code): {'$ref': f'#/components/responses/{code}'} for code in sorted(codes)}


def _error(code: int) -> dict[str, Any]:
    name = errors.NAMES.get(code, errors.DEFAULT_NAME)
    return _content(f'Refused: {name}.' if code < 500 else f'Failed: {name}.', error_schema(code))


def error_schema(code: int) -> dict[str, Any]:
    """The body of an answer with an error's ``code``."""
    inner = obj({'code': {'const': code}, 'message': shapes.TEXT}, ['code', 'message'])
    name = errors.NAMES.get(code, errors.DEFAULT_NAME)
    return obj({name: inner}, [name])


def _content(description: str, schema: dict[str, Any],
             media_type: str = MEDIA_TYPE) -> dict[str, Any]:
    return {'description': description, 'content': {media_type: {'schema': schema}}}


def _documents() -> dict[str, Any]:
    """What can be read without credentials: the version documents, and this one."""
    described: dict[str, Any] = {path: {'get': {
        'operationId': f'versions{path.replace("/", ".")}', 'tags': ['versions'],
        'summary': 'Which versions there are.', 'security': [],
        'responses': {'200': _content('The versions.', shapes.at(answer, 1)), **_bad((405,))}}}
        for path, answer in VERSION_DOCUMENTS.items()}
    described[PATH] = {'get': {
        'operationId': 'openapi', 'tags': ['versions'], 'security': [],
        'summary': 'This document.',
        'parameters': [{'name': 'microversion', 'in': 'query', 'schema': {
            'type': 'string', 'pattern': r'\A(latest|2\.[1-9][0-9]?)\Z'}}],
        'responses': {'200': _content('OpenAPI 3.1', {'type': 'object'}),
                      **_bad((400, 405, 406))}}}
    return described


# -- patterns ---------------------------------------------------------------------------------
def _portable(value: Any) -> Any:
    """A copy whose patterns can be read by others than Python."""
    if isinstance(value, dict):
        return {key: _of_others(item) if key == 'pattern' and isinstance(item, str)
                else _portable(item) for key, item in _without_formats(value).items()}
    if isinstance(value, list):
        return [_portable(item) for item in value]
    return copy.copy(value)


def _without_formats(value: dict[str, Any]) -> dict[str, Any]:
    """Keys of pattern properties are patterns too; formats of our own say nothing to others."""
    made = dict(value)
    if isinstance(made.get('patternProperties'), dict):
        made['patternProperties'] = {_of_others(pattern): schema for pattern, schema
                                     in made['patternProperties'].items()}
    if made.get('format') == 'name':
        del made['format']
    return made


def _of_others(pattern: str) -> str:
    return pattern.replace(r'\A', '^').replace(r'\Z', '$')
