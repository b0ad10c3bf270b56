# SPDX-License-Identifier: Apache-2.0
"""The database's clock: the one by which heartbeats and leases are written and judged.

The clocks of hosts and controllers differ, and may be wrong by hours; that of the database is the
same for all who write to it and all who read. So a moment that decides whether somebody lives is
made by :func:`now` within the statement, or read by :func:`read`, and never by this process.
"""
import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from nova_lite.db import columns


class _Now(FunctionElement):
    """UTC as the database has it when the statement begins, plus so many seconds."""
    name = 'database_now'
    type = columns.UtcDateTime()
    inherit_cache = True


def now(plus: float = 0) -> sa.ColumnElement:
    """That moment, or one ``plus`` seconds later, to be written or compared with a column."""
    return _Now(sa.literal(float(plus), sa.Float))


def read(s: Session) -> datetime.datetime:
    return s.execute(sa.select(now())).scalar_one()


@compiles(_Now, 'sqlite')
def _sqlite(element: _Now, compiler: Any, **kw: Any) -> str:
    # milliseconds are what it has; six digits, as the column's text has them and is compared by
    plus = compiler.process(element.clauses, **kw)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {plus} || ' seconds') || '000')"


@compiles(_Now, 'mysql')
@compiles(_Now, 'mariadb')
def _mariadb(element: _Now, compiler: Any, **kw: Any) -> str:
    plus = compiler.process(element.clauses, **kw)
    return f'(UTC_TIMESTAMP(6) + INTERVAL ROUND(1000000 * {plus}) MICROSECOND)'


@compiles(_Now, 'postgresql')
def _postgresql(element: _Now, compiler: Any, **kw: Any) -> str:
    # not now(): that is when the transaction began, perhaps long ago
    plus = compiler.process(element.clauses, **kw)
    return (f"(statement_timestamp() AT TIME ZONE 'UTC' "
            f'+ make_interval(secs => CAST({plus} AS double precision)))')
