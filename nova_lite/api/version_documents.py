# SPDX-License-Identifier: Apache-2.0
"""What keystoneauth reads before anything else: which versions there are, and the description of
the API. No credentials needed.

Whatever lies outside the versions we have is answered with the choice of them (300), as Nova does,
but for what monitoring asks for: /healthcheck is answered, and /metrics is not there.
"""
from typing import Any

import webob
import webob.exc

from nova_lite.api import healthcheck, microversion, openapi, wsgi
from nova_lite.conf import CONF

ID = 'v2.1'
UPDATED = '2013-07-23T11:33:21Z'    # the day of Nova's version 2.1, the same in every deployment
MEDIA_TYPES = [{'base': 'application/json',
                'type': 'application/vnd.openstack.compute+json;version=2.1'}]
DOCUMENTATION = {'rel': 'describedby', 'type': 'text/html', 'href': 'https://docs.openstack.org/'}
# Paths that lead into the API; the images are Glance's version 2.
# where monitoring asks what other services have; a choice of versions would look like success
NOWHERE = ('/metrics', '/healthz', '/health', '/livez', '/readyz')
INSIDE = ('/v2.1/', '/v2/images/', '/v2/schemas/')


class VersionDocuments:
    """Answers the version documents itself and hands everything in ``INSIDE`` on."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict, start_response: Any) -> Any:
        request = wsgi.Request(environ)
        path = environ.get('PATH_INFO', '')
        document = self._document(request, path)
        if document is None:
            return self.application(environ, start_response)
        if request.method not in ('GET', 'HEAD'):
            raise webob.exc.HTTPMethodNotAllowed('Only GET here', headers={'Allow': 'GET, HEAD'})
        return document(environ, start_response)

    @staticmethod
    def _document(request: wsgi.Request, path: str) -> webob.Response | None:
        if path in ('', '/'):
            return wsgi.json_response({'versions': [_version(request)]})
        if path in ('/v2.1', '/v2.1/'):
            return wsgi.json_response({'version': _full_version(request)})
        if path in ('/v2', '/v2/'):
            return wsgi.json_response({'versions': [_image_version(request)]})
        if path == openapi.PATH:
            return _description(request)
        if path == healthcheck.PATH:
            return healthcheck.respond()
        if path in NOWHERE:
            raise webob.exc.HTTPNotFound('There is no such resource')
        if f'{path}/'.startswith(INSIDE):
            return None
        return wsgi.json_response({'choices': [_choice(request, path)]}, 300)


def _description(request: wsgi.Request) -> webob.Response:
    """The OpenAPI document of the microversion in the query or the header, or of the latest."""
    try:
        asked = request.GET.get('microversion')
    except UnicodeDecodeError as error:
        raise webob.exc.HTTPBadRequest('The query is not UTF-8') from error
    headers = request.headers if asked is None else {microversion.LEGACY_HEADER: asked}
    named = any(name in headers for name in (microversion.HEADER, microversion.LEGACY_HEADER))
    minor = microversion.negotiate(headers) if named else microversion.MAX_MINOR
    return wsgi.json_response(openapi.document(minor, CONF.api.auth_strategy))


def _version(request: wsgi.Request) -> dict[str, Any]:
    return {'id': ID, 'status': 'CURRENT', 'version': microversion.MAX_VERSION,
            'min_version': microversion.MIN_VERSION, 'updated': UPDATED,
            'links': [{'rel': 'self', 'href': request.link() + '/'}]}


def _full_version(request: wsgi.Request) -> dict[str, Any]:
    version = _version(request)
    return {**version, 'links': [*version['links'], DOCUMENTATION], 'media-types': MEDIA_TYPES}


def _choice(request: wsgi.Request, path: str) -> dict[str, Any]:
    parts = [part for part in path.split('/') if part]
    return {'id': ID, 'status': 'CURRENT', 'media-types': MEDIA_TYPES,
            'links': [{'rel': 'self', 'href': request.link(*parts)}]}


def _image_version(request: wsgi.Request) -> dict[str, Any]:
    return {'id': 'v2.0', 'status': 'CURRENT',
            'links': [{'rel': 'self', 'href': request.bookmark('v2') + '/'}]}
