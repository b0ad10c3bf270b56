# SPDX-License-Identifier: Apache-2.0
"""/flavors: the sizes a server can have."""
from typing import Any

import webob.exc
from oslo_utils import strutils, uuidutils

from nova_lite import exception, objects
from nova_lite.api import paging, wsgi
from nova_lite.api.views import flavors as views
from nova_lite.objects import Flavor


def index(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    found = _find(request, query)
    return {'flavors': [views.basic(request, flavor) for flavor in found],
            **paging.next_links(request, 'flavors_links', paging.limit(query), found, 'flavorid')}


def detail(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    found = _find(request, query)
    return {'flavors': views.details(request, found),
            **paging.next_links(request, 'flavors_links', paging.limit(query), found, 'flavorid')}


def show(request: wsgi.Request, flavor_id: str) -> dict[str, Any]:
    return {'flavor': views.details(request, [_get(request, flavor_id)])[0]}


def create(request: wsgi.Request, body: dict[str, Any]) -> dict[str, Any]:
    wanted = body['flavor']
    flavor_id = wanted.get('id')
    if flavor_id in (None, 'auto'):
        flavor_id = uuidutils.generate_uuid()
    flavor = Flavor(
        request.context, flavorid=str(flavor_id), name=wanted['name'],
        memory_mb=int(wanted['ram']), vcpus=int(wanted['vcpus']), root_gb=int(wanted['disk']),
        ephemeral_gb=int(wanted.get('OS-FLV-EXT-DATA:ephemeral', 0)),
        swap=int(wanted.get('swap', 0)), rxtx_factor=float(wanted.get('rxtx_factor', 1.0)),
        is_public=strutils.bool_from_string(wanted.get('os-flavor-access:is_public', True)),
        disabled=False, description=wanted.get('description'), extra_specs={})
    flavor.create()
    return {'flavor': views.details(request, [flavor])[0]}


def delete(request: wsgi.Request, flavor_id: str) -> None:
    """Servers keep the copy that they were made with."""
    objects.Flavor.get_by_flavor_id(request.context, flavor_id).destroy()


def extra_specs_index(request: wsgi.Request, flavor_id: str) -> dict[str, Any]:
    return {'extra_specs': _get(request, flavor_id).extra_specs or {}}


def extra_specs_show(request: wsgi.Request, flavor_id: str, key: str) -> dict[str, Any]:
    specs = _get(request, flavor_id).extra_specs or {}
    if key not in specs:
        raise webob.exc.HTTPNotFound(f'Flavor {flavor_id} has no extra spec {key!r}')
    return {key: specs[key]}


def _get(request: wsgi.Request, flavor_id: str) -> Flavor:
    """One that is not public is there for administrators only."""
    flavor = objects.Flavor.get_by_flavor_id(request.context, flavor_id)
    if not flavor.is_public and not request.context.is_admin:
        raise exception.FlavorNotFound(flavor_id=flavor_id)
    return flavor


def _find(request: wsgi.Request, query: dict[str, Any]) -> list[Flavor]:
    filters: dict[str, Any] = {'disabled': False}
    if request.context.is_admin:
        filters.pop('disabled')
        public = _public(query)
    else:
        public = True
    if public is not None:
        filters['is_public'] = public
    for name, column in (('minRam', 'min_memory_mb'), ('minDisk', 'min_root_gb')):
        if name in query:
            filters[column] = int(query[name])
    return list(objects.FlavorList.get_all(
        request.context, filters, limit=paging.limit(query), marker=query.get('marker'),
        sort_key=query.get('sort_key', 'flavorid'), sort_dir=query.get('sort_dir', 'asc')))


def _public(query: dict[str, Any]) -> bool | None:
    """What an administrator wants to see: the public ones, the others, or (``None``) all."""
    if query.get('is_public', '').lower() == 'none':
        return None
    return paging.boolean(query, 'is_public', default=True)
