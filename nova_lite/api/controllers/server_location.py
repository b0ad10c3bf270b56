# SPDX-License-Identifier: Apache-2.0
"""/servers/{id}/location: what each host has of a server's guest, and the place taken over."""
from typing import Any

from nova_lite.api import wsgi
from nova_lite.compute import server_location
from nova_lite.objects import Instance


def show(request: wsgi.Request, instance: Instance) -> dict[str, Any]:
    return _view(instance, server_location.locate(request.context, instance), [])


def accept(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> dict[str, Any]:
    """Take the place that is proved; 409 with the reasons where it is not."""
    found, remarks = server_location.accept(request.context, instance, body['location']['host'])
    return _view(instance, found, remarks)


def _view(instance: Instance, found: server_location.Location,
          remarks: list[str]) -> dict[str, Any]:
    return {'location': {
        'record': {'host': instance.host, 'node': instance.node, 'vm_state': instance.vm_state,
                   'task_state': instance.task_state, 'generation': instance.generation},
        'hosts': [{'host': host, 'guest': found.answers[host], 'service': state}
                  for host, state in sorted(found.services.items())],
        'place': found.place, 'reasons': found.reasons, 'remarks': remarks}}
