# SPDX-License-Identifier: Apache-2.0
"""The images that servers boot from, read only, for clients that look names up.

``/v2/images`` is Glance's, for a service catalog with an image service; ``/v2.1/images`` is the
proxy that Nova had up to 2.35, for clients without a catalog, which ask there.
"""
import csv
from typing import Any

from nova_lite import exception
from nova_lite.api import paging, wsgi
from nova_lite.api.views import images as views
from nova_lite.virt import images

LIST_OPERATOR = 'in:'
FILTERS = ('id', 'name', 'status', 'visibility', 'disk_format', 'container_format', 'owner')


# -- Glance's ---------------------------------------------------------------------------------
def index(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    shown = [views.glance(image) for image in images.list_images()]
    page = _page(_matching(shown, query), query)
    answer: dict[str, Any] = {'images': page, 'schema': '/v2/schemas/images',
                              'first': '/v2/images'}
    if page and len(page) == paging.limit(query):
        answer['next'] = f'/v2/images?limit={len(page)}&marker={page[-1]["id"]}'
    return answer


def show(request: wsgi.Request, image_id: str) -> dict[str, Any]:
    return views.glance(_by_id(image_id))


# -- Nova's, to 2.35 --------------------------------------------------------------------------
def proxy_index(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    return {'images': [views.basic(request, image) for image in _proxied(query)]}


def proxy_detail(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    return {'images': [views.detail(request, image) for image in _proxied(query)]}


def proxy_show(request: wsgi.Request, image_id: str) -> dict[str, Any]:
    return {'image': views.detail(request, _by_id(image_id))}


# -- shared -----------------------------------------------------------------------------------
def _proxied(query: dict[str, Any]) -> list[dict[str, Any]]:
    return _page(_matching(images.list_images(), query), query)


def _by_id(image_id: str) -> dict[str, Any]:
    """By id alone: a client that tries a name as an id must get a 404 to go on and search."""
    for image in images.list_images():
        if image['id'] == image_id:
            return image
    raise exception.ImageNotFound(image_id=image_id)


def _matching(found: list[dict[str, Any]], query: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = {name: _alternatives(query[name]) for name in FILTERS if name in query}
    if paging.boolean(query, 'os_hidden'):
        return []
    return [image for image in found
            if all(image.get(name) in values for name, values in wanted.items())]


def _alternatives(value: str) -> list[str]:
    """``in:a,b`` means one of several; names with commas are quoted."""
    if not value.startswith(LIST_OPERATOR):
        return [value]
    return next(csv.reader([value[len(LIST_OPERATOR):]]), [])


def _page(found: list[dict[str, Any]], query: dict[str, Any]) -> list[dict[str, Any]]:
    """By id, behind the marker, no more than the limit. MarkerNotFound."""
    found = sorted(found, key=lambda image: image['id'])
    marker = query.get('marker')
    if marker is not None:
        ids = [image['id'] for image in found]
        if marker not in ids:
            raise exception.MarkerNotFound(marker=marker)
        found = found[ids.index(marker) + 1:]
    return found[:paging.limit(query)]
