# SPDX-License-Identifier: Apache-2.0
"""The availability zones: one for the hosts, and for administrators that of the other services."""
from typing import Any

from nova_lite.api import paging
from nova_lite.api.views import services as service_views
from nova_lite.objects import Service


def zone(name: str, available: bool, hosts: dict[str, Any] | None) -> dict[str, Any]:
    return {'zoneName': name, 'zoneState': {'available': available}, 'hosts': hosts}


def hosts(services: list[Service], zone_name: str) -> dict[str, Any]:
    """The services of a zone by host and binary."""
    found: dict[str, Any] = {}
    for service in services:
        if service_views.zone(service) == zone_name:
            found.setdefault(service.host, {})[service.binary] = {
                'available': service.up,
                'active': not service.disabled,
                'updated_at': paging.with_microseconds(
                    service.last_seen_up or service.updated_at)}
    return found
