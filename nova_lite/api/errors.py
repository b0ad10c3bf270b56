# SPDX-License-Identifier: Apache-2.0
"""From exception to HTTP answer: the one place, for all of the API.

Errors of the domain get their code from ``nova_lite.faults``, those of the protocol are WebOb's.
The body has Nova's form ``{"<faultName>": {"code": 409, "message": "..."}}``. What went wrong
inside (5xx) is told to administrators only; everybody gets the request id to ask with.
"""
import contextlib
import http
import json
from collections.abc import Iterator
from typing import Any

import oslo_messaging
import webob
import webob.exc
from oslo_log import log as logging

from nova_lite import exception, faults, rpc
from nova_lite.api import wsgi

LOG = logging.getLogger(__name__)

NAMES = {400: 'badRequest', 401: 'unauthorized', 403: 'forbidden', 404: 'itemNotFound',
         405: 'badMethod', 409: 'conflictingRequest', 413: 'overLimit', 415: 'badMediaType',
         429: 'overLimit', 501: 'notImplemented', 503: 'serviceUnavailable'}
DEFAULT_NAME = 'computeFault'
# what an operator can cause needs no stack trace
KNOWN = (exception.NovaLiteException, oslo_messaging.MessagingTimeout, *rpc.NOT_SENT)
RETRY_AFTER = 5     # s
# headers of a protocol error that belong to its meaning
KEPT_HEADERS = ('Allow', 'WWW-Authenticate', 'Retry-After')


class ErrorMiddleware:
    """Answers with Nova's error body whatever comes up from below as an exception."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict, start_response: Any) -> Any:
        request = wsgi.Request(environ)
        try:
            response = request.get_response(self.application)
        except webob.exc.WSGIHTTPException as error:
            response = _protocol_error(error)
        except Exception as error:
            response = _domain_error(request, error)
        return response(environ, start_response)


@contextlib.contextmanager
def bad_argument(*classes: type[Exception]) -> Iterator[None]:
    """Errors of ``classes`` are the caller's argument here: 400 instead of their own code."""
    try:
        yield
    except classes as error:
        raise exception.ValidationError(detail=exception.message_of(error)) from error


def _protocol_error(error: webob.exc.WSGIHTTPException) -> webob.Response:
    response = fault(error.code, error.detail or error.explanation)
    for name in KEPT_HEADERS:
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def _domain_error(request: wsgi.Request, error: Exception) -> webob.Response:
    code = faults.fault_for(error).code
    if code < 500 or code == http.HTTPStatus.NOT_IMPLEMENTED:      # not a failure of ours
        # the message of a ValidationError may hold a password out of the body
        said = '' if isinstance(error, exception.ValidationError) else exception.message_of(error)
        LOG.info('Refused with %d: %s %s', code, exception.class_of(error), said)
        return fault(code, exception.message_of(error))
    known = isinstance(error, KNOWN)
    LOG.log(logging.WARNING if known else logging.ERROR, 'Request failed with %d: %s: %s', code,
            exception.class_of(error), exception.message_of(error),
            exc_info=None if known else error)
    if code == http.HTTPStatus.SERVICE_UNAVAILABLE:
        return _come_again(error)
    context = request.environ.get(wsgi.ENV_CONTEXT)
    if context is not None and context.is_admin and isinstance(error, KNOWN):
        return fault(code, f'{exception.class_of(error)}: {exception.public_message(error)}')
    what = exception.class_of(error) if context is not None and context.is_admin else 'error'
    return fault(code, f'Unexpected {what}. The log of nova-lite-api tells more under request '
                       f'{request.environ.get("openstack.request_id")}.')


def _come_again(error: Exception) -> webob.Response:
    """503: when it passes, with the time after which to ask again. Why is an operator's matter."""
    which = 'database' if isinstance(error, exception.DatabaseUnavailable) else 'message broker'
    lasting = isinstance(error, faults.LASTING)
    response = fault(http.HTTPStatus.SERVICE_UNAVAILABLE,
                     f'The {which} refuses this service: ask its operator.' if lasting else
                     f'The {which} is away or busy. Try again.')
    if not lasting:
        response.headers['Retry-After'] = str(RETRY_AFTER)
    return response


def fault(code: int, message: str) -> webob.Response:
    """An answer with Nova's error body."""
    body = {NAMES.get(code, DEFAULT_NAME): {'code': code, 'message': message}}
    return webob.Response(json.dumps(body).encode(), status=code,
                          content_type='application/json', charset=wsgi.NO_CHARSET)
