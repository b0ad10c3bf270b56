# SPDX-License-Identifier: Apache-2.0
"""/servers: the things that migrate. Creating one stands in ``server_create``."""
from typing import Any

from nova_lite.api import paging, server_list, wsgi
from nova_lite.api.views import servers as views
from nova_lite.compute import api as compute_api
from nova_lite.objects import Instance
from nova_lite.policies import servers as policies


def index(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    servers = server_list.find(request, query, policies.INDEX_ALL_PROJECTS)
    return {'servers': [views.basic(request, server) for server in servers],
            **paging.next_links(request, 'servers_links', paging.limit(query), servers, 'uuid')}


def detail(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    servers = server_list.find(request, query, policies.DETAIL_ALL_PROJECTS)
    scene = views.set_scene(request, servers)
    return {'servers': [views.detail(scene, server) for server in servers],
            **paging.next_links(request, 'servers_links', paging.limit(query), servers, 'uuid')}


def show(request: wsgi.Request, instance: Instance) -> dict[str, Any]:
    scene = views.set_scene(request, [instance])
    return {'server': views.detail(scene, instance, show=True)}


def update(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> dict[str, Any]:
    """Change name or description. Nothing of it touches the guest, so the lock does not count."""
    wanted = body['server']
    server_list.refuse_addresses(wanted)
    instance.rewrite(lambda: {column: wanted[name] for name, column in (
        ('name', 'display_name'), ('description', 'display_description')) if name in wanted})
    scene = views.set_scene(request, [instance])
    return {'server': views.detail(scene, instance, update=True)}


def delete(request: wsgi.Request, instance: Instance) -> None:
    """End the server, in the middle of a migration too."""
    compute_api.API().delete(request.context, instance)
