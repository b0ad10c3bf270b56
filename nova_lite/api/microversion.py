# SPDX-License-Identifier: Apache-2.0
"""Which version of the API a request speaks, and the headers that say so in every answer."""
import string
from typing import Any

import microversion_parse
import webob.exc

from nova_lite.api import wsgi

SERVICE = 'compute'
HEADER = 'OpenStack-API-Version'
LEGACY_HEADER = 'X-OpenStack-Nova-API-Version'
MAJOR = 2
MIN_MINOR, MAX_MINOR = 1, 80
MIN_VERSION, MAX_VERSION = f'{MAJOR}.{MIN_MINOR}', f'{MAJOR}.{MAX_MINOR}'


class VersionHeaders:
    """Adds the version headers and ``Vary`` to every answer, errors included.

    An answer to a request whose version could not be made out has the form of the lowest one.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict, start_response: Any) -> Any:
        response = wsgi.Request(environ).get_response(self.application)
        version = f'{MAJOR}.{environ.get(wsgi.ENV_MINOR, wsgi.DEFAULT_MINOR)}'
        response.headers[HEADER] = f'{SERVICE} {version}'
        response.headers[LEGACY_HEADER] = version
        response.headers['Vary'] = f'{HEADER}, {LEGACY_HEADER}'
        return response(environ, start_response)


class Negotiation:
    """Reads the version of a request: HTTPBadRequest or HTTPNotAcceptable when we have it not."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict, start_response: Any) -> Any:
        environ[wsgi.ENV_MINOR] = negotiate(wsgi.Request(environ).headers)
        return self.application(environ, start_response)


def negotiate(headers: Any) -> int:
    """The minor number of the version that ``headers`` ask for; the lowest when they do not."""
    asked = microversion_parse.get_version(headers, SERVICE, [LEGACY_HEADER])
    if asked is None:
        return MIN_MINOR
    if asked == 'latest':
        return MAX_MINOR
    major, dot, minor = asked.partition('.')
    if not (dot and _is_number(major) and _is_number(minor)):
        raise webob.exc.HTTPBadRequest(
            f'{asked!r} is not an API version: write it as {MAJOR}.N, or latest')
    if int(major) != MAJOR or not MIN_MINOR <= int(minor) <= MAX_MINOR:
        raise webob.exc.HTTPNotAcceptable(
            f'This API speaks versions {MIN_VERSION} to {MAX_VERSION}, not {asked}')
    return int(minor)


def _is_number(text: str) -> bool:
    """Digits as Nova takes them: no leading zero, no sign, and not more than make sense."""
    return (0 < len(text) < 10 and all(char in string.digits for char in text)
            and (text == '0' or text[0] != '0'))
