# SPDX-License-Identifier: Apache-2.0
"""Servers: the compare-and-swap that gives one caller, and one only, the right to move one."""
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite.db import models, resources, retry, rows, session, sightings
from nova_lite.migration import migration_states, task_states

T = models.table_of(models.Instance)
MIGRATIONS = models.table_of(models.Migration)
STATES = {'vm_state', 'task_state'}
# what a pattern of a user's may take of the database, in s
PATTERN_SECONDS = 2.0
# what no word on the state takes back: the guest of one is half gone or not there yet, and either
# order stands in the database until it is done
LASTING_TASKS = (task_states.DELETING, task_states.SCHEDULING, task_states.SPAWNING)


@retry.attempted
def update_on_match(attempt: retry.Attempt, uuid: str, values: rows.Row,
                    expected: dict[str, Any]) -> tuple[rows.Row | None, rows.Row | None]:
    """One conditional UPDATE of a living server.

    ``expected``: as of rows.update_expected. Returns the row before and the row after; after is
    None when nothing was written, before is None too when the server is gone.
    """
    with session.writer() as s:
        before = None
        if STATES & set(values):
            # for the notification; the row is written by its own WHERE alone
            before = rows.fetch_first(s, T, *rows.living(T, uuid=uuid))
        written = rows.update_expected(s, T, {**values, 'updated_at': attempt.stamp}, expected,
                                       *rows.living(T, uuid=uuid))
        after = rows.fetch_first(s, T, *rows.living(T, uuid=uuid))
    if written or attempt.again and after and after['updated_at'] == attempt.stamp:
        return before or after, after
    return after, None


@retry.retried
def reset(uuid: str, vm_state: str) -> tuple[rows.Row | None, rows.Row | None, rows.Row | None]:
    """An operator's word on what the server is: whatever was ordered of it is void, unless it is
    of LASTING_TASKS. Returns the server before and after, and the unfinished migration that
    forbids it; when anything forbids it or the server is gone, nothing is written."""
    with session.writer() as s:
        # locked as for the birth of a migration, which comes wholly before or after this
        before = rows.fetch_first(s, T, *rows.living(T, uuid=uuid), lock=True)
        if before is None:
            return None, None, None
        moving = rows.fetch_first(s, MIGRATIONS, *rows.living(MIGRATIONS, instance_uuid=uuid),
                                  MIGRATIONS.c.status.in_(migration_states.UNFINISHED))
        if moving is not None or before['task_state'] in LASTING_TASKS:
            return before, None, moving
        rows.update(s, T, {'vm_state': vm_state, 'task_state': None, 'updated_at': rows.now(),
                           'generation': T.c.generation + 1}, *rows.living(T, uuid=uuid))
        return before, rows.fetch_first(s, T, *rows.living(T, uuid=uuid)), None


@retry.retried
def destroy(uuid: str) -> bool:
    """Mark the server deleted and give back what it and its migrations hold on any host."""
    with session.writer() as s:
        return mark_deleted(s, uuid)


def mark_deleted(s: Session, uuid: str) -> bool:
    if not rows.soft_delete(s, T, *rows.living(T, uuid=uuid)):
        return False
    migrations = sa.select(MIGRATIONS.c.uuid).where(MIGRATIONS.c.instance_uuid == uuid)
    resources.drop_claims(s, [uuid, *s.scalars(migrations)])
    sightings.forget(s, instance_uuid=uuid)
    return True


def by_filters(filters: dict[str, Any], keys: list[str] | None, directions: list[str] | None,
               limit: int | None, marker: str | None) -> list[rows.Row]:
    """Servers by column value(s), plus ``name`` (regular expression), ``changes-since``,
    ``changes-before`` (datetime) and ``deleted`` (False by default, True, or None for both).
    Invalid when the pattern is none, or takes the database too long."""
    filters = dict(filters)
    statement = sa.select(T)
    deleted = filters.pop('deleted', False)
    if deleted is not None:
        statement = statement.where(T.c.deleted != 0 if deleted else T.c.deleted == 0)
    statement = statement.where(*rows.changed_between(
        T, filters.pop('changes-since', None), filters.pop('changes-before', None)))
    if (pattern := filters.pop('name', None)) is not None:
        statement = statement.where(rows.matches(T.c.display_name, pattern)).execution_options(
            **{session.PATTERN_SECONDS: PATTERN_SECONDS})
    for name, wanted in filters.items():
        statement = statement.where(rows.equals(rows.column(T, name), wanted))
    return rows.page(statement, rows.Order(T, keys, directions), marker, limit,
                     among=rows.of_project(T, filters))
