# SPDX-License-Identifier: Apache-2.0
"""What was asked of a server (an action), and the steps the services took for it (its events)."""
import datetime
from collections.abc import Sequence
from typing import Any, Self

from oslo_utils import timeutils

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects import base, fields


def _now() -> datetime.datetime:
    return timeutils.utcnow(with_timezone=True)


@base.NovaLiteObjectRegistry.register
class InstanceAction(base.PersistentObject):
    VERSION = '1.0'
    TABLE = 'instance_actions'
    fields = {
        'instance_uuid': fields.UUIDField(),
        'action': fields.StringField(nullable=True),
        'request_id': fields.StringField(nullable=True),
        'user_id': fields.StringField(nullable=True),
        'project_id': fields.StringField(nullable=True),
        'message': fields.StringField(nullable=True),
        'start_time': fields.DateTimeField(nullable=True),
        'finish_time': fields.DateTimeField(nullable=True),
    }

    @classmethod
    @base.remotable
    def action_start(cls, context: RequestContext, instance_uuid: str, action: str,
                     request_id: str | None = None) -> Self:
        """Open an action; the request is the context's where none is given."""
        return cls.from_row(context, base.db().insert(cls.TABLE, {
            'instance_uuid': instance_uuid, 'action': action,
            'request_id': request_id or context.request_id, 'user_id': context.user_id,
            'project_id': context.project_id, 'start_time': _now()}))

    @classmethod
    @base.remotable
    def action_finish(cls, context: RequestContext, instance_uuid: str,
                      request_id: str | None = None, message: str | None = None) -> None:
        """Close it; a ``message`` (cut at 255 characters) says that it failed.
        InstanceActionNotFound."""
        values: dict[str, Any] = {'finish_time': _now()}
        if message is not None:
            values['message'] = message[:255]
        request_id = request_id or context.request_id
        if not base.db().actions.finish(instance_uuid, request_id, values):
            raise exception.InstanceActionNotFound(request_id=request_id,
                                                   instance_uuid=instance_uuid)

    @classmethod
    @base.remotable
    def get_by_request_id(cls, context: RequestContext, instance_uuid: str,
                          request_id: str) -> Self:
        """InstanceActionNotFound."""
        row = base.db().get(cls.TABLE, instance_uuid=instance_uuid, request_id=request_id)
        if row is None:
            raise exception.InstanceActionNotFound(request_id=request_id,
                                                   instance_uuid=instance_uuid)
        return cls.from_row(context, row)


@base.NovaLiteObjectRegistry.register
class InstanceActionList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = InstanceAction
    fields = {'objects': fields.ListOfObjectsField('InstanceAction')}

    @classmethod
    @base.remotable
    def get_by_instance_uuid(cls, context: RequestContext, instance_uuid: str,
                             limit: int | None = None, marker: str | None = None,
                             changes_since: datetime.datetime | None = None,
                             changes_before: datetime.datetime | None = None) -> Self:
        """Newest first; the marker is a request id. MarkerNotFound."""
        return cls.from_rows(context, base.db().actions.by_instance(
            instance_uuid, changes_since, changes_before, limit, marker))


@base.NovaLiteObjectRegistry.register
class InstanceActionEvent(base.PersistentObject):
    VERSION = '1.0'
    TABLE = 'instance_actions_events'
    fields = {
        'event': fields.StringField(nullable=True),
        'result': fields.StringField(nullable=True),
        'traceback': fields.StringField(nullable=True),
        'host': fields.StringField(nullable=True),
        'details': fields.StringField(nullable=True),
        'action_id': fields.IntegerField(),
        'start_time': fields.DateTimeField(nullable=True),
        'finish_time': fields.DateTimeField(nullable=True),
    }

    @classmethod
    @base.remotable
    def event_start(cls, context: RequestContext, instance_uuid: str, event_name: str,
                    host: str | None = None) -> Self:
        """Open a step of the context's request or, where that is none of the server's actions,
        of the newest one. InstanceActionNotFound."""
        actions = base.db().actions
        [row] = actions.add_events([actions.NewEvent(instance_uuid, context.request_id, {
            'event': event_name, 'host': host, 'start_time': _now()})])
        if row is None:
            raise exception.InstanceActionNotFound(request_id=context.request_id,
                                                   instance_uuid=instance_uuid)
        return cls.from_row(context, row)

    @classmethod
    @base.remotable
    def event_finish(cls, context: RequestContext, instance_uuid: str, event_name: str,
                     host: str | None = None, result: str = 'Success',
                     details: str | None = None, traceback: str | None = None) -> Self:
        """Close it with ``Success`` or ``Error``; an error shows in the action's message too.
        InstanceActionNotFound when the action or the event is not there."""
        row = base.db().actions.finish_event(
            instance_uuid, context.request_id, event_name, host,
            {'finish_time': _now(), 'result': result, 'details': details,
             'traceback': traceback},
            'Error' if result == 'Error' else None)
        if row is None:
            raise exception.InstanceActionNotFound(
                f'Event {event_name} of host {host} on instance {instance_uuid} not found')
        return cls.from_row(context, row)


@base.NovaLiteObjectRegistry.register
class InstanceActionEventList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = InstanceActionEvent
    fields = {'objects': fields.ListOfObjectsField('InstanceActionEvent')}

    @classmethod
    @base.remotable
    def get_by_action(cls, context: RequestContext, action_id: int) -> Self:
        """Newest first."""
        return cls.from_rows(context, base.db().actions.events(action_id))

    @classmethod
    @base.remotable
    def write(cls, context: RequestContext, steps: list[dict[str, Any]]) -> None:
        """Write steps that are over and were never opened. Each: ``instance_uuid``,
        ``request_id``, ``event``, ``host``, ``began`` and ``ended`` (s ago), ``result``, and
        perhaps ``details`` and ``traceback``. Those of a server without any action are left out.
        """
        base.db().actions.add_events(new_events(steps))


def new_events(steps: Sequence[dict[str, Any]]) -> list[Any]:
    """What the database's side makes of such steps, now."""
    now, events = _now(), []
    for step in steps:
        values: dict[str, Any] = {name: step[name] for name in (
            'event', 'host', 'result', 'details', 'traceback') if name in step}
        values |= {'start_time': now - datetime.timedelta(seconds=step['began']),
                   'finish_time': now - datetime.timedelta(seconds=step['ended'])}
        events.append(base.db().actions.NewEvent(
            step['instance_uuid'], step['request_id'], values,
            'Error' if step['result'] == 'Error' else None))
    return events
