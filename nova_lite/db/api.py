# SPDX-License-Identifier: Apache-2.0
"""The verbs of the database; each is one transaction and returns rows as dicts.

Here are the plain ones, by table name. Those with a rule of their own (a compare-and-swap, an edge
of the migration's states, a claim) stand in the module of their subject, reached from here.
"""
from typing import Any

from oslo_db import exception as db_exc

from nova_lite.db import (
    actions,
    flavors,
    host_names,
    instances,
    leases,
    moves,
    orders,
    queue,
    resources,
    retry,
    rows,
    schema,
    services,
    session,
    sightings,
)

__all__ = ['actions', 'flavors', 'host_names', 'instances', 'leases', 'moves', 'orders', 'queue',
           'resources', 'services', 'sightings', 'check', 'get', 'insert', 'update_on_match',
           'soft_delete', 'DuplicateEntry']

DuplicateEntry = db_exc.DBDuplicateEntry


def check() -> None:
    """ConfigInvalid when the database is not one with the tables that this release needs. Every
    process that uses it asks when it starts."""
    schema.check()


def disconnect() -> None:
    """Close all connections; the next use opens its own, as a process does that was forked."""
    session.dispose()


@retry.retried
def get(table: str, read_deleted: bool = False, **columns: Any) -> rows.Row | None:
    """The newest row whose columns have these values, or None."""
    t = rows.table(table)
    conditions = rows.living(t, **columns)[1 if read_deleted else 0:]
    with session.reader() as s:
        found = rows.fetch_all(
            s, rows.sa.select(t).where(*conditions).order_by(t.c.id.desc()).limit(1))
    return found[0] if found else None


@retry.attempted
def insert(attempt: retry.Attempt, table: str, values: rows.Row) -> rows.Row:
    """Insert and return the row. DuplicateEntry when a unique key is taken."""
    t = rows.table(table)
    values = {'created_at': attempt.stamp, **values}
    with session.writer() as s:
        if attempt.again:
            mine = rows.fetch_first(s, t, t.c.created_at == values['created_at'], *(
                t.c[name] == value for name, value in values.items()
                if isinstance(value, (str, int))))
            if mine is not None:
                return mine
        return rows.insert(s, t, values)


@retry.attempted
def update_on_match(attempt: retry.Attempt, table: str, row_id: int, values: rows.Row,
                    expected: rows.Row) -> rows.Row | None:
    """Change a living row whose columns are as ``expected`` (see rows.update_expected) and return
    it; None, and nothing is written, when there is no such row. There is no other update."""
    t = rows.table(table)
    with session.writer() as s:
        mine = rows.living(t, id=row_id)
        written = rows.update_expected(s, t, {**values, 'updated_at': attempt.stamp}, expected,
                                       *mine)
        row = rows.fetch_first(s, t, *mine)
    if written or attempt.again and row and row['updated_at'] == attempt.stamp:
        return row
    return None


@retry.retried
def soft_delete(table: str, row_id: int) -> bool:
    """Mark a living row as deleted; False when there is none."""
    t = rows.table(table)
    with session.writer() as s:
        return bool(rows.soft_delete(s, t, *rows.living(t, id=row_id)))
