# SPDX-License-Identifier: Apache-2.0
"""Guests that were found on another host than their server's record says."""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0005'
down_revision = '0004'

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')


def upgrade() -> None:
    op.create_table(
        'guest_sightings', sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('instance_uuid', sa.String(36), nullable=False),
        sa.Column('host', sa.String(255), nullable=False),
        sa.Column('state', sa.String(32), nullable=False),
        sa.Column('created_at', TIME), sa.Column('updated_at', TIME),
        sa.Column('deleted_at', TIME), sa.Column('deleted', sa.Integer, nullable=False),
        sa.UniqueConstraint('instance_uuid', 'host',
                            name='uniq_guest_sightings0instance_uuid0host'),
        sa.Index('guest_sightings_host_idx', 'host'),
        mysql_engine='InnoDB', mysql_charset='utf8mb4', mysql_collate='utf8mb4_bin')
