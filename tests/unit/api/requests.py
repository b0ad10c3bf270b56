# SPDX-License-Identifier: Apache-2.0
"""A good request for each row of the table of routes."""
from typing import Any

from nova_lite.api import routing
from nova_lite.api.controllers import (
    flavors,
    server_create,
    server_location,
    server_metadata,
    server_migrations,
    servers,
    services,
)
from tests.unit.api.conftest import IMAGE_ID

TARGET = {'host': 'host1', 'binary': 'nova-compute'}
BODIES: dict[Any, Any] = {
    server_create.create: {'server': {'name': 'n', 'imageRef': IMAGE_ID, 'flavorRef': '1',
                                      'networks': 'none'}},
    servers.update: {'server': {'name': 'another'}},
    server_metadata.create: {'metadata': {'a': 'b'}},
    server_metadata.update_all: {'metadata': {'key': 'b'}},
    server_metadata.update: {'meta': {'key': 'b'}},
    services.enable: TARGET, services.disable: TARGET,
    services.disable_log_reason: {**TARGET, 'disabled_reason': 'why'},
    services.force_down: {**TARGET, 'forced_down': False},
    services.update: {'status': 'enabled'},
    server_location.accept: {'location': {'host': 'host1'}},
    server_migrations.update: {'migration': {'deadline_s': 60}},
    flavors.create: {'flavor': {'name': 'f', 'ram': 1, 'vcpus': 1, 'disk': 0}},
}
ACTIONS: dict[str, Any] = {
    'os-migrateLive': {'host': None, 'block_migration': False}, 'os-start': None, 'os-stop': None,
    'pause': None, 'unpause': None, 'suspend': None, 'resume': None, 'reboot': {'type': 'HARD'},
    'lock': None, 'unlock': None, 'os-resetState': {'state': 'active'}, 'force_complete': None,
}


def good_request(route: routing.Route, minor: int | None = None,
                 **params: Any) -> tuple[str, str, Any, str]:
    """Method, path, body and microversion: ``minor``, or the last at which the route serves."""
    minor = minor or min(route.until, 80)
    body = {route.action: ACTIONS[route.action]} if route.action else BODIES.get(route.handler)
    version = f'2.{minor}'
    if minor < 25 and route.action == 'os-migrateLive':
        body = {route.action: {**ACTIONS[route.action], 'disk_over_commit': False}}
    if minor < 37 and route.handler is server_create.create:
        body = {'server': {name: value for name, value in body['server'].items()
                           if name != 'networks'}}
    if route.root == routing.IMAGE:
        params = {**params, 'image_id': IMAGE_ID}
    path = (route.root + route.path).format(**params)
    return route.method, path, body, version


def extra_headers(route: routing.Route) -> dict[str, str]:
    """What a client must send besides, for a route that Nova has not."""
    return {'X_Nova_Lite_Extensions': '1'} if route.own else {}
