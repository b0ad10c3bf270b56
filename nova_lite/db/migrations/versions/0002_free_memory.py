# SPDX-License-Identifier: Apache-2.0
"""Hosts are found by their free memory."""
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_index('compute_nodes_deleted_free_ram_mb_idx', 'compute_nodes',
                    ['deleted', 'free_ram_mb'])
