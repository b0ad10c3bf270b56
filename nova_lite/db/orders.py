# SPDX-License-Identifier: Apache-2.0
"""What is to be done to servers besides moving them: a row a server, written with its task_state.

The row and the task_state are written in one transaction, before anything is sent, and go in one
transaction when it is done. A row whose server has another task_state, or another generation
(unless it is a deletion), is void: the next order replaces it.

A conductor's orders (find a host, delete what has none) have a lease as migrations do, see
leases.py; the others are those of the host that the server is on. A host without a compute service
in the list is none: nobody would ever carry out a deletion there, so it is a conductor's.
"""
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.db import instances, leases, models, resources, retry, rows, session
from nova_lite.migration import task_states

T = models.table_of(models.Order)
INSTANCES = models.table_of(models.Instance)
SERVICES = models.table_of(models.Service)
MIGRATIONS = models.table_of(models.Migration)
DELETING, SCHEDULING = task_states.DELETING, task_states.SCHEDULING


class Change(NamedTuple):
    """The server before and after, and its order; ``after`` is None when nothing was written,
    ``before`` too when the server is gone."""
    before: rows.Row | None
    after: rows.Row | None
    order: rows.Row | None = None


# -- giving ------------------------------------------------------------------------------------
@retry.attempted
def create(attempt: retry.Attempt, server: rows.Row, order: rows.Row) -> Change:
    """A new server and the order to build it."""
    with session.writer() as s:
        made = attempt.again and rows.fetch_first(s, INSTANCES, INSTANCES.c.uuid == server['uuid'])
        if made:
            return Change(made, made, _of(s, server['uuid']))
        made = rows.insert(s, INSTANCES, server)
        return Change(made, made, _replace(s, made, order))


@retry.attempted
def give(attempt: retry.Attempt, uuid: str, order: rows.Row, expected: dict[str, Any]) -> Change:
    """Order something of a server whose columns are as ``expected``. A deletion that is ordered
    already stays the one."""
    with session.writer() as s:
        mine = rows.living(INSTANCES, uuid=uuid)
        before = rows.fetch_first(s, INSTANCES, *mine, lock=True)
        if before is None:
            return Change(None, None)
        there = _of(s, uuid)
        if there and (attempt.again and there['created_at'] == attempt.stamp
                      or _counts(there, before) and there['task_state'] == DELETING):
            return Change(before, before, there)
        if not rows.update(
                s, INSTANCES, {'task_state': order['task_state'], 'updated_at': attempt.stamp},
                *mine,
                *(rows.equals(INSTANCES.c[name], value) for name, value in expected.items())):
            return Change(before, None)
        given = _replace(s, before, {**order, 'created_at': attempt.stamp})
        return Change(before, rows.fetch_first(s, INSTANCES, *mine), given)


def withdraw(order: rows.Row, values: rows.Row, destroy: bool = False) -> bool:
    """Take an order back that nobody has begun; the server gets ``values``, or is removed."""
    untouched = [T.c.begun_at.is_(None), T.c.owner.is_(None)]
    return _end(order, values, untouched, [], destroy, drop_claims=False).after is not None


# -- the end -----------------------------------------------------------------------------------
def finish(order: rows.Row, values: rows.Row, *, host: str | None = None,
           owner: str | None = None, destroy: bool = False, drop_claims: bool = False) -> Change:
    """The order is over: the server gets ``values`` and is free. With ``destroy`` it is marked
    deleted, and what it holds is given back. ``host``: only while it is on that host; ``owner``:
    only with that one's lease. Nothing is written when the order does not count any more."""
    return _end(order, values, [] if owner is None else [T.c.owner == owner],
                [] if host is None else [INSTANCES.c.host == host], destroy, drop_claims)


@retry.attempted
def _end(attempt: retry.Attempt, order: rows.Row, values: rows.Row, of_order: list[Any],
         of_server: list[Any], destroy: bool, drop_claims: bool) -> Change:
    stamp, uuid = attempt.stamp, order['instance_uuid']
    this = [T.c.id == order['id'], T.c.task_state == order['task_state'], *of_order]
    with session.writer() as s:
        before = rows.fetch_first(s, INSTANCES, INSTANCES.c.uuid == uuid, lock=True)
        if before and attempt.again and before['updated_at'] == stamp:
            return Change(before, before)
        if before is None or before['deleted']:
            return Change(None, None)
        if not rows.update(s, INSTANCES, {**values, 'task_state': None, 'updated_at': stamp},
                           *rows.living(INSTANCES, uuid=uuid), *_binding(order), *of_server,
                           sa.select(T.c.id).where(*this).exists()):
            return Change(before, None)
        s.execute(sa.delete(T).where(*this))
        if destroy:
            instances.mark_deleted(s, uuid)
        elif drop_claims:
            resources.drop_claims(s, [uuid])
        return Change(before, rows.fetch_first(s, INSTANCES, INSTANCES.c.uuid == uuid))


# -- a host's ----------------------------------------------------------------------------------
@retry.retried
def begin(uuid: str, host: str) -> tuple[rows.Row, rows.Row] | None:
    """(order, server) of what that host is to do with the server; None when it is nothing."""
    with session.writer() as s:
        found = s.execute(_of_host(host).where(INSTANCES.c.uuid == uuid)).first()
        if found is None:
            return None
        rows.update(s, T, {'begun_at': sa.func.coalesce(T.c.begun_at, rows.moment(rows.now()))},
                    T.c.id == found.id)
        return (rows.the_one(s, T, T.c.id == found.id),
                rows.the_one(s, INSTANCES, INSTANCES.c.uuid == uuid))


@retry.retried
def of_host(host: str) -> list[str]:
    """The servers with which that host is to do something, the oldest order first."""
    with session.reader() as s:
        return [row.uuid for row in s.execute(_of_host(host).order_by(T.c.id))]


# -- a conductor's -----------------------------------------------------------------------------
@retry.retried
def take(order_id: int, owner: str, seconds: float) -> tuple[rows.Row, rows.Row] | None:
    """Make ``owner`` the one who works on it; None when it counts no more, is a host's, or
    another has it. Returns (order as it was before, server)."""
    with session.writer() as s:
        before = rows.fetch_first(s, T, T.c.id == order_id, lock=True)
        if before is None:
            return None
        server = s.execute(_conductors().where(T.c.id == order_id)).first()
        if server is None:
            return None
        taken = rows.update(
            s, T, {'owner': owner, 'lease_until': leases.moment_in(s, seconds)},
            T.c.id == order_id,
            sa.or_(T.c.owner.is_(None), T.c.owner == owner, leases.has_run_out(s, T)))
        if not taken:
            return None
        return before, rows.the_one(s, INSTANCES, INSTANCES.c.uuid == server.uuid)


@retry.attempted
def hand_over(attempt: retry.Attempt, order: rows.Row, owner: str, host: str,
              node: str) -> Change:
    """The host of a new server is found: from here the order is that host's. Claims on other
    hosts are given back."""
    stamp, uuid = attempt.stamp, order['instance_uuid']
    to = {'task_state': task_states.SPAWNING, 'updated_at': stamp}
    with session.writer() as s:
        before = rows.fetch_first(s, INSTANCES, *rows.living(INSTANCES, uuid=uuid), lock=True)
        if before is None or attempt.again and before['updated_at'] == stamp:
            return Change(before, before)
        mine = [T.c.id == order['id'], T.c.task_state == SCHEDULING, T.c.owner == owner]
        if not rows.update(s, INSTANCES, {**to, 'host': host, 'node': node},
                           *rows.living(INSTANCES, uuid=uuid, task_state=SCHEDULING),
                           sa.select(T.c.id).where(*mine).exists()):
            return Change(before, None)
        rows.update(s, T, {**to, 'owner': None, 'lease_until': None}, *mine)
        resources.drop_claims(s, [uuid], but=host)
        return Change(before, rows.fetch_first(s, INSTANCES, INSTANCES.c.uuid == uuid))


@retry.retried
def renew(owner: str, order_ids: list[int], seconds: float) -> None:
    with session.writer() as s:
        rows.update(s, T, {'lease_until': leases.moment_in(s, seconds)}, T.c.owner == owner,
                    T.c.id.in_(order_ids))


@retry.retried
def release(owner: str) -> None:
    """Give up all leases of ``owner``: another conductor may go on at once."""
    with session.writer() as s:
        rows.update(s, T, {'lease_until': None}, T.c.owner == owner)


@retry.retried
def run_out() -> list[rows.Row]:
    """Orders that wait for a conductor and have none, oldest first."""
    with session.reader() as s:
        return rows.fetch_all(s, sa.select(T).where(T.c.id.in_(
            _conductors().with_only_columns(T.c.id)), leases.has_run_out(s, T)).order_by(T.c.id))


# -- shared ------------------------------------------------------------------------------------
def _of(s: Session, uuid: str) -> rows.Row | None:
    return rows.fetch_first(s, T, T.c.instance_uuid == uuid)


def _replace(s: Session, server: rows.Row, order: rows.Row) -> rows.Row:
    """Conductors that hear of theirs only from the database wait for the message that long."""
    if order['task_state'] in (SCHEDULING, DELETING):
        order = {**order, 'lease_until': leases.moment_in(s, service_conf.down_time(CONF))}
    s.execute(sa.delete(T).where(T.c.instance_uuid == server['uuid']))
    return rows.insert(s, T, {**order, 'instance_uuid': server['uuid'],
                              'generation': server['generation']})


def _counts(order: rows.Row, server: rows.Row) -> bool:
    return (order['task_state'] == server['task_state']
            and (order['task_state'] == DELETING or order['generation'] == server['generation']))


def _binding(order: rows.Row) -> list[sa.ColumnElement]:
    """Conditions on the server: the order counts."""
    same = [INSTANCES.c.task_state == order['task_state']]
    if order['task_state'] != DELETING:
        same.append(INSTANCES.c.generation == order['generation'])
    return same


def _counting() -> sa.Select:
    """Orders that count, with their servers."""
    return sa.select(T.c.id, INSTANCES.c.uuid).join_from(
        T, INSTANCES, T.c.instance_uuid == INSTANCES.c.uuid).where(
        INSTANCES.c.deleted == 0, INSTANCES.c.task_state == T.c.task_state,
        sa.or_(T.c.task_state == DELETING, INSTANCES.c.generation == T.c.generation))


def _of_host(host: str) -> sa.Select:
    return _counting().where(INSTANCES.c.host == host, T.c.task_state != SCHEDULING)


def _conductors() -> sa.Select:
    return _counting().where(sa.or_(
        T.c.task_state == SCHEDULING,
        sa.and_(T.c.task_state == DELETING, sa.or_(INSTANCES.c.host.is_(None), _nobodys()))))


def _nobodys() -> sa.ColumnElement:
    """Conditions on the server: its host has no compute, and no move of it is left to be ended at
    its other end."""
    compute = sa.select(SERVICES.c.id).where(
        SERVICES.c.host == INSTANCES.c.host, *rows.living(SERVICES, binary=resources.COMPUTE))
    move = sa.select(MIGRATIONS.c.id).where(
        MIGRATIONS.c.moving_instance_uuid == INSTANCES.c.uuid)
    return sa.and_(~compute.exists(), ~move.exists())
