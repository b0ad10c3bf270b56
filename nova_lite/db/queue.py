# SPDX-License-Identifier: Apache-2.0
"""The queue of migrations: who may start now, and what the others wait for.

It is the rows in status ``queued``, oldest first, so it outlives every process. A migration starts
when its source has an outbound and its destination an incoming place; one that waits for a
destination does not hold up those behind it that go elsewhere. Places are counted and taken in one
transaction, with the destinations' rows locked against other sources.
"""
import collections
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite.db import models, moves, retry, rows, session
from nova_lite.migration import migration_states

T = models.table_of(models.Migration)
NODES = models.table_of(models.ComputeNode)


@retry.attempted
def start_next(attempt: retry.Attempt, source: str, outbound_limit: int,
               only: int | None = None) -> list[rows.Row]:
    """Take the edge ``prepare`` for every queued migration of ``source`` that may start; returns
    their rows in order. ``outbound_limit`` 0: no limit. ``only``: for none but that one, which
    does not overtake those before it."""
    with session.writer() as s:
        # what the run before has started is ours to run
        mine = _started_at(s, source, attempt.stamp) if attempt.again else []
        return mine + _start_next(s, source, outbound_limit, attempt.stamp, only)


def _started_at(s: Session, source: str, stamp: Any) -> list[rows.Row]:
    return rows.fetch_all(s, sa.select(T).order_by(T.c.id).where(
        *rows.living(T, source_compute=source, status=migration_states.PREPARING),
        T.c.updated_at == stamp))


def _start_next(s: Session, source: str, outbound_limit: int, stamp: Any,
                only: int | None) -> list[rows.Row]:
    started = []
    waiting = _waiting(s, source)
    if not waiting:
        return []
    limits = _incoming_limits(s, {row['dest_compute'] for row in waiting})
    leaving, arriving = _moving(s, source, limits)
    position = 0
    for row in waiting:
        dest = row['dest_compute']
        reason = _obstacle(source, leaving, outbound_limit, dest, arriving[dest],
                           limits.get(dest, 0))
        if reason:
            position += 1
            _note(s, row, position, reason)
            continue
        if only not in (None, row['id']):
            leaving += 1        # its place is kept: somebody else is about to start it
            arriving[dest] += 1
            continue
        prepared = moves.take_edge(s, row, 'prepare', stamp)
        if prepared is not None:
            started.append(prepared)
            leaving += 1
            arriving[dest] += 1
    return started


@retry.retried
def sources_waiting_for(dest: str) -> list[str]:
    """Hosts with a queued migration to ``dest``."""
    with session.reader() as s:
        return list(s.scalars(sa.select(T.c.source_compute).distinct().where(
            *rows.living(T, dest_compute=dest, status=migration_states.QUEUED))))


def _waiting(s: Session, source: str) -> list[rows.Row]:
    return rows.fetch_all(s, sa.select(T).order_by(T.c.id).where(
        *rows.living(T, source_compute=source, status=migration_states.QUEUED)))


def _incoming_limits(s: Session, hosts: set[str]) -> dict[str, int]:
    """The limits of ``hosts``, whose rows stay locked until the transaction ends."""
    found = s.execute(sa.select(NODES.c.host, NODES.c.max_incoming_live_migrations)
                      .where(NODES.c.deleted == 0, NODES.c.host.in_(hosts))
                      .order_by(NODES.c.host).with_for_update())
    return {host: limit or 0 for host, limit in found}


def _moving(s: Session, source: str, dests: Any) -> tuple[int, collections.Counter]:
    """How many guests leave ``source``, and arrive at each of ``dests``, now."""
    moving = (*rows.living(T), T.c.status.in_(migration_states.BEGUN))
    leaving = s.scalar(sa.select(sa.func.count()).select_from(T).where(
        *moving, T.c.source_compute == source))
    arriving = s.execute(sa.select(T.c.dest_compute, sa.func.count()).where(
        *moving, T.c.dest_compute.in_(list(dests))).group_by(T.c.dest_compute))
    return leaving or 0, collections.Counter(dict(map(tuple, arriving)))


def _obstacle(source: str, leaving: int, outbound_limit: int, dest: str, arriving: int,
              incoming_limit: int) -> str | None:
    if outbound_limit and leaving >= outbound_limit:
        return (f'host {source} has {leaving} outgoing live migrations, '
                f'max_concurrent_live_migrations is {outbound_limit}')
    if incoming_limit and arriving >= incoming_limit:
        return (f'host {dest} has {arriving} incoming live migrations, '
                f'max_concurrent_incoming_live_migrations is {incoming_limit}')
    return None


def _note(s: Session, row: rows.Row, position: int, reason: str) -> None:
    """Write what a queued migration waits for, where that has changed."""
    wait = {'queue_position': position, 'queue_reason': reason}
    if any(row[name] != value for name, value in wait.items()):
        rows.update(s, T, wait, T.c.id == row['id'], T.c.status == migration_states.QUEUED)
