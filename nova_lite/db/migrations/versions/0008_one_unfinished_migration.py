# SPDX-License-Identifier: Apache-2.0
"""A server has one unfinished migration at most. Where a database holds several, the newest is
the one that keeps others from being born; each of them still ends by itself."""
import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'

UNFINISHED = ('accepted', 'queued', 'preparing', 'running', 'running (post-copy)')


def upgrade() -> None:
    op.add_column('migrations', sa.Column('moving_instance_uuid', sa.String(36)))
    table = sa.table('migrations', *map(sa.column, (
        'id', 'instance_uuid', 'moving_instance_uuid', 'status', 'deleted')))
    newest = sa.select(sa.func.max(table.c.id), table.c.instance_uuid).where(
        table.c.status.in_(UNFINISHED), table.c.deleted == 0).group_by(table.c.instance_uuid)
    for row_id, instance_uuid in op.get_bind().execute(newest).all():
        op.execute(table.update().where(table.c.id == row_id).values(
            moving_instance_uuid=instance_uuid))
    op.create_index('uniq_migrations0moving_instance_uuid', 'migrations',
                    ['moving_instance_uuid'], unique=True)
