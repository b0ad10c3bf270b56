# SPDX-License-Identifier: Apache-2.0
"""/os-services: which processes live, and which hosts may be migrated to."""
from typing import Any

from oslo_utils import strutils, uuidutils

from nova_lite import exception, objects
from nova_lite.api import paging, wsgi
from nova_lite.api.views import services as views
from nova_lite.migration import migration_states
from nova_lite.objects import Service


def index(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    services = objects.ServiceList.get_by_filters(
        request.context, host=query.get('host'), binary=query.get('binary'))
    return {'services': [views.show(request, service) for service in services]}


# -- below 2.53: by host and binary -----------------------------------------------------------
def enable(request: wsgi.Request, body: dict[str, Any]) -> dict[str, Any]:
    _change(_named(request, body), disabled=False, disabled_reason=None)
    return _said(body, status='enabled')


def disable(request: wsgi.Request, body: dict[str, Any]) -> dict[str, Any]:
    _change(_named(request, body), disabled=True, disabled_reason=None)
    return _said(body, status='disabled')


def disable_log_reason(request: wsgi.Request, body: dict[str, Any]) -> dict[str, Any]:
    reason = body['disabled_reason']
    _change(_named(request, body), disabled=True, disabled_reason=reason)
    return _said(body, status='disabled', disabled_reason=reason)


def force_down(request: wsgi.Request, body: dict[str, Any]) -> dict[str, Any]:
    down = strutils.bool_from_string(body['forced_down'], strict=True)
    _change(_named(request, body), forced_down=down)
    return _said(body, forced_down=down)


def _named(request: wsgi.Request, body: dict[str, Any]) -> Service:
    return objects.Service.get_by_host_and_binary(request.context, body['host'], body['binary'])


def _said(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {'service': {'host': body['host'], 'binary': body['binary'], **more}}


# -- from 2.53: by uuid -----------------------------------------------------------------------
def update(request: wsgi.Request, service_id: str, body: dict[str, Any]) -> dict[str, Any]:
    if not body:
        raise exception.ValidationError(detail='Nothing to change: give status or forced_down')
    if 'disabled_reason' in body and body.get('status') != 'disabled':
        raise exception.ValidationError(detail='disabled_reason goes with status "disabled" only')
    service = _by_id(request, service_id)
    if service.binary != views.COMPUTE:
        raise exception.ValidationError(
            detail=f'A {service.binary} cannot be changed: only {views.COMPUTE} can')
    changes: dict[str, Any] = {}
    if 'status' in body:
        changes |= {'disabled': body['status'] == 'disabled',
                    'disabled_reason': body.get('disabled_reason')}
    if 'forced_down' in body:
        changes['forced_down'] = strutils.bool_from_string(body['forced_down'], strict=True)
    _change(service, **changes)
    return {'service': views.show(request, service)}


def delete(request: wsgi.Request, service_id: str) -> None:
    """Forget a service. That of a host with servers or with migrations stays (409)."""
    service = _by_id(request, service_id)
    if service.binary == views.COMPUTE:
        ctxt = request.context.elevated()
        if objects.InstanceList.get_by_filters(ctxt, {'host': service.host}, limit=1):
            raise exception.Conflict(reason=f'there are servers on host {service.host}')
        if objects.MigrationList.get_by_filters(
                ctxt, {'host': service.host, 'status': migration_states.UNFINISHED}, limit=1):
            raise exception.Conflict(
                reason=f'there are migrations in progress from or to host {service.host}')
    service.destroy()


def _by_id(request: wsgi.Request, service_id: str) -> Service:
    """The service of the URL: a number below 2.53, then a UUID."""
    if request.minor >= views.UUID_SINCE:
        if not uuidutils.is_uuid_like(service_id):
            raise exception.ValidationError(detail=f'Invalid uuid {service_id}')
        return objects.Service.get_by_uuid(request.context, service_id)
    number = paging.number(service_id)
    if number is None:
        raise exception.ServiceNotFound(service_id=service_id)
    return objects.Service.get_by_id(request.context, number)


def _change(service: Service, **values: Any) -> None:
    service.rewrite(lambda: values)
