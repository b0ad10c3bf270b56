# SPDX-License-Identifier: Apache-2.0
"""Since when a service is heard of without a gap, and by how much its host's clock is off."""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0003'
down_revision = '0002'

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')


def upgrade() -> None:
    op.add_column('services', sa.Column('seen_since', TIME))
    op.add_column('services', sa.Column('seen_before', TIME))
    op.add_column('services', sa.Column('clock_skew', sa.Float()))
