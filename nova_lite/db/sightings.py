# SPDX-License-Identifier: Apache-2.0
"""Guests that a host has on though the record of their server names another host.

A host's rows are its own: each report of it says all, and what it does not name any more goes. A
server that is busy, or on its way by a migration, is not judged yet. Nor is one whose guest may
have moved since the host looked: what is said must have been seen while the record was as it is,
so whoever looks names the ``generation`` that he knew before, and every move makes a new one.
"""
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite.db import models, resources, retry, rows, session
from nova_lite.migration import migration_states, vm_states

T = models.table_of(models.GuestSighting)
INSTANCES = models.table_of(models.Instance)
MIGRATIONS = models.table_of(models.Migration)


class Found(NamedTuple):
    """``new``: (server before, server after) for each sighting that was not known; ``unsettled``:
    of what nothing can be said yet, as uuid: generation."""
    new: list[tuple[rows.Row, rows.Row]]
    unsettled: dict[str, int]


@retry.retried
def report(host: str, seen: dict[str, str], known: dict[str, int]) -> Found:
    """``seen``: all guests that ``host`` has on, by uuid, with the word for what they are;
    ``known``: what was unsettled before it looked."""
    with session.writer() as s:
        found, strays = _judge(s, host, seen, known)
        gone = sa.delete(T).where(T.c.host == host)
        if kept := [*strays, *found.unsettled]:
            gone = gone.where(T.c.instance_uuid.not_in(kept))
        s.execute(gone)
        return found


@retry.retried
def add(host: str, uuid: str, state: str, generation: int) -> Found:
    """The guest was found on ``host`` by another one that asked it. ``generation``: the server's,
    before it asked."""
    with session.writer() as s:
        return _judge(s, host, {uuid: state}, {uuid: generation})[0]


def _judge(s: Session, host: str, seen: dict[str, str],
           known: dict[str, int]) -> tuple[Found, list[str]]:
    servers = rows.fetch_all(s, sa.select(INSTANCES).where(
        INSTANCES.c.uuid.in_(seen), *rows.living(INSTANCES))) if seen else []
    servers = [server for server in servers if server['host'] != host]
    moving = _moving(s, [server['uuid'] for server in servers])
    found, strays = Found([], {}), []
    for server in servers:
        uuid, generation = server['uuid'], server['generation']
        if (server['task_state'] is not None or uuid in moving
                or known.get(uuid) != generation):
            found.unsettled[uuid] = generation
            continue
        strays.append(uuid)
        if _write(s, host, uuid, seen[uuid]):
            found.new.append((server, _mark(s, server)))
    return found, strays


def _moving(s: Session, uuids: list[str]) -> set[str]:
    if not uuids:
        return set()
    return set(s.scalars(sa.select(MIGRATIONS.c.instance_uuid).where(
        *rows.living(MIGRATIONS), MIGRATIONS.c.instance_uuid.in_(uuids),
        MIGRATIONS.c.status.in_(migration_states.UNFINISHED))))


def _write(s: Session, host: str, uuid: str, state: str) -> bool:
    """Is it new?"""
    mine = [T.c.instance_uuid == uuid, T.c.host == host]
    if rows.update(s, T, {'state': state, 'updated_at': rows.now()}, *mine):
        return False
    rows.insert(s, T, {'instance_uuid': uuid, 'host': host, 'state': state})
    return True


def _mark(s: Session, server: rows.Row) -> rows.Row:
    """An operator must look: the server is in error, unless it has become busy since."""
    as_it_was = rows.living(INSTANCES, uuid=server['uuid'], generation=server['generation'])
    rows.update(s, INSTANCES, {'vm_state': vm_states.ERROR, 'updated_at': rows.now()},
                *as_it_was, INSTANCES.c.task_state.is_(None))
    return rows.fetch_first(s, INSTANCES, INSTANCES.c.uuid == server['uuid']) or server


@retry.retried
def by_instances(uuids: list[str]) -> list[rows.Row]:
    """Oldest first."""
    with session.reader() as s:
        return rows.fetch_all(s, sa.select(T).where(T.c.instance_uuid.in_(uuids)).order_by(T.c.id))


def forget(s: Session, **columns: Any) -> None:
    """Drop the sightings of a server (``instance_uuid``) or by a host (``host``)."""
    s.execute(sa.delete(T).where(*(T.c[name] == value for name, value in columns.items())))


@retry.retried
def take_place(uuid: str, generation: int, values: rows.Row) -> tuple[rows.Row | None, ...]:
    """Let the server live at the ``host`` and ``node`` in ``values``, with its claims, where it
    is proved to be. Returns the row before and after; after is None, and nothing is written, when
    the server is of another generation, busy or on its way."""
    with session.writer() as s:
        before = rows.fetch_first(s, INSTANCES, *rows.living(INSTANCES, uuid=uuid), lock=True)
        if (before is None or before['generation'] != generation
                or before['task_state'] is not None or _moving(s, [uuid])):
            return before, None
        rows.update(s, INSTANCES, {**values, 'generation': generation + 1,
                                   'updated_at': rows.now()}, *rows.living(INSTANCES, uuid=uuid))
        # what a migration in doubt still holds goes: it is known now where the guest is
        resources.drop_claims(s, list(s.scalars(sa.select(MIGRATIONS.c.uuid).where(
            MIGRATIONS.c.instance_uuid == uuid))))
        resources.move_claim(s, {'uuid': '', 'instance_uuid': uuid,
                                 'dest_compute': values['host']})
        forget(s, instance_uuid=uuid)
        return before, rows.fetch_first(s, INSTANCES, *rows.living(INSTANCES, uuid=uuid))
