# SPDX-License-Identifier: Apache-2.0
"""What was asked of a server, the steps that followed, and what went wrong."""
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite.db import models, retry, rows, session

ACTIONS = models.table_of(models.InstanceAction)
EVENTS = models.table_of(models.InstanceActionEvent)
FAULTS = models.table_of(models.InstanceFault)


def _find(s: Session, instance_uuid: str, request_id: str | None) -> int | None:
    """The id of the action of that request.

    A compute that resumes a migration after a restart has a request id of its own; its steps
    belong to the server's newest action.
    """
    newest = sa.select(ACTIONS.c.id).where(ACTIONS.c.instance_uuid == instance_uuid).order_by(
        ACTIONS.c.id.desc()).limit(1)
    return s.scalar(newest.where(ACTIONS.c.request_id == request_id)) or s.scalar(newest)


class NewEvent(NamedTuple):
    """``values``: columns of the event; an ``action_message`` goes to the action."""
    instance_uuid: str
    request_id: str | None
    values: rows.Row
    action_message: str | None = None


@retry.attempted
def add_events(attempt: retry.Attempt, events: list[NewEvent]) -> list[rows.Row | None]:
    """Add events to their requests' actions, with an end where they are over already, in one
    transaction. None for one of a server that has no action at all."""
    stamped = [event._replace(values={'created_at': attempt.stamp, **event.values})
               for event in events]
    with session.writer() as s:
        return add(s, stamped, attempt.again)


def add(s: Session, events: Sequence[NewEvent], again: bool = False) -> list[rows.Row | None]:
    """The same within a transaction; ``again``: what is there already is left.

    The actions come first, in their order: an event that is inserted has its action locked for
    reading, and two transactions that then want to write it would stand in each other's way.
    """
    find = functools.cache(functools.partial(_find, s))
    owners = [find(event.instance_uuid, event.request_id) for event in events]
    for action_id in sorted(set(filter(None, owners))):
        messages = [event.action_message for event, owner in zip(events, owners, strict=True)
                    if owner == action_id and event.action_message is not None]
        _tell_action(s, action_id, messages[-1] if messages else None)
    return [_add(s, event, owner, again) if owner else None
            for event, owner in zip(events, owners, strict=True)]


def _add(s: Session, event: NewEvent, action_id: int, again: bool) -> rows.Row:
    mine = rows.fetch_first(
        s, EVENTS, EVENTS.c.action_id == action_id, EVENTS.c.event == event.values['event'],
        rows.equals(EVENTS.c.host, event.values.get('host')),
        EVENTS.c.created_at == event.values['created_at']) if again else None
    if mine is None:
        mine = rows.insert(s, EVENTS, {**event.values, 'action_id': action_id})
    return mine


@retry.retried
def finish(instance_uuid: str, request_id: str, values: rows.Row) -> bool:
    with session.writer() as s:
        return bool(rows.update(s, ACTIONS, {'updated_at': rows.now(), **values},
                                ACTIONS.c.instance_uuid == instance_uuid,
                                ACTIONS.c.request_id == request_id))


@retry.retried
def finish_event(instance_uuid: str, request_id: str | None, event: str, host: str | None,
                 values: rows.Row, action_message: str | None) -> rows.Row | None:
    """Close the newest open event of that name, of the action of that request; an
    ``action_message`` goes to the action. None when there is no such event."""
    values = {'updated_at': rows.now(), **values}
    with session.writer() as s:
        action_id = _find(s, instance_uuid, request_id)
        opened = rows.fetch_all(s, sa.select(EVENTS).where(
            EVENTS.c.action_id == action_id, EVENTS.c.event == event,
            rows.equals(EVENTS.c.host, host)).order_by(
            EVENTS.c.finish_time.is_(None).desc(), EVENTS.c.id.desc()).limit(1))
        if action_id is None or not opened:
            return None
        _tell_action(s, action_id, action_message)      # the action first, as above
        rows.update(s, EVENTS, values, EVENTS.c.id == opened[0]['id'])
        return {**opened[0], **values}


def _tell_action(s: Session, action_id: int, message: str | None) -> None:
    """Each event is a change of its action, so that ``changes-since`` finds it."""
    told = {} if message is None else {'message': message}
    rows.update(s, ACTIONS, {'updated_at': rows.now(), **told}, ACTIONS.c.id == action_id)


def by_instance(instance_uuid: str, since: Any, before: Any, limit: int | None,
                marker: str | None) -> list[rows.Row]:
    """Newest first; the marker is a request id."""
    statement = sa.select(ACTIONS).where(ACTIONS.c.instance_uuid == instance_uuid,
                                         *rows.changed_between(ACTIONS, since, before))
    return rows.page(statement, rows.Order(ACTIONS, None, None), marker, limit, 'request_id',
                     [ACTIONS.c.instance_uuid == instance_uuid])


@retry.retried
def events(action_id: int) -> list[rows.Row]:
    """Newest first, by when they began."""
    with session.reader() as s:
        return rows.fetch_all(s, sa.select(EVENTS).where(
            EVENTS.c.action_id == action_id).order_by(EVENTS.c.start_time.desc(),
                                                      EVENTS.c.id.desc()))


@retry.retried
def latest_faults(instance_uuids: list[str]) -> list[rows.Row]:
    newest = sa.select(sa.func.max(FAULTS.c.id)).where(
        FAULTS.c.instance_uuid.in_(instance_uuids), FAULTS.c.deleted == 0).group_by(
        FAULTS.c.instance_uuid)
    with session.reader() as s:
        return rows.fetch_all(s, sa.select(FAULTS).where(FAULTS.c.id.in_(newest)))
