# SPDX-License-Identifier: Apache-2.0
"""A service process: whether it is up, and whether its host may be given work."""
from typing import Any

from nova_lite.api import paging, wsgi
from nova_lite.conf import CONF
from nova_lite.objects import Service

FORCED_DOWN_SINCE = 11
UUID_SINCE = 53
COMPUTE = 'nova-compute'


def show(request: wsgi.Request, service: Service) -> dict[str, Any]:
    shown: dict[str, Any] = {
        'binary': service.binary, 'host': service.host, 'zone': zone(service),
        'id': service.uuid if request.minor >= UUID_SINCE else service.id,
        'status': 'disabled' if service.disabled else 'enabled',
        'state': 'up' if service.up else 'down',
        'updated_at': paging.with_microseconds(
            service.last_seen_up or service.updated_at or service.created_at),
        'disabled_reason': service.disabled_reason}
    if request.minor >= FORCED_DOWN_SINCE:
        shown['forced_down'] = bool(service.forced_down)
    if request.extended:
        shown['clock_skew'] = (None if service.clock_skew is None
                               else round(service.clock_skew, 3))
    return shown


def zone(service: Service) -> str:
    return CONF.default_availability_zone if service.binary == COMPUTE else 'internal'
