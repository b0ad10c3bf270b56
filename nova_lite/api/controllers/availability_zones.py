# SPDX-License-Identifier: Apache-2.0
"""/os-availability-zone: all hosts are in one zone."""
from typing import Any

from nova_lite import objects
from nova_lite.api import wsgi
from nova_lite.api.views import availability_zones as views
from nova_lite.api.views import services as service_views
from nova_lite.conf import CONF


def index(request: wsgi.Request) -> dict[str, Any]:
    return {'availabilityZoneInfo': [
        views.zone(CONF.default_availability_zone, _has_enabled_host(_services(request)), None)]}


def detail(request: wsgi.Request) -> dict[str, Any]:
    services = _services(request)
    own = CONF.default_availability_zone
    zones = [views.zone('internal', True, views.hosts(services, 'internal')),
             views.zone(own, _has_enabled_host(services), views.hosts(services, own))]
    return {'availabilityZoneInfo': zones}


def _services(request: wsgi.Request) -> list[Any]:
    return list(objects.ServiceList.get_by_filters(request.context))


def _has_enabled_host(services: list[Any]) -> bool:
    return any(service.binary == service_views.COMPUTE and not service.disabled
               for service in services)
