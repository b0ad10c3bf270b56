# SPDX-License-Identifier: Apache-2.0
"""/servers/{id}/metadata: words that a user sticks to a server, and that move with it."""
from typing import Any

import webob.exc

from nova_lite import exception
from nova_lite.api import wsgi
from nova_lite.objects import Instance

AT_MOST = 128       # items of one server, Nova's default


def index(request: wsgi.Request, instance: Instance) -> dict[str, Any]:
    return {'metadata': instance.metadata or {}}


def show(request: wsgi.Request, instance: Instance, key: str) -> dict[str, Any]:
    _require(instance, key)
    return {'meta': {key: instance.metadata[key]}}


def create(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> dict[str, Any]:
    return {'metadata': _write(request, instance,
                               {**(instance.metadata or {}), **body['metadata']})}


def update_all(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> dict[str, Any]:
    return {'metadata': _write(request, instance, dict(body['metadata']))}


def update(request: wsgi.Request, instance: Instance, key: str,
           body: dict[str, Any]) -> dict[str, Any]:
    if key not in body['meta']:
        raise exception.ValidationError(detail='The key in the body is not the one in the URL')
    _write(request, instance, {**(instance.metadata or {}), **body['meta']})
    return {'meta': body['meta']}


def delete(request: wsgi.Request, instance: Instance, key: str) -> None:
    _require(instance, key)
    _write(request, instance, {name: value for name, value in instance.metadata.items()
                               if name != key})


def check_count(metadata: dict[str, str]) -> None:
    """HTTPForbidden when there is too much of it for one server."""
    if len(metadata) > AT_MOST:
        raise webob.exc.HTTPForbidden(f'A server has at most {AT_MOST} items of metadata')


def _require(instance: Instance, key: str) -> None:
    if key not in (instance.metadata or {}):
        raise webob.exc.HTTPNotFound(f'The server has no metadata {key!r}')


def _write(request: wsgi.Request, instance: Instance, metadata: dict[str, str]) -> dict[str, str]:
    if instance.locked and not request.context.is_admin:
        raise exception.InstanceIsLocked(instance_uuid=instance.uuid)
    check_count(metadata)
    instance.metadata = metadata
    instance.save()
    return metadata
