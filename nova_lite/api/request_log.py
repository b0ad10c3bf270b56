# SPDX-License-Identifier: Apache-2.0
"""The outermost layer: gives each request its id, and writes one log line when it is answered.

The id goes with the request through RPC into every log line, action and notification. Neither the
query nor the body is logged.
"""
import time
import urllib.parse
from typing import Any

from oslo_log import log as logging
from oslo_middleware import request_id

from nova_lite import context
from nova_lite.api import microversion, wsgi

LOG = logging.getLogger(__name__)


class RequestId(request_id.RequestId):
    """x-openstack-request-id, and the name that Nova's clients read."""
    compat_headers = ['x-compute-request-id']


class RequestLog:
    """One INFO line a request: id, method, path, status, length, seconds, microversion."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict, start_response: Any) -> Any:
        began = time.monotonic()
        # what is logged before the caller is known must not bear the last caller's name
        context.RequestContext(request_id=environ.get(request_id.ENV_REQUEST_ID))
        response = wsgi.Request(environ).get_response(self.application)
        LOG.info('%s "%s %s" status: %d len: %d time: %.4f microversion: %s',
                 environ.get(request_id.ENV_REQUEST_ID), environ['REQUEST_METHOD'],
                 # quoted again, so that no line break from a URL gets into the log
                 urllib.parse.quote(environ.get('PATH_INFO', ''), encoding='latin-1'),
                 response.status_int, response.content_length or 0, time.monotonic() - began,
                 response.headers.get(microversion.LEGACY_HEADER, '-'))
        return response(environ, start_response)
