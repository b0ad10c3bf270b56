# SPDX-License-Identifier: Apache-2.0
"""What is to be done to a server is written down before anybody is told."""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0006'
down_revision = '0005'

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')


def upgrade() -> None:
    op.create_table(
        'orders', sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('instance_uuid', sa.String(36), nullable=False),
        sa.Column('task_state', sa.String(32), nullable=False),
        sa.Column('generation', sa.Integer, nullable=False),
        sa.Column('arguments', sa.JSON()), sa.Column('context', sa.JSON()),
        sa.Column('owner', sa.String(255)),
        *(sa.Column(name, TIME) for name in ('lease_until', 'begun_at', 'created_at',
                                             'updated_at', 'deleted_at')),
        sa.Column('deleted', sa.Integer, nullable=False),
        sa.UniqueConstraint('instance_uuid', name='uniq_orders0instance_uuid'),
        mysql_engine='InnoDB', mysql_charset='utf8mb4', mysql_collate='utf8mb4_bin')
    op.create_index('orders_task_state_lease_until_idx', 'orders', ['task_state', 'lease_until'])
