# SPDX-License-Identifier: Apache-2.0
"""/os-hypervisors: the hosts, for who wants to choose one to migrate to."""
from collections.abc import Callable, Iterable
from typing import Any

import oslo_messaging as messaging
import webob.exc
from oslo_utils import uuidutils

from nova_lite import exception, objects
from nova_lite.api import paging, wsgi
from nova_lite.api.views import hypervisors as views
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.objects import ComputeNode

COMPUTE = 'nova-compute'
PAGED_SINCE = 33


def index(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    return _list(request, query, views.basic)


def detail(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    return _list(request, query, views.detail)


def show(request: wsgi.Request, hypervisor_id: str, query: dict[str, Any]) -> dict[str, Any]:
    host = _by_id(request, hypervisor_id, paging.boolean(query, 'with_servers'))
    return {'hypervisor': views.detail(request, host)}


def uptime(request: wsgi.Request, hypervisor_id: str) -> dict[str, Any]:
    """Asked of the host: 400 while it is down, 501 where its hypervisor does not tell."""
    host = _by_id(request, hypervisor_id)
    away = exception.ComputeServiceUnavailable(host=host.node.host)
    if not host.service.up:
        raise away
    try:
        said = ComputeAPI().get_host_uptime(request.context, host=host.node.host)
    except messaging.MessagingTimeout as error:
        raise away from error
    return {'hypervisor': {**views.basic(request, host), 'uptime': said}}


def statistics(request: wsgi.Request) -> dict[str, Any]:
    nodes = list(objects.ComputeNodeList.get_all(request.context))
    return {'hypervisor_statistics': views.statistics(
        [host.node for host in _hosts(request, nodes)])}


# -- below 2.53: found by a part of the name in the path --------------------------------------
def search(request: wsgi.Request, pattern: str) -> dict[str, Any]:
    return {'hypervisors': [views.basic(request, host)
                            for host in _matching(request, pattern, with_servers=False)]}


def servers(request: wsgi.Request, pattern: str) -> dict[str, Any]:
    return {'hypervisors': [views.basic(request, host)
                            for host in _matching(request, pattern, with_servers=True)]}


def _matching(request: wsgi.Request, pattern: str, with_servers: bool) -> list[views.Host]:
    nodes = list(objects.ComputeNodeList.get_by_filters(
        request.context, {'hypervisor_hostname_pattern': pattern}))
    if not nodes:
        raise webob.exc.HTTPNotFound(f'No hypervisor matching {pattern!r} could be found')
    return _hosts(request, nodes, with_servers)


# -- shared -----------------------------------------------------------------------------------
def _list(request: wsgi.Request, query: dict[str, Any], view: Callable) -> dict[str, Any]:
    filters, pattern = {}, query.get('hypervisor_hostname_pattern')
    if pattern is not None:
        if 'limit' in query or 'marker' in query:
            raise exception.ValidationError(
                detail='A search by hypervisor_hostname_pattern does not come in pages')
        filters['hypervisor_hostname_pattern'] = pattern
    paged = request.minor >= PAGED_SINCE and pattern is None
    size = paging.limit(query) if paged else None
    nodes = list(objects.ComputeNodeList.get_by_filters(
        request.context, filters, limit=size, marker=_marker(request, query)))
    if pattern is not None and not nodes:
        raise webob.exc.HTTPNotFound(f'No hypervisor matching {pattern!r} could be found')
    found = _hosts(request, nodes, paging.boolean(query, 'with_servers'))
    answer = {'hypervisors': [view(request, host) for host in found]}
    if paged:
        attribute = 'uuid' if request.minor >= views.UUID_SINCE else 'id'
        answer |= paging.next_links(request, 'hypervisors_links', size, nodes, attribute)
    return answer


def _hosts(request: wsgi.Request, nodes: Iterable[ComputeNode],
           with_servers: bool = False) -> list[views.Host]:
    """The nodes with their service; one whose service was deleted is left out."""
    ctxt = request.context
    services = {service.host: service
                for service in objects.ServiceList.get_by_filters(ctxt, binary=COMPUTE)}
    return [views.Host(node, services[node.host],
                       list(objects.InstanceList.get_by_host(ctxt, node.host))
                       if with_servers else None)
            for node in nodes if node.host in services]


def _marker(request: wsgi.Request, query: dict[str, Any]) -> str | None:
    """The node's uuid for the marker of the query, which is a number below 2.53."""
    marker = query.get('marker')
    if marker is None or request.minor >= views.UUID_SINCE:
        return marker
    number = paging.number(marker)
    try:
        return objects.ComputeNode.get_by_id(request.context, number or 0).uuid
    except exception.ComputeHostNotFound as error:
        raise exception.MarkerNotFound(marker=marker) from error


def _by_id(request: wsgi.Request, hypervisor_id: str, with_servers: bool = False) -> views.Host:
    """404 for an unknown one, and where its service was deleted."""
    node = _node(request, hypervisor_id)
    found = _hosts(request, [node], with_servers)
    if not found:
        raise webob.exc.HTTPNotFound(f'The nova-compute of hypervisor {node.host} is gone')
    return found[0]


def _node(request: wsgi.Request, hypervisor_id: str) -> ComputeNode:
    """404 for an unknown one; 400 from 2.53 for what is no uuid."""
    try:
        if request.minor >= views.UUID_SINCE:
            if not uuidutils.is_uuid_like(hypervisor_id):
                raise exception.ValidationError(detail=f'Invalid uuid {hypervisor_id}')
            return objects.ComputeNode.get_by_uuid(request.context, hypervisor_id)
        return objects.ComputeNode.get_by_id(request.context, paging.number(hypervisor_id) or 0)
    except exception.ComputeHostNotFound as error:
        # elsewhere the host is an argument and its lack a 400; here it is the resource
        raise webob.exc.HTTPNotFound(
            f'Hypervisor with ID {hypervisor_id!r} could not be found') from error
