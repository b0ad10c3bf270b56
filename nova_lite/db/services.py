# SPDX-License-Identifier: Apache-2.0
"""Services and their heartbeats; whether one is up, the reader of ``last_seen_up`` decides."""
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from oslo_utils import uuidutils

from nova_lite.db import models, resources, rows, session

T = models.Service.__table__


def register(host: str, binary: str, topic: str, version: int) -> rows.Row:
    """The row of that service, made when it is new; ``disabled`` outlives a restart."""
    @session.retried
    def attempt() -> rows.Row:
        stamp = rows.now()
        fresh = {'topic': topic, 'version': version, 'last_seen_up': stamp}
        with session.writer() as s:
            mine = rows.living(T, host=host, binary=binary)
            if not rows.update(s, T, {**fresh, 'report_count': T.c.report_count + 1,
                                      'updated_at': stamp}, *mine):
                rows.insert(s, T, {**fresh, 'host': host, 'binary': binary, 'report_count': 1,
                                   'uuid': uuidutils.generate_uuid()})
            return rows.fetch_first(s, T, *mine)

    try:
        return attempt()
    except db_exc.DBDuplicateEntry:
        return attempt()    # started twice at the same moment: now there is a row


@session.retried
def report(service_id: int) -> bool:
    """A heartbeat: one statement, since a cloud makes hundreds a second. False when the service
    was deleted."""
    stamp = rows.now()
    with session.writer() as s:
        return bool(rows.update(s, T, {
            'report_count': T.c.report_count + 1, 'last_seen_up': stamp, 'updated_at': stamp,
        }, *rows.living(T, id=service_id)))


@session.retried
def destroy(service_id: int) -> bool:
    """Mark the service deleted, and with a compute its node."""
    with session.writer() as s:
        row = rows.fetch_first(s, T, *rows.living(T, id=service_id))
        if row is None or not rows.soft_delete(s, T, *rows.living(T, id=service_id)):
            return False
        if row['binary'] == resources.COMPUTE:
            rows.soft_delete(s, resources.NODES, *rows.living(resources.NODES, host=row['host']))
        return True


@session.retried
def by_filters(filters: dict[str, Any]) -> list[rows.Row]:
    statement = sa.select(T).where(*rows.living(T)).order_by(T.c.id)
    for name, wanted in filters.items():
        statement = statement.where(rows.equals(rows.column(T, name), wanted))
    with session.reader() as s:
        return rows.fetch_all(s, statement)
