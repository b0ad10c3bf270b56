# SPDX-License-Identifier: Apache-2.0
"""The API as one WSGI application: the layers that a request goes through, outermost first."""
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, faults, policy
from nova_lite.api import (
    auth,
    errors,
    microversion,
    request_log,
    router,
    routes,
    version_documents,
)
from nova_lite.objects import base as objects_base

LOG = logging.getLogger(__name__)


def check_database() -> bool:
    """Whether the database is there; ConfigInvalid when it has not the tables that are needed.
    One that is away is not waited for: requests are answered with 503 meanwhile, and who asks here
    asks again."""
    try:
        objects_base.db().check()
    except exception.DatabaseUnavailable as error:
        if faults.is_lasting(error):
            raise
        LOG.warning('%s', error.format_message())
        return False
    return True


class CheckedWhenBack:
    """Before ``application`` while the database was away at the load: asks for its tables at each
    request until it has answered. Without them nothing is served: 500, and the log says why."""

    def __init__(self, application: Any) -> None:
        self._application, self._checked = application, False

    def __call__(self, environ: dict, start_response: Any) -> Any:
        self._checked = self._checked or check_database()
        return self._application(environ, start_response)


def build(conf: Any) -> Any:
    """The application for the options of ``conf``. ConfigInvalid when users, passwords or rules
    cannot be read."""
    policy.load()
    strategy = auth.STRATEGIES[conf.api.auth_strategy](conf)
    # From the inside out. The version is read after the credentials, as in Nova: who may not come
    # in learns nothing but 401.
    application: Any = router.Router(routes.ROUTES)
    application = microversion.Negotiation(application)
    application = auth.AuthMiddleware(application, strategy)
    # Errors of authentication become answers here, since keystonemiddleware, which is next, adds
    # the address of Keystone to a 401.
    application = errors.ErrorMiddleware(application)
    application = strategy.wrap(application)
    application = version_documents.VersionDocuments(application)
    application = errors.ErrorMiddleware(application)
    application = microversion.VersionHeaders(application)
    application = request_log.RequestLog(application)
    return request_log.RequestId(application)
