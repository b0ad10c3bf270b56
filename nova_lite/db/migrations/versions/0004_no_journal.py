# SPDX-License-Identifier: Apache-2.0
"""What a migration's record kept in two JSON columns, journal and receipt, that several processes
wrote, has columns with one writer each. What the rows hold is carried over."""
import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0004'
down_revision = '0003'

TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), 'mysql', 'mariadb')
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')
JSON = sa.JSON(none_as_null=True)
COLUMNS: dict[str, Any] = {
    'request_context': JSON, 'requested_host': sa.String(255), 'forced': sa.Boolean(),
    'goals': JSON, 'refusals': JSON, 'queue_position': sa.Integer(), 'queue_reason': TEXT,
    'progress': JSON, 'steering': JSON, 'copied_at': TIME, 'timings': JSON,
    'source_not_cleaned': sa.Boolean()}


def upgrade() -> None:
    for name, type_ in COLUMNS.items():
        op.add_column('migrations', sa.Column(name, type_))
    old = sa.table('migrations', sa.column('id', sa.Integer), sa.column('journal', JSON),
                   sa.column('receipt', JSON), *(sa.column(*each) for each in COLUMNS.items()))
    found = op.get_bind().execute(sa.select(old.c.id, old.c.journal, old.c.receipt)).all()
    for row_id, journal, receipt in found:
        op.execute(old.update().where(old.c.id == row_id).values(
            carried_over(journal or {}, receipt or {})))
    for name in ('journal', 'receipt'):
        op.drop_column('migrations', name)


def carried_over(journal: dict[str, Any], receipt: dict[str, Any]) -> dict[str, Any]:
    """The new columns of a row."""
    request, queue = journal.get('request') or {}, journal.get('queue') or {}
    control = journal.get('control') or {}
    timings = dict(receipt.get('at') or {})
    copied = timings.pop('copied', None)
    if copied is not None:
        copied = datetime.datetime.fromisoformat(copied).astimezone(datetime.UTC).replace(
            tzinfo=None)
    return {
        'request_context': journal.get('context'), 'requested_host': request.get('host'),
        'forced': request.get('force'), 'goals': control.get('goals'),
        'refusals': journal.get('refused'), 'queue_position': queue.get('position'),
        'queue_reason': queue.get('reason'),
        'progress': journal.get('progress') or receipt.get('copy'),
        'steering': control if 'trend' in control else None, 'copied_at': copied,
        'timings': timings or None, 'source_not_cleaned': journal.get('source_not_cleaned', False)}
