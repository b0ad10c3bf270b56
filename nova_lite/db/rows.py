# SPDX-License-Identifier: Apache-2.0
"""Rows as plain dicts, inside a transaction that the caller holds, and pages of them."""
import datetime
import typing
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_utils import timeutils
from sqlalchemy.orm import Session

from nova_lite import exception, patterns
from nova_lite.db import columns, models, retry, session

Row = dict[str, Any]


def now() -> datetime.datetime:
    return timeutils.utcnow(with_timezone=True)


def table(name: str) -> sa.Table:
    return models.TABLES[name]


def fetch_all(s: Session, statement: sa.Select) -> list[Row]:
    return [dict(row) for row in s.execute(statement).mappings()]


def fetch_first(s: Session, t: sa.Table, *conditions: Any, lock: bool = False) -> Row | None:
    """With ``lock`` nobody else changes the row before the transaction ends."""
    statement = sa.select(t).where(*conditions).limit(1)
    row = s.execute(statement.with_for_update() if lock else statement).mappings().first()
    return None if row is None else dict(row)


def the_one(s: Session, t: sa.Table, *conditions: Any) -> Row:
    """The row, which is there: this transaction has met it already."""
    row = fetch_first(s, t, *conditions)
    if row is None:
        raise RuntimeError(f'a row of {t.name} is gone within its transaction')
    return row


def column(t: sa.Table, name: str) -> sa.Column:
    """Invalid when the table has no such column."""
    if name not in t.c:
        raise exception.Invalid(reason=f'unknown filter {name!r}')
    return t.c[name]


def living(t: sa.Table, **columns: Any) -> list[Any]:
    """Conditions: the row is not deleted and each column equals its value."""
    return [t.c.deleted == 0, *(t.c[name] == value for name, value in columns.items())]


def insert(s: Session, t: sa.Table, values: Row) -> Row:
    """Insert and return the row with what the table filled in. All that is filled in is known
    here, so nothing is read; ``values`` are plain values, no SQL."""
    done = typing.cast(sa.CursorResult[Any], s.execute(
        sa.insert(t).values({'created_at': now(), **values})))
    written: Any = done.last_inserted_params()
    key: Any = done.inserted_primary_key
    return {**{column.name: written.get(column.name) for column in t.c},
            'id': key[0]}


def update(s: Session, t: sa.Table, values: Row | list[tuple[sa.Column, Any]],
           *conditions: Any) -> int:
    """Update and return how many rows matched, whether or not a value changed. A list is written
    in its order, which MariaDB makes a difference of."""
    statement = sa.update(t).where(*conditions)
    statement = (statement.ordered_values(*values) if isinstance(values, list)
                 else statement.values(values))
    return matched(s, statement)


def matched(s: Session, statement: sa.Update | sa.Delete) -> int:
    """Execute it, and say how many rows it met."""
    return typing.cast(sa.CursorResult[Any], s.execute(statement)).rowcount


def update_expected(s: Session, t: sa.Table, values: Row, expected: Row,
                    *conditions: Any) -> int:
    """Update where each column still is as ``expected``: a value, None, or a list of values."""
    documents = {name for name in expected if isinstance(t.c[name].type, columns.Document)}
    if documents:       # not every database compares them
        row = fetch_first(s, t, *conditions, lock=True)
        if row is None or any(row[name] != expected[name] for name in documents):
            return 0
    return update(s, t, values, *conditions, *(
        equals(t.c[name], wanted) for name, wanted in expected.items() if name not in documents))


def soft_delete(s: Session, t: sa.Table, *conditions: Any) -> int:
    return update(s, t, {'deleted': t.c.id, 'deleted_at': now()}, *conditions)


def changed_between(t: sa.Table, since: Any, before: Any) -> list[sa.ColumnElement]:
    """Conditions on the last change, a deletion too. Bounds: None, datetime, or text from the
    wire."""
    last = sa.func.coalesce(t.c.deleted_at, t.c.updated_at, t.c.created_at)
    conditions = []
    if since is not None:
        conditions.append(last >= moment(since))
    if before is not None:
        conditions.append(last <= moment(before))
    return conditions


def moment(value: Any) -> sa.ColumnElement:
    """A datetime, or its text from the wire, to be compared with a column."""
    if isinstance(value, str):
        value = timeutils.parse_isotime(value)
    return sa.literal(value, columns.UtcDateTime)


def matches(column: sa.ColumnElement, pattern: str) -> sa.ColumnElement:
    """The regular expression is found somewhere in the column. Invalid for a broken one, or one
    whose time has no bound."""
    patterns.compiled(pattern)
    return column.regexp_match(pattern)


def equals(column: sa.ColumnElement, wanted: Any) -> sa.ColumnElement:
    """The column is ``wanted``, or one of it when that is a list; None stands for NULL."""
    if not isinstance(wanted, (list, tuple, set, frozenset)):
        return column.is_(None) if wanted is None else column == wanted
    values = [value for value in wanted if value is not None]
    found = column.in_(values)
    return sa.or_(found, column.is_(None)) if len(values) < len(wanted) else found


def of_project(t: sa.Table, filters: dict[str, Any]) -> list[sa.ColumnElement]:
    """The condition on the project that ``filters`` hold, if they do."""
    return [equals(t.c.project_id, filters['project_id'])] if 'project_id' in filters else []


class Order:
    """An order of rows that is the same on all databases (NULL is the least) and has no ties."""

    def __init__(self, t: sa.Table, keys: Sequence[str] | None,
                 directions: Sequence[str] | None) -> None:
        self.keys = list(keys or ('created_at', 'id'))
        directions = list(directions or ())
        directions += [directions[-1] if directions else 'desc'] * len(self.keys)
        for key, direction in zip(self.keys, directions, strict=False):
            if key not in t.c:
                raise exception.Invalid(reason=f'cannot sort by {key!r}')
            if direction not in ('asc', 'desc'):
                raise exception.Invalid(reason=f'sort direction {direction!r}: use asc or desc')
        if 'id' not in self.keys:
            directions.insert(len(self.keys), directions[len(self.keys) - 1])
            self.keys.append('id')
        self.table = t
        self.descending = [direction == 'desc' for direction in directions[:len(self.keys)]]

    def apply(self, statement: sa.Select, marker: Row | None, limit: int | None) -> sa.Select:
        """Sort, start behind the row ``marker``, end after ``limit`` rows."""
        for key, descending in zip(self.keys, self.descending, strict=True):
            column = self.table.c[key]
            terms = [column.is_not(None), column] if column.nullable else [column]
            statement = statement.order_by(
                *(term.desc() if descending else term.asc() for term in terms))
        if marker is not None:
            statement = statement.where(self._behind(marker))
        return statement if limit is None else statement.limit(limit)

    def _behind(self, marker: Row) -> sa.ColumnElement:
        """(k1 behind) or (k1 equal and k2 behind) or ..., with NULL as the least value."""
        equal: list[Any] = []
        behind: list[Any] = []
        for key, descending in zip(self.keys, self.descending, strict=True):
            column: sa.ColumnElement[Any] = self.table.c[key]
            value = marker[key]
            if isinstance(value, columns.Unreadable):       # compared as it stands there
                there = self.table.alias()
                value = sa.select(there.c[key]).where(there.c.id == marker['id']).scalar_subquery()
            if isinstance(column.type, sa.Boolean):
                column, value = sa.cast(column, sa.Integer), value if value is None else int(value)
            if descending:
                later = sa.false() if value is None else sa.or_(column < value, column.is_(None))
            else:
                later = column.is_not(None) if value is None else column > value
            behind.append(sa.and_(*equal, later))
            equal.append(column.is_(None) if value is None else column == value)
        return sa.or_(*behind)


@retry.retried
def page(statement: sa.Select, order: Order, marker: Any, limit: int | None,
         marker_column: str = 'uuid', among: Sequence[Any] = ()) -> list[Row]:
    """One page of ``statement``. MarkerNotFound when no row, deleted or not, has the marker, or
    it is not ``among`` (conditions) those that the asker may know of."""
    with session.reader() as s:
        marker_row = None
        if marker is not None:
            marker_row = fetch_first(s, order.table, order.table.c[marker_column] == marker,
                                     *among)
            if marker_row is None:
                raise exception.MarkerNotFound(marker=marker)
        return fetch_all(s, order.apply(statement, marker_row, limit))
