# SPDX-License-Identifier: Apache-2.0
"""Migrations: the one function that changes a status, along the table of edges and no other way.

The status, the server's row and the claims change in one transaction, so whoever reads sees a
migration before an edge or after it. Of two that want different edges one finds no row to change
and writes nothing at all.
"""
import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy.orm import Session

from nova_lite import exception
from nova_lite.db import actions, liveness, models, resources, retry, rows, session
from nova_lite.migration import migration_states, task_states, timings, vm_states

T = models.table_of(models.Migration)
INSTANCES = models.table_of(models.Instance)
SERVICES = models.table_of(models.Service)
# columns of the server that an edge may not be asked to write on the side
KEPT = frozenset(('id', 'uuid', 'created_at', 'updated_at', 'deleted_at', 'deleted', 'task_state',
                  'host', 'node'))


class Advanced(NamedTuple):
    """``migration`` after the edge; the server before and after, None when it is deleted or the
    edge leaves it as it is."""
    migration: rows.Row
    instance_before: rows.Row | None
    instance_after: rows.Row | None


@retry.attempted
def advance(attempt: retry.Attempt, migration_id: int, event: str, values: rows.Row,
            instance_values: rows.Row, owner: str | None = None,
            believed: Sequence[str] = migration_states.UNFINISHED,
            events: Sequence[actions.NewEvent] = ()) -> Advanced:
    """Take the edge ``event``; ``values`` are further columns of the migration, ``events`` of the
    server's actions are written with it.

    InvalidMigrationState when its status is not one of those ``believed`` that the edge starts
    from, or its lease is not ``owner``'s where one is given; MigrationNotFound.
    """
    if event not in migration_states.EVENTS:
        raise exception.Invalid(reason=f'unknown migration event {event!r}')
    if wrong := set(instance_values) & KEPT:
        raise exception.Invalid(reason=f'migration event {event!r} cannot write '
                                       f'{", ".join(sorted(wrong))} of the instance')
    conditions = [T.c.status.in_(believed), *([] if owner is None else [T.c.owner == owner])]
    with session.writer() as s:
        # locked until the end, so that what is written is worked out from what is there
        migration = rows.fetch_first(s, T, *rows.living(T, id=migration_id), lock=True)
        if migration is None:
            raise exception.MigrationNotFound(migration_id=migration_id)
        edge = migration_states.transition(migration['migration_type'], event)
        after = take_edge(s, migration, event, attempt.stamp, values, *conditions)
        if after is not None:
            actions.add(s, events)
            return Advanced(after, *_change_instance(s, after, edge.after, instance_values,
                                                     attempt.stamp))
        now = migration['status'], migration['updated_at']
        if attempt.again and now == (edge.to, attempt.stamp):
            server = rows.fetch_first(
                s, INSTANCES, *rows.living(INSTANCES, uuid=migration['instance_uuid']))
            return Advanced(migration, server, server)
        raise exception.InvalidMigrationState(
            migration_id=migration_id, instance_uuid=migration['instance_uuid'],
            state=migration['status'], method=event)


def take_edge(s: Session, migration: rows.Row, event: str, stamp: Any,
              values: rows.Row | None = None, *conditions: Any) -> rows.Row | None:
    """The one UPDATE of a status, within a transaction; the rest of what the edge stands for is
    its caller's to write in the same one. ``migration`` is the row as that transaction read it.
    Returns the row after it; None when the edge does not start from the row's status now, or it
    does not fulfil ``conditions``."""
    edge = migration_states.transition(migration['migration_type'], event)
    written = {**(values or {}), **_reached(edge.to, migration, stamp), 'updated_at': stamp,
               'started_at': migration['started_at'] or stamp}
    if edge.to in migration_states.FINAL:
        written |= {'finished_at': stamp, 'moving_instance_uuid': None}
    done = rows.update(s, T, written, *rows.living(T, id=migration['id']),
                       T.c.status.in_([source for source in edge.sources if source]), *conditions)
    return {**migration, **written} if done else None


def _reached(status: str, migration: rows.Row, stamp: Any) -> rows.Row:
    return {'status': status, 'timings': timings.mark(migration.get('timings'), status, stamp)}


def be_born(s: Session, values: rows.Row, stamp: Any) -> rows.Row:
    """Insert a migration in the status that ``accept`` ends in, within a transaction."""
    first = migration_states.transition(values['migration_type'], 'accept').to
    return rows.insert(s, T, {**values, **_reached(first, {}, stamp), 'created_at': stamp,
                              'moving_instance_uuid': values.get('instance_uuid')})


@contextlib.contextmanager
def the_only_one(instance_uuid: str | None) -> Iterator[None]:
    """Around a transaction with a birth: InstanceInvalidState when a migration of the server is
    unfinished, whatever the server's own row says."""
    try:
        yield
    except db_exc.DBDuplicateEntry:
        with session.reader() as s:
            other = rows.fetch_first(s, T, T.c.moving_instance_uuid == instance_uuid)
        if other is None:
            raise
        raise exception.InstanceInvalidState(
            instance_uuid=instance_uuid, attr=f'migration {other["uuid"]}, which is',
            state=other['status'], method='migrate') from None


@retry.attempted
def create(attempt: retry.Attempt, values: rows.Row) -> rows.Row:
    """Insert one whose server is busy with it already. InstanceInvalidState."""
    with the_only_one(values.get('instance_uuid')), session.writer() as s:
        return (attempt.again and rows.fetch_first(s, T, T.c.uuid == values['uuid'])
                or be_born(s, values, attempt.stamp))


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


@retry.retried
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
    """Migrations by column value(s), plus ``host`` (at either end), ``changes-since``
    and ``changes-before`` (datetime)."""
    filters = dict(filters)
    statement = sa.select(T).where(*rows.living(T))
    statement = statement.where(*rows.changed_between(
        T, filters.pop('changes-since', None), filters.pop('changes-before', None)))
    if (host := filters.pop('host', None)) is not None:
        statement = statement.where(sa.or_(rows.equals(T.c.source_compute, host),
                                           rows.equals(T.c.dest_compute, host)))
    for name, wanted in filters.items():
        statement = statement.where(rows.equals(rows.column(T, name), wanted))
    return rows.page(statement, rows.Order(T, keys, directions), marker, limit,
                     among=rows.of_project(T, filters))
