# SPDX-License-Identifier: Apache-2.0
"""What a migration is of, what kind it is and where it comes from is never NULL, nor is a node's
name. Nobody has written such a row; where somebody's hand has, it says from now on that it is a
live migration of no server, from nowhere, and a node is called as its host."""
import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'

NAME, UUID, KIND = sa.String(255), sa.String(36), sa.String(32)
MIGRATIONS = {'instance_uuid': (UUID, '00000000-0000-0000-0000-000000000000'),
              'migration_type': (KIND, 'live-migration'), 'source_compute': (NAME, 'unknown')}


def upgrade() -> None:
    migrations = sa.table('migrations', *map(sa.column, MIGRATIONS))
    for name, (_, instead) in MIGRATIONS.items():
        op.execute(migrations.update().where(migrations.c[name].is_(None)).values(
            {name: instead}))
    nodes = sa.table('compute_nodes', sa.column('host'), sa.column('hypervisor_hostname'))
    op.execute(nodes.update().where(nodes.c.hypervisor_hostname.is_(None)).values(
        hypervisor_hostname=nodes.c.host))
    # SQLite cannot change a column: the table is made anew there, and its rows copied
    with op.batch_alter_table('migrations') as batch:
        for name, (type_, _) in MIGRATIONS.items():
            batch.alter_column(name, existing_type=type_, nullable=False)
    with op.batch_alter_table('compute_nodes') as batch:
        batch.alter_column('hypervisor_hostname', existing_type=NAME, nullable=False)
