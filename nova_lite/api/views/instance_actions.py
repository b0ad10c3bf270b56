# SPDX-License-Identifier: Apache-2.0
"""What was done to a server, and the steps it took: the story of a migration for its user."""
import hashlib
from typing import Any, NamedTuple

from nova_lite.api import paging, wsgi
from nova_lite.api.views.server_migrations import OWN
from nova_lite.objects import Instance, InstanceAction, InstanceActionEvent

UPDATED_AT_SINCE = 58
HOST_ID_SINCE = 62


class Sight(NamedTuple):
    """What the caller may see of the events."""
    hosts_and_traces: bool
    details: bool


def action(request: wsgi.Request, found: InstanceAction) -> dict[str, Any]:
    shown = {'action': found.action, 'instance_uuid': found.instance_uuid,
             'request_id': found.request_id, 'user_id': found.user_id or '',
             'project_id': found.project_id or '',
             'start_time': paging.with_microseconds(found.start_time), 'message': found.message}
    if request.minor >= UPDATED_AT_SINCE:
        shown['updated_at'] = paging.with_microseconds(found.updated_at or found.start_time)
    return shown


def event(request: wsgi.Request, found: InstanceActionEvent, instance: Instance,
          sight: Sight) -> dict[str, Any]:
    """``details`` (why a step failed) is Nova's only from 2.84: our clients get it as our own."""
    shown = {'event': found.event, 'start_time': paging.with_microseconds(found.start_time),
             'finish_time': paging.with_microseconds(found.finish_time), 'result': found.result}
    if sight.hosts_and_traces:
        shown['traceback'] = found.traceback
    if request.minor >= HOST_ID_SINCE:
        shown['hostId'] = _host_id(instance, found.host)
        if sight.hosts_and_traces:
            shown['host'] = found.host
    if request.extended and sight.details:
        shown[OWN + 'details'] = found.details
    return shown


def _host_id(instance: Instance, host: str | None) -> str:
    """The same as the hostId of a server on that host."""
    if not host:
        return ''
    return hashlib.sha224(f'{instance.project_id}{host}'.encode()).hexdigest()
