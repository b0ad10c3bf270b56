# SPDX-License-Identifier: Apache-2.0
"""/servers/{id}/os-instance-actions: the actions on a server, each with its steps."""
from typing import Any

from nova_lite import objects
from nova_lite.api import paging, wsgi
from nova_lite.api.views import instance_actions as views
from nova_lite.objects import Instance
from nova_lite.policies import instance_actions as policies

PAGED_SINCE = 58
EVENTS_FOR_ALL_SINCE = 51


def index(request: wsgi.Request, instance: Instance, query: dict[str, Any]) -> dict[str, Any]:
    paged = request.minor >= PAGED_SINCE
    size = paging.limit(query) if paged else None
    changes = paging.changes(query)
    found = list(objects.InstanceActionList.get_by_instance_uuid(
        request.context, instance.uuid, limit=size, marker=query.get('marker'),
        changes_since=changes.get('changes-since'),
        changes_before=changes.get('changes-before')))
    answer = {'instanceActions': [views.action(request, action) for action in found]}
    if paged:
        answer |= paging.next_links(request, 'links', size, found, 'request_id')
    return answer


def show(request: wsgi.Request, instance: Instance, request_id: str) -> dict[str, Any]:
    """The events show to everybody from 2.51; host and stack trace to administrators."""
    ctxt, target = request.context, {'project_id': instance.project_id}
    action = objects.InstanceAction.get_by_request_id(ctxt, instance.uuid, request_id)
    shown = views.action(request, action)
    sight = views.Sight(ctxt.can(policies.EVENTS, target, fatal=False),
                        ctxt.can(policies.EVENTS_DETAILS, target, fatal=False))
    if request.minor >= EVENTS_FOR_ALL_SINCE or sight.hosts_and_traces:
        events = objects.InstanceActionEventList.get_by_action(ctxt, action.id)
        shown['events'] = [views.event(request, event, instance, sight) for event in events]
    return {'instanceAction': shown}
