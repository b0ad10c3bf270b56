# SPDX-License-Identifier: Apache-2.0
"""Migrations that wait for a conductor: who may work on which, and until when.

A migration in status ``accepted`` belongs to the conductor in ``owner`` until ``lease_until``. The
row is written before anything is sent, so what a broker or a dead process loses is found here: a
lease that has run out is anybody's. Whoever lost one finds no row to change. Leases are written
and judged by the database's clock; one that is NULL is nobody's, and one that ran out while
nothing could be heard has its whole period again, see servicegroup.py.
"""
import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.db import clock, liveness, models, moves, retry, rows, session
from nova_lite.migration import migration_states, task_states

T = models.table_of(models.Migration)
INSTANCES = models.table_of(models.Instance)


@retry.attempted
def accept(attempt: retry.Attempt, instance_uuid: str,
           values: rows.Row) -> tuple[rows.Row, rows.Row] | None:
    """In one transaction: the server's task_state from none to ``migrating``, and the row of its
    migration. Returns (server, migration); None when the server is busy or gone. A conductor that
    hears of it only from the database waits for its message for as long as a lease lasts.
    InstanceInvalidState when a migration of a server that is not busy is unfinished."""
    with moves.the_only_one(instance_uuid), session.writer() as s:
        living = rows.living(INSTANCES, uuid=instance_uuid)
        taken = rows.update(
            s, INSTANCES, {'task_state': task_states.MIGRATING, 'updated_at': attempt.stamp},
            *living, INSTANCES.c.task_state.is_(None))
        migration: rows.Row | None = None
        if taken:
            lease = {'lease_until': moment_in(s, service_conf.down_time(CONF))}
            migration = moves.be_born(s, {**values, **lease}, attempt.stamp)
        elif attempt.again:
            migration = rows.fetch_first(s, T, T.c.uuid == values['uuid'])
        return (rows.the_one(s, INSTANCES, *living), migration) if migration else None


@retry.retried
def take(migration_id: int, owner: str, seconds: float) -> rows.Row | None:
    """Make ``owner`` the one who works on it for so long, if nobody else does; None when somebody
    does, or when it is not ``accepted`` any more."""
    with session.writer() as s:
        taken = rows.update(
            s, T, {'owner': owner, 'lease_until': moment_in(s, seconds)},
            *_accepted(id=migration_id),
            sa.or_(T.c.owner.is_(None), T.c.owner == owner, has_run_out(s, T)))
        return rows.fetch_first(s, T, T.c.id == migration_id) if taken else None


@retry.retried
def record(migration_id: int, owner: str, values: rows.Row) -> rows.Row | None:
    """Write ``values`` where ``owner`` has the lease; None, and nothing written, where not."""
    with session.writer() as s:
        mine = _accepted(id=migration_id, owner=owner)
        if not rows.update(s, T, {'updated_at': rows.now(), **values}, *mine):
            return None
        return rows.fetch_first(s, T, T.c.id == migration_id)


@retry.retried
def renew(owner: str, migration_ids: list[int], seconds: float) -> None:
    """Extend the leases that ``owner`` still has."""
    with session.writer() as s:
        rows.update(s, T, {'lease_until': moment_in(s, seconds)}, *_accepted(owner=owner),
                    T.c.id.in_(migration_ids))


@retry.retried
def release(owner: str, only: list[int] | None = None) -> None:
    """Give up all leases of ``owner``, or ``only`` these: any conductor may go on at once."""
    with session.writer() as s:
        rows.update(s, T, {'lease_until': None}, *_accepted(owner=owner),
                    *([] if only is None else [T.c.id.in_(only)]))


@retry.retried
def run_out() -> list[rows.Row]:
    """Migrations whose lease has run out, oldest first."""
    with session.reader() as s:
        return rows.fetch_all(
            s, sa.select(T).where(*_accepted(), has_run_out(s, T)).order_by(T.c.id))


def _accepted(**columns: Any) -> list[Any]:
    return rows.living(T, status=migration_states.ACCEPTED, **columns)


def moment_in(s: Session, seconds: float) -> datetime.datetime:
    return clock.read(s) + datetime.timedelta(seconds=seconds)


def has_run_out(s: Session, t: sa.Table) -> sa.ColumnElement:
    """An owner that does not renew its lease is as silent as a service that is down."""
    as_of = liveness.hearing(s).as_of(service_conf.down_time(CONF))
    return sa.or_(t.c.lease_until.is_(None), t.c.lease_until < rows.moment(as_of))
