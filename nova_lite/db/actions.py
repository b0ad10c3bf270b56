# SPDX-License-Identifier: Apache-2.0
"""What was asked of a server, the steps that followed, and what went wrong."""
from typing import Any

import sqlalchemy as sa

from nova_lite.db import models, rows, session

ACTIONS = models.InstanceAction.__table__
EVENTS = models.InstanceActionEvent.__table__
FAULTS = models.InstanceFault.__table__


@session.retried
def find(instance_uuid: str, request_id: str | None) -> rows.Row | None:
    """The action of that request.

    A compute that resumes a migration after a restart has a request id of its own; its steps
    belong to the server's newest action.
    """
    newest = sa.select(ACTIONS).where(ACTIONS.c.instance_uuid == instance_uuid).order_by(
        ACTIONS.c.id.desc()).limit(1)
    with session.reader() as s:
        found = (rows.fetch_all(s, newest.where(ACTIONS.c.request_id == request_id))
                 or rows.fetch_all(s, newest))
    return found[0] if found else None


@session.retried
def finish(instance_uuid: str, request_id: str, values: rows.Row) -> bool:
    with session.writer() as s:
        return bool(rows.update(s, ACTIONS, {'updated_at': rows.now(), **values},
                                ACTIONS.c.instance_uuid == instance_uuid,
                                ACTIONS.c.request_id == request_id))


@session.retried
def finish_event(action_id: int, event: str, host: str | None, values: rows.Row,
                 action_message: str | None) -> rows.Row | None:
    """Close the newest open event of that name; an ``action_message`` goes to the action."""
    stamp = rows.now()
    with session.writer() as s:
        opened = rows.fetch_all(s, sa.select(EVENTS).where(
            EVENTS.c.action_id == action_id, EVENTS.c.event == event,
            rows.equals(EVENTS.c.host, host)).order_by(
            EVENTS.c.finish_time.is_(None).desc(), EVENTS.c.id.desc()).limit(1))
        if not opened:
            return None
        rows.update(s, EVENTS, {'updated_at': stamp, **values}, EVENTS.c.id == opened[0]['id'])
        if action_message is not None:
            rows.update(s, ACTIONS, {'updated_at': stamp, 'message': action_message},
                        ACTIONS.c.id == action_id)
        return rows.fetch_first(s, EVENTS, EVENTS.c.id == opened[0]['id'])


def by_instance(instance_uuid: str, since: Any, before: Any, limit: int | None,
                marker: str | None) -> list[rows.Row]:
    """Newest first; the marker is a request id."""
    statement = sa.select(ACTIONS).where(ACTIONS.c.instance_uuid == instance_uuid,
                                         *rows.changed_between(ACTIONS, since, before))
    return rows.page(statement, rows.Order(ACTIONS, None, None), marker, limit, 'request_id')


@session.retried
def events(action_id: int) -> list[rows.Row]:
    """Newest first."""
    with session.reader() as s:
        return rows.fetch_all(s, sa.select(EVENTS).where(
            EVENTS.c.action_id == action_id).order_by(EVENTS.c.id.desc()))


@session.retried
def latest_faults(instance_uuids: list[str]) -> list[rows.Row]:
    newest = sa.select(sa.func.max(FAULTS.c.id)).where(
        FAULTS.c.instance_uuid.in_(instance_uuids), FAULTS.c.deleted == 0).group_by(
        FAULTS.c.instance_uuid)
    with session.reader() as s:
        return rows.fetch_all(s, sa.select(FAULTS).where(FAULTS.c.id.in_(newest)))
