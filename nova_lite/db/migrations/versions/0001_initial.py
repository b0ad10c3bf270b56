# SPDX-License-Identifier: Apache-2.0
"""The first tables.

Types are spelled out here and not taken from db/models.py: what this revision makes must never
change, whatever the models become.
"""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = '0001'
down_revision = None

UUID = sa.String(36)
NAME = sa.String(255)
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')
TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), 'mysql', 'mariadb')
JSON = sa.JSON()


def some(type_: sa.types.TypeEngine, *names: str) -> list[sa.Column]:
    """Columns that may be NULL."""
    return [sa.Column(name, type_) for name in names]


def must(type_: sa.types.TypeEngine, *names: str) -> list[sa.Column]:
    return [sa.Column(name, type_, nullable=False) for name in names]


def table(name: str, *columns: sa.Column, unique: tuple = (), indexes: dict | None = None) -> None:
    """A table with the common columns. ``unique``: tuples of columns, named as oslo.db reads
    them; ``indexes``: name to columns."""
    op.create_table(
        name, sa.Column('id', sa.Integer, primary_key=True), *columns,
        *some(TIME, 'created_at', 'updated_at', 'deleted_at'), *must(sa.Integer(), 'deleted'),
        *(sa.UniqueConstraint(*key, name='0'.join((f'uniq_{name}', *key))) for key in unique),
        mysql_engine='InnoDB', mysql_charset='utf8mb4', mysql_collate='utf8mb4_bin')
    for index, keys in (indexes or {}).items():
        op.create_index(index, name, keys)


def upgrade() -> None:
    servers()
    hosts()
    actions()
    table('flavors', *must(NAME, 'flavorid', 'name'),
          *must(sa.Integer(), 'memory_mb', 'vcpus', 'swap'),
          *some(sa.Integer(), 'root_gb', 'ephemeral_gb', 'vcpu_weight'),
          *some(sa.Float(), 'rxtx_factor'), *some(sa.Boolean(), 'disabled', 'is_public'),
          *some(TEXT, 'description'), *some(JSON, 'extra_specs'),
          unique=(('flavorid', 'deleted'), ('name', 'deleted')))


def servers() -> None:
    table('instances', *must(UUID, 'uuid'),
          *some(NAME, 'user_id', 'project_id', 'display_name', 'display_description', 'hostname',
                'host', 'node', 'vm_state', 'task_state', 'image_ref', 'key_name',
                'availability_zone', 'locked_by', 'locked_reason', 'reservation_id',
                'config_drive'),
          *some(sa.Integer(), 'power_state', 'memory_mb', 'vcpus', 'root_gb', 'ephemeral_gb',
                'progress'),
          *must(sa.Integer(), 'generation'),
          *some(JSON, 'flavor', 'image_meta', 'metadata', 'system_metadata'),
          *some(TIME, 'launched_at', 'terminated_at'), *some(sa.Boolean(), 'locked'),
          unique=(('uuid',),),
          indexes={'instances_host_node_deleted_idx': ['host', 'node', 'deleted'],
                   'instances_project_id_deleted_idx': ['project_id', 'deleted'],
                   'instances_task_state_updated_at_idx': ['task_state', 'updated_at']})
    table('migrations', *must(UUID, 'uuid'), *some(UUID, 'instance_uuid'),
          *must(sa.String(32), 'status'), *some(sa.String(32), 'migration_type'),
          *some(NAME, 'source_compute', 'dest_compute', 'source_node', 'dest_node', 'dest_host',
                'user_id', 'project_id', 'failed_check', 'owner'),
          *some(sa.Integer(), 'old_instance_type_id', 'new_instance_type_id'),
          *some(sa.BigInteger(), 'memory_total', 'memory_processed', 'memory_remaining',
                'disk_total', 'disk_processed', 'disk_remaining'),
          *some(sa.Boolean(), 'hidden', 'block_migration', 'disk_over_commit'),
          *some(TEXT, 'reason'),
          *some(JSON, 'attempted_hosts', 'migrate_data', 'receipt', 'journal'),
          *some(TIME, 'lease_until', 'started_at', 'finished_at'),
          unique=(('uuid',),),
          indexes={
              'migrations_instance_uuid_status_idx': ['deleted', 'instance_uuid', 'status'],
              'migrations_source_compute_status_idx': ['deleted', 'source_compute', 'status'],
              'migrations_dest_compute_status_idx': ['deleted', 'dest_compute', 'status'],
              'migrations_status_idx': ['deleted', 'status'],
              'migrations_updated_at_idx': ['updated_at']})


def hosts() -> None:
    table('services', *must(UUID, 'uuid'), *must(NAME, 'host', 'binary'),
          *some(NAME, 'topic', 'disabled_reason'),
          *must(sa.Integer(), 'report_count', 'version'),
          *must(sa.Boolean(), 'disabled', 'forced_down'), *some(TIME, 'last_seen_up'),
          unique=(('uuid',), ('host', 'binary', 'deleted')))
    table('compute_nodes', *must(UUID, 'uuid'), *must(NAME, 'host'),
          *some(NAME, 'hypervisor_hostname', 'hypervisor_type', 'host_ip'),
          *some(sa.Integer(), 'service_id', 'hypervisor_version', 'disk_available_least',
                'current_workload', 'running_vms', 'max_incoming_live_migrations'),
          *must(sa.Integer(), 'vcpus', 'vcpus_used', 'memory_mb', 'memory_mb_used', 'local_gb',
                'local_gb_used', 'free_ram_mb', 'free_disk_gb', 'reserved_host_memory_mb',
                'reserved_host_disk_mb'),
          *must(sa.Float(), 'cpu_allocation_ratio', 'ram_allocation_ratio',
                'disk_allocation_ratio'),
          *some(TEXT, 'cpu_info', 'supported_instances', 'stats'),
          unique=(('uuid',), ('host', 'deleted')))
    table('claims', *must(UUID, 'consumer_uuid'), *must(NAME, 'host'),
          *must(sa.Integer(), 'vcpus', 'memory_mb', 'disk_gb'),
          unique=(('consumer_uuid', 'host'),), indexes={'claims_host_idx': ['host']})


def actions() -> None:
    table('instance_actions', *must(UUID, 'instance_uuid'),
          *some(NAME, 'action', 'request_id', 'user_id', 'project_id', 'message'),
          *some(TIME, 'start_time', 'finish_time'),
          indexes={'instance_actions_instance_uuid_request_id_idx':
                   ['instance_uuid', 'request_id']})
    action = sa.ForeignKey('instance_actions.id', name='instance_actions_events_action_id_fkey')
    table('instance_actions_events', sa.Column('action_id', sa.Integer, action, nullable=False),
          *some(NAME, 'event', 'result', 'host'), *some(TEXT, 'traceback', 'details'),
          *some(TIME, 'start_time', 'finish_time'),
          indexes={'instance_actions_events_action_id_idx': ['action_id']})
    table('instance_faults', *must(UUID, 'instance_uuid'), *some(sa.Integer(), 'code'),
          *some(NAME, 'message', 'host'), *some(TEXT, 'details'),
          indexes={'instance_faults_instance_uuid_deleted_idx': ['instance_uuid', 'deleted']})
