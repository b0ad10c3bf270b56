# SPDX-License-Identifier: Apache-2.0
"""Who asks? One strategy for all requests, chosen by [api]auth_strategy.

A strategy turns a request into a RequestContext or raises HTTPUnauthorized. What a client writes
into headers such as X-Roles counts for nothing, except behind keystonemiddleware, which removes
them first and writes its own.
"""
import ipaddress
import socket
from typing import Any

import webob.exc
from oslo_log import log as logging
from oslo_middleware import request_id

from nova_lite import context, exception, policy
from nova_lite.api import http_basic, wsgi

LOG = logging.getLogger(__name__)

# each role holds the ones after it
ROLE_CHAIN = ('admin', 'manager', 'member', 'reader')


class AuthMiddleware:
    """Puts the caller's context into the request."""

    def __init__(self, application: Any, strategy: Any) -> None:
        self.application, self.strategy = application, strategy

    def __call__(self, environ: dict, start_response: Any) -> Any:
        environ[wsgi.ENV_CONTEXT] = self.strategy.context(wsgi.Request(environ))
        return self.application(environ, start_response)


class HttpBasic:
    """User name and password with every request; project and roles from the users file."""

    def __init__(self, conf: Any) -> None:
        self._passwords = http_basic.Passwords(conf.api.htpasswd_file)
        self._users = http_basic.Users(conf.api.users_file)

    def context(self, request: wsgi.Request) -> context.RequestContext:
        name = self._passwords.authenticate(request.environ)
        user = self._users.get(name)
        if user is None:
            LOG.warning('User %s has a password but stands not in the users file', name)
            raise http_basic.unauthorized()
        return make_context(request, user_name=name, **user)

    def wrap(self, application: Any) -> Any:
        return application


class NoAuth:
    """Everyone is an administrator; the token says as whom: ``user:project``. For tests."""

    def __init__(self, conf: Any) -> None:
        pass

    def context(self, request: wsgi.Request) -> context.RequestContext:
        user, _, project = request.headers.get('X-Auth-Token', 'admin').partition(':')
        return make_context(request, user_id=user, project_id=project or user, roles=['admin'])

    def wrap(self, application: Any) -> Any:
        return application


class Keystone:
    """Tokens, checked by keystonemiddleware with the options of [keystone_authtoken]."""

    def __init__(self, conf: Any) -> None:
        self._conf = conf

    def context(self, request: wsgi.Request) -> context.RequestContext:
        if request.environ.get('HTTP_X_IDENTITY_STATUS') != 'Confirmed':
            # keystonemiddleware adds the address of Keystone to a 401
            raise webob.exc.HTTPUnauthorized('A valid token is needed (X-Auth-Token)')
        found = context.RequestContext.from_environ(request.environ, **request_ids(request))
        found.is_admin = policy.check_is_admin(found)
        return found

    def wrap(self, application: Any) -> Any:
        try:
            from keystonemiddleware import auth_token
        except ModuleNotFoundError as error:
            raise exception.ConfigInvalid(
                reason=f'[api]auth_strategy = keystone needs {error.name}: pip install '
                       "'nova-lite[keystone]', or choose http_basic.") from None
        return auth_token.AuthProtocol(application, {
            'oslo_config_config': self._conf, 'delay_auth_decision': True})


STRATEGIES: dict[str, Any] = {'http_basic': HttpBasic, 'noauth2': NoAuth, 'keystone': Keystone}


def make_context(request: wsgi.Request, *, user_id: str, project_id: str, roles: list[str],
                 user_name: str | None = None) -> context.RequestContext:
    """The context of a user whose roles do not come from Keystone."""
    made = context.RequestContext(user_id=user_id, project_id=project_id, user_name=user_name,
                                  roles=implied(roles), **request_ids(request))
    made.is_admin = policy.check_is_admin(made)
    return made


def implied(roles: list[str]) -> list[str]:
    """``roles`` with those that they imply, as Keystone would list them."""
    highest = [ROLE_CHAIN.index(role) for role in roles if role in ROLE_CHAIN]
    chain = ROLE_CHAIN[min(highest):] if highest else ()
    return [*roles, *(role for role in chain if role not in roles)]


def request_ids(request: wsgi.Request) -> dict[str, Any]:
    return {'request_id': request.environ.get(request_id.ENV_REQUEST_ID),
            'global_request_id': request.environ.get(request_id.GLOBAL_REQ_ID)}


def check_address(strategy: str, listener: socket.socket) -> None:
    """ConfigInvalid when ``strategy`` must not be offered on the address of ``listener``."""
    if strategy != 'noauth2' or listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    address = listener.getsockname()[0].partition('%')[0]
    if not ipaddress.ip_address(address).is_loopback:
        raise exception.ConfigInvalid(
            reason=f'auth_strategy=noauth2 makes everyone an administrator and is refused on '
                   f'{address}: listen on 127.0.0.1 or choose http_basic or keystone.')
