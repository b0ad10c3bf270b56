# SPDX-License-Identifier: Apache-2.0
"""Services and their heartbeats. Each row that is read says whether its service is ``up``."""
import datetime
from typing import Any

import sqlalchemy as sa
from oslo_utils import uuidutils
from sqlalchemy.orm import Session

from nova_lite.db import (
    clock,
    host_names,
    liveness,
    models,
    resources,
    retry,
    rows,
    session,
    sightings,
)

T = models.table_of(models.Service)


@retry.once_more_on_duplicate
@retry.retried
def register(host: str, binary: str, topic: str, version: int, identity: str | None = None,
             boot: str | None = None) -> rows.Row | None:
    """The row of that service, made when it is new; ``disabled`` outlives a restart. None when
    the name belongs to another identity than the one that is given."""
    fresh = {'topic': topic, 'version': version}
    with session.writer() as s:
        mine = rows.living(T, host=host, binary=binary)
        beat = [*((T.c[name], value) for name, value in fresh.items()), *liveness.heartbeat()]
        if not rows.update(s, T, beat, *mine, *host_names.owned(identity)):
            if identity is not None and rows.fetch_first(s, T, *mine):
                return None
            now = clock.read(s)
            rows.insert(s, T, {**fresh, 'host': host, 'binary': binary, 'report_count': 1,
                               'uuid': uuidutils.generate_uuid(),
                               'identity': identity, 'boot_id': boot,
                               'last_seen_up': now, 'seen_since': now})
        return _first(s, *mine)


@retry.retried
def report(service_id: int, clock_skew: float | None,
           identity: str | None = None) -> datetime.datetime | None:
    """A heartbeat: one row by its key, since a cloud makes hundreds a second. Returns its moment,
    None when the service was deleted, or its host's name was given to another identity."""
    with session.writer() as s:
        values = [(T.c.clock_skew, clock_skew), *liveness.heartbeat()]
        if not rows.update(s, T, values, *rows.living(T, id=service_id),
                           *host_names.owned(identity)):
            return None
        return clock.read(s)


@retry.retried
def get(**columns: Any) -> rows.Row | None:
    with session.reader() as s:
        return _first(s, *rows.living(T, **columns))


def _first(s: Session, *conditions: Any) -> rows.Row | None:
    row = rows.fetch_first(s, T, *conditions)
    return liveness.with_up([row], liveness.hearing(s))[0] if row else None


@retry.retried
def destroy(service_id: int) -> bool:
    """Mark the service deleted, and with a compute its node."""
    with session.writer() as s:
        row = rows.fetch_first(s, T, *rows.living(T, id=service_id))
        if row is None or not rows.soft_delete(s, T, *rows.living(T, id=service_id)):
            return False
        if row['binary'] == resources.COMPUTE:
            sightings.forget(s, host=row['host'])
            rows.soft_delete(s, resources.NODES, *rows.living(resources.NODES, host=row['host']))
        return True


@retry.retried
def by_filters(filters: dict[str, Any]) -> list[rows.Row]:
    statement = sa.select(T).where(*rows.living(T)).order_by(T.c.id)
    for name, wanted in filters.items():
        statement = statement.where(rows.equals(rows.column(T, name), wanted))
    with session.reader() as s:
        return liveness.with_up(rows.fetch_all(s, statement), liveness.hearing(s))


@retry.retried
def steady(seconds: float) -> bool:
    """See servicegroup.Hearing.steady()."""
    with session.reader() as s:
        return liveness.hearing(s).steady(seconds)


@retry.retried
def silent(host: str, binary: str, seconds: float) -> bool:
    """Has nothing been heard of that service for so long, was it forced down, or is it gone?"""
    with session.reader() as s:
        row = rows.fetch_first(s, T, *rows.living(T, host=host, binary=binary))
        if row is None or row['forced_down']:
            return True
        seen = liveness.last_seen(row)
        return seen is not None and seen < liveness.hearing(s).cutoff(seconds)
