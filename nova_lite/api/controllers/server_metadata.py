# SPDX-License-Identifier: Apache-2.0
"""/servers/{id}/metadata: words that a user sticks to a server, and that move with it."""
from collections.abc import Callable
from typing import Any

import webob.exc

from nova_lite import exception
from nova_lite.api import wsgi
from nova_lite.api.views.limits import MAX_METADATA_ITEMS
from nova_lite.objects import Instance


def index(request: wsgi.Request, instance: Instance) -> dict[str, Any]:
    return {'metadata': instance.metadata or {}}


def show(request: wsgi.Request, instance: Instance, key: str) -> dict[str, Any]:
    _require(instance, key)
    return {'meta': {key: (instance.metadata or {})[key]}}


def create(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> dict[str, Any]:
    _write(request, instance, lambda now: {**now, **body['metadata']})
    return {'metadata': instance.metadata}


def update_all(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> dict[str, Any]:
    _write(request, instance, lambda now: dict(body['metadata']))
    return {'metadata': instance.metadata}


def update(request: wsgi.Request, instance: Instance, key: str,
           body: dict[str, Any]) -> dict[str, Any]:
    if key not in body['meta']:
        raise exception.ValidationError(detail='The key in the body is not the one in the URL')
    _write(request, instance, lambda now: {**now, **body['meta']})
    return {'meta': body['meta']}


def delete(request: wsgi.Request, instance: Instance, key: str) -> None:
    _require(instance, key)
    _write(request, instance, lambda now: {name: value for name, value in now.items()
                                           if name != key})


def check_count(metadata: dict[str, str]) -> None:
    """HTTPForbidden when there is too much of it for one server."""
    if len(metadata) > MAX_METADATA_ITEMS:
        raise webob.exc.HTTPForbidden(
            f'A server has at most {MAX_METADATA_ITEMS} items of metadata')


def _require(instance: Instance, key: str) -> None:
    if key not in (instance.metadata or {}):
        raise webob.exc.HTTPNotFound(f'The server has no metadata {key!r}')


def _write(request: wsgi.Request, instance: Instance,
           change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Write what ``change`` makes of what is there; of two requests at once neither undoes the
    other's."""
    def changed() -> dict[str, Any]:
        if instance.locked and not request.context.is_admin:
            raise exception.InstanceIsLocked(instance_uuid=instance.uuid)
        metadata = change(instance.metadata or {})
        check_count(metadata)
        return {'metadata': metadata}

    instance.rewrite(changed)
