# SPDX-License-Identifier: Apache-2.0
"""Migrations: the one function that changes a status, along the table of edges and no other way.

The status, the server's row and the claims change in one transaction, so whoever reads sees a
migration before an edge or after it. Of two that want different edges one finds no row to change
and writes nothing at all.
"""
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite import exception
from nova_lite.compute import migration_states, receipt, task_states, vm_states
from nova_lite.db import liveness, models, resources, rows, session

T = models.Migration.__table__
INSTANCES = models.Instance.__table__
SERVICES = models.Service.__table__
# columns of the server that an edge may not be asked to write on the side
KEPT = frozenset(('id', 'uuid', 'created_at', 'updated_at', 'deleted_at', 'deleted', 'task_state',
                  'host', 'node'))


class Advanced(NamedTuple):
    """``migration`` after the edge; the server before and after, None when it is deleted or the
    edge leaves it as it is."""
    migration: rows.Row
    instance_before: rows.Row | None
    instance_after: rows.Row | None


def advance(migration_id: int, event: str, values: rows.Row,
            instance_values: rows.Row, owner: str | None = None,
            believed: Sequence[str] = migration_states.UNFINISHED) -> Advanced:
    """Take the edge ``event``; ``values`` are further columns of the migration.

    InvalidMigrationState when its status is not one of those ``believed`` that the edge starts
    from, or its lease is not ``owner``'s where one is given; MigrationNotFound.
    """
    edge = migration_states.TRANSITIONS.get(event)
    if edge is None:
        raise exception.Invalid(reason=f'unknown migration event {event!r}')
    if wrong := set(instance_values) & KEPT:
        raise exception.Invalid(reason=f'migration event {event!r} cannot write '
                                       f'{", ".join(sorted(wrong))} of the instance')
    stamp = rows.now()
    values = {**values, 'status': edge.to, 'updated_at': stamp}
    if edge.to in migration_states.FINAL:
        values['finished_at'] = stamp
    conditions = [T.c.status.in_([source for source in edge.sources if source in believed])]
    if owner is not None:
        conditions.append(T.c.owner == owner)
    attempts = 0

    @session.retried
    def attempt() -> Advanced:
        nonlocal attempts
        attempts += 1
        with session.writer() as s:
            # locked until the end, so that what is written is worked out from what is there
            migration = rows.fetch_first(s, T, *rows.living(T, id=migration_id), lock=True)
            if migration is None:
                raise exception.MigrationNotFound(migration_id=migration_id)
            written = {**values, 'started_at': migration['started_at'] or stamp,
                       # of the row: the caller's object may not know the last marks
                       'receipt': receipt.mark(values.get('receipt', migration['receipt']),
                                               edge.to)}
            if rows.update(s, T, written, *rows.living(T, id=migration_id), *conditions):
                migration |= written
                return Advanced(migration, *_change_instance(s, migration, edge.after,
                                                             instance_values, stamp))
            if attempts > 1 and (migration['status'], migration['updated_at']) == (edge.to, stamp):
                # the run whose connection was lost had been committed
                server = rows.fetch_first(
                    s, INSTANCES, *rows.living(INSTANCES, uuid=migration['instance_uuid']))
                return Advanced(migration, server, server)
            raise exception.InvalidMigrationState(
                migration_id=migration_id, instance_uuid=migration['instance_uuid'],
                state=migration['status'], method=event)

    return attempt()


def _change_instance(s: Session, migration: rows.Row, after: migration_states.After,
                     values: rows.Row, stamp: Any) -> tuple[rows.Row | None, rows.Row | None]:
    if after == migration_states.BUSY and not values:
        return None, None
    mine = rows.living(INSTANCES, uuid=migration['instance_uuid'])
    before = rows.fetch_first(s, INSTANCES, *mine)
    values = dict(values)
    if after.release:
        # a server that is being deleted meanwhile keeps that task_state
        values['task_state'] = sa.case(
            (INSTANCES.c.task_state == task_states.MIGRATING, sa.null()),
            else_=INSTANCES.c.task_state)
        values['progress'] = 0
    if after.moved:
        values |= {'host': migration['dest_compute'], 'node': migration['dest_node']}
    if after.error:
        values['vm_state'] = vm_states.ERROR
    if after.moved or after.error:
        values['generation'] = INSTANCES.c.generation + 1   # orders from before are void
    if values:
        rows.update(s, INSTANCES, {**values, 'updated_at': stamp}, *mine)
    if after.claims == 'move':
        resources.move_claim(s, migration)
    elif after.claims == 'drop':
        resources.drop_claims(s, [migration['uuid']])
    return before, rows.fetch_first(s, INSTANCES, *mine)


@session.retried
def forsaken(silence: float, **columns: Any) -> list[rows.Row]:
    """Migrations beyond ``accepted`` whose source's compute service is forced down, removed, or
    silent for so many seconds, and whose ``columns`` are these; oldest first."""
    with session.reader() as s:
        since = rows.moment(liveness.hearing(s).cutoff(silence))
        up = sa.select(SERVICES.c.id).where(
            *rows.living(SERVICES, binary=resources.COMPUTE), SERVICES.c.forced_down.is_(False),
            SERVICES.c.host == T.c.source_compute, SERVICES.c.last_seen_up >= since)
        return rows.fetch_all(s, sa.select(T).order_by(T.c.id).where(
            *rows.living(T, **columns), T.c.status.in_(migration_states.IN_PROGRESS),
            ~up.exists()))


def by_filters(filters: dict[str, Any], keys: list[str] | None, directions: list[str] | None,
               limit: int | None, marker: str | None) -> list[rows.Row]:
    """Migrations by column value(s), plus ``host`` (at either end), ``journal-has`` (the name of
    an entry), ``changes-since`` and ``changes-before`` (datetime)."""
    filters = dict(filters)
    statement = sa.select(T).where(*rows.living(T))
    statement = statement.where(*rows.changed_between(
        T, filters.pop('changes-since', None), filters.pop('changes-before', None)))
    if (host := filters.pop('host', None)) is not None:
        statement = statement.where(sa.or_(rows.equals(T.c.source_compute, host),
                                           rows.equals(T.c.dest_compute, host)))
    if (entry := filters.pop('journal-has', None)) is not None:
        statement = statement.where(sa.cast(T.c.journal, sa.Text).contains(f'"{entry}"'))
    for name, wanted in filters.items():
        statement = statement.where(rows.equals(rows.column(T, name), wanted))
    return rows.page(statement, rows.Order(T, keys, directions), marker, limit,
                     among=rows.of_project(T, filters))
