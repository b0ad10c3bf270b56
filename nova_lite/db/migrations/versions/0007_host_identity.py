# SPDX-License-Identifier: Apache-2.0
"""Which machine a host's name belongs to."""
import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    op.add_column('services', sa.Column('identity', sa.String(36)))
    op.add_column('services', sa.Column('boot_id', sa.String(36)))
