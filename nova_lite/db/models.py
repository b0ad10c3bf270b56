# SPDX-License-Identifier: Apache-2.0
"""The tables, with Nova's names.

Rows are not removed but marked (all but claims): ``deleted`` is 0 or the row's id, so that unique
keys hold among the living and a name can be used again. What Nova keeps in side tables (flavor,
metadata) is a JSON column here, since it is always read and written with its server.
"""
import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from nova_lite.db.columns import UUID, Base, LongText, table_args


class Instance(Base):
    __tablename__ = 'instances'
    __table_args__ = table_args(
        UniqueConstraint('uuid', name='uniq_instances0uuid'),
        Index('instances_host_node_deleted_idx', 'host', 'node', 'deleted'),
        Index('instances_project_id_deleted_idx', 'project_id', 'deleted'),
        Index('instances_task_state_updated_at_idx', 'task_state', 'updated_at'))
    uuid: Mapped[str] = mapped_column(UUID)
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    display_name: Mapped[str | None]
    display_description: Mapped[str | None]
    hostname: Mapped[str | None]
    host: Mapped[str | None]
    node: Mapped[str | None]
    vm_state: Mapped[str | None]
    task_state: Mapped[str | None]
    power_state: Mapped[int | None]
    memory_mb: Mapped[int | None]
    vcpus: Mapped[int | None]
    root_gb: Mapped[int | None]
    ephemeral_gb: Mapped[int | None]
    flavor: Mapped[dict | None]
    image_ref: Mapped[str | None]
    image_meta: Mapped[dict | None]
    key_name: Mapped[str | None]
    launched_at: Mapped[datetime.datetime | None]
    terminated_at: Mapped[datetime.datetime | None]
    availability_zone: Mapped[str | None]
    progress: Mapped[int | None]
    locked: Mapped[bool | None]
    locked_by: Mapped[str | None]
    locked_reason: Mapped[str | None]
    reservation_id: Mapped[str | None]
    config_drive: Mapped[str | None]
    metadata_: Mapped[dict | None] = mapped_column('metadata')
    system_metadata: Mapped[dict | None]
    generation: Mapped[int] = mapped_column(default=0)


class Migration(Base):
    __tablename__ = 'migrations'
    __table_args__ = table_args(
        UniqueConstraint('uuid', name='uniq_migrations0uuid'),
        Index('uniq_migrations0moving_instance_uuid', 'moving_instance_uuid', unique=True),
        Index('migrations_instance_uuid_status_idx', 'deleted', 'instance_uuid', 'status'),
        Index('migrations_source_compute_status_idx', 'deleted', 'source_compute', 'status'),
        Index('migrations_dest_compute_status_idx', 'deleted', 'dest_compute', 'status'),
        Index('migrations_status_idx', 'deleted', 'status'),
        Index('migrations_updated_at_idx', 'updated_at'))
    uuid: Mapped[str] = mapped_column(UUID)
    instance_uuid: Mapped[str] = mapped_column(UUID)
    # the same until it is over, then NULL: a server has one unfinished migration at most
    moving_instance_uuid: Mapped[str | None] = mapped_column(UUID)
    source_compute: Mapped[str]
    dest_compute: Mapped[str | None]
    source_node: Mapped[str | None]
    dest_node: Mapped[str | None]
    dest_host: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(32))
    migration_type: Mapped[str] = mapped_column(String(32))
    old_instance_type_id: Mapped[int | None]
    new_instance_type_id: Mapped[int | None]
    hidden: Mapped[bool | None]
    memory_total: Mapped[int | None] = mapped_column(BigInteger)
    memory_processed: Mapped[int | None] = mapped_column(BigInteger)
    memory_remaining: Mapped[int | None] = mapped_column(BigInteger)
    disk_total: Mapped[int | None] = mapped_column(BigInteger)
    disk_processed: Mapped[int | None] = mapped_column(BigInteger)
    disk_remaining: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(LongText)
    failed_check: Mapped[str | None]
    # what was asked for, and by whom: written at birth and never again
    request_context: Mapped[dict | None]
    requested_host: Mapped[str | None]
    forced: Mapped[bool | None]
    goals: Mapped[dict | None]
    # the conductor's that has the lease
    attempted_hosts: Mapped[list | None]
    refusals: Mapped[dict | None]
    # the queue's (db/queue.py)
    queue_position: Mapped[int | None]
    queue_reason: Mapped[str | None] = mapped_column(LongText)
    # the source's, of a copy: its newest reading, what governs it, when it ended
    progress: Mapped[dict | None]
    steering: Mapped[dict | None]
    copied_at: Mapped[datetime.datetime | None]
    # of the edges (db/moves.py): when each status was reached
    timings: Mapped[dict | None]
    # set with the edge of a conductor that stood in for the source, cleared by the source
    source_not_cleaned: Mapped[bool | None]
    block_migration: Mapped[bool | None]
    disk_over_commit: Mapped[bool | None]
    owner: Mapped[str | None]
    lease_until: Mapped[datetime.datetime | None]
    migrate_data: Mapped[dict | None]
    started_at: Mapped[datetime.datetime | None]
    finished_at: Mapped[datetime.datetime | None]


class Order(Base):
    """What is to be done to a server besides moving it, see orders.py. ``owner`` and
    ``lease_until``: the conductor that works on it; ``begun_at``: when a host took it up."""
    __tablename__ = 'orders'
    __table_args__ = table_args(
        UniqueConstraint('instance_uuid', name='uniq_orders0instance_uuid'),
        Index('orders_task_state_lease_until_idx', 'task_state', 'lease_until'))
    instance_uuid: Mapped[str] = mapped_column(UUID)
    task_state: Mapped[str] = mapped_column(String(32))
    generation: Mapped[int]
    arguments: Mapped[dict | None]
    context: Mapped[dict | None]
    owner: Mapped[str | None]
    lease_until: Mapped[datetime.datetime | None]
    begun_at: Mapped[datetime.datetime | None]


class Claim(Base):
    """What a host has promised to a server, or to a migration on its way to the host."""
    __tablename__ = 'claims'
    __table_args__ = table_args(
        UniqueConstraint('consumer_uuid', 'host', name='uniq_claims0consumer_uuid0host'),
        Index('claims_host_idx', 'host'))
    consumer_uuid: Mapped[str] = mapped_column(UUID)
    host: Mapped[str]
    vcpus: Mapped[int]
    memory_mb: Mapped[int]
    disk_gb: Mapped[int]


class ComputeNode(Base):
    """``memory_mb_used`` and ``local_gb_used`` are what is reserved for the host plus the sum of
    its claims, ``vcpus_used`` the sum alone; ``free_*`` the rest. Claims move them."""
    __tablename__ = 'compute_nodes'
    __table_args__ = table_args(
        UniqueConstraint('uuid', name='uniq_compute_nodes0uuid'),
        UniqueConstraint('host', 'deleted', name='uniq_compute_nodes0host0deleted'),
        # the scheduler's order: without it the best hosts are found by reading all of them
        Index('compute_nodes_deleted_free_ram_mb_idx', 'deleted', 'free_ram_mb'))
    uuid: Mapped[str] = mapped_column(UUID)
    service_id: Mapped[int | None]
    host: Mapped[str]
    hypervisor_hostname: Mapped[str]
    hypervisor_type: Mapped[str | None]
    hypervisor_version: Mapped[int | None]
    vcpus: Mapped[int] = mapped_column(default=0)
    vcpus_used: Mapped[int] = mapped_column(default=0)
    memory_mb: Mapped[int] = mapped_column(default=0)
    memory_mb_used: Mapped[int] = mapped_column(default=0)
    local_gb: Mapped[int] = mapped_column(default=0)
    local_gb_used: Mapped[int] = mapped_column(default=0)
    free_ram_mb: Mapped[int] = mapped_column(default=0)
    free_disk_gb: Mapped[int] = mapped_column(default=0)
    disk_available_least: Mapped[int | None]
    current_workload: Mapped[int | None]
    running_vms: Mapped[int | None]
    cpu_info: Mapped[str | None] = mapped_column(LongText)
    host_ip: Mapped[str | None]
    supported_instances: Mapped[str | None] = mapped_column(LongText)
    stats: Mapped[str | None] = mapped_column(LongText)
    cpu_allocation_ratio: Mapped[float] = mapped_column(Float, default=1.0)
    ram_allocation_ratio: Mapped[float] = mapped_column(Float, default=1.0)
    disk_allocation_ratio: Mapped[float] = mapped_column(Float, default=1.0)
    reserved_host_memory_mb: Mapped[int] = mapped_column(default=0)
    reserved_host_disk_mb: Mapped[int] = mapped_column(default=0)
    max_incoming_live_migrations: Mapped[int | None]


class Service(Base):
    __tablename__ = 'services'
    __table_args__ = table_args(
        UniqueConstraint('uuid', name='uniq_services0uuid'),
        UniqueConstraint('host', 'binary', 'deleted', name='uniq_services0host0binary0deleted'))
    uuid: Mapped[str] = mapped_column(UUID)
    host: Mapped[str]
    binary: Mapped[str]
    topic: Mapped[str | None]
    report_count: Mapped[int] = mapped_column(default=0)
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    disabled_reason: Mapped[str | None]
    last_seen_up: Mapped[datetime.datetime | None]
    seen_since: Mapped[datetime.datetime | None]
    seen_before: Mapped[datetime.datetime | None]
    clock_skew: Mapped[float | None] = mapped_column(Float)
    identity: Mapped[str | None] = mapped_column(UUID)
    boot_id: Mapped[str | None] = mapped_column(UUID)
    forced_down: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[int] = mapped_column(default=0)


class InstanceAction(Base):
    __tablename__ = 'instance_actions'
    __table_args__ = table_args(
        Index('instance_actions_instance_uuid_request_id_idx', 'instance_uuid', 'request_id'))
    action: Mapped[str | None]
    instance_uuid: Mapped[str] = mapped_column(UUID)
    request_id: Mapped[str | None]
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    start_time: Mapped[datetime.datetime | None]
    finish_time: Mapped[datetime.datetime | None]
    message: Mapped[str | None]


class InstanceActionEvent(Base):
    __tablename__ = 'instance_actions_events'
    __table_args__ = table_args(Index('instance_actions_events_action_id_idx', 'action_id'))
    event: Mapped[str | None]
    action_id: Mapped[int] = mapped_column(
        ForeignKey('instance_actions.id', name='instance_actions_events_action_id_fkey'))
    start_time: Mapped[datetime.datetime | None]
    finish_time: Mapped[datetime.datetime | None]
    result: Mapped[str | None]
    traceback: Mapped[str | None] = mapped_column(LongText)
    host: Mapped[str | None]
    details: Mapped[str | None] = mapped_column(LongText)


class InstanceFault(Base):
    __tablename__ = 'instance_faults'
    __table_args__ = table_args(
        Index('instance_faults_instance_uuid_deleted_idx', 'instance_uuid', 'deleted'))
    instance_uuid: Mapped[str] = mapped_column(UUID)
    code: Mapped[int | None] = mapped_column(Integer)
    message: Mapped[str | None]
    details: Mapped[str | None] = mapped_column(LongText)
    host: Mapped[str | None]


class GuestSighting(Base):
    """A guest that a host has on though its server's record names another host."""
    __tablename__ = 'guest_sightings'
    __table_args__ = table_args(
        UniqueConstraint('instance_uuid', 'host', name='uniq_guest_sightings0instance_uuid0host'),
        Index('guest_sightings_host_idx', 'host'))
    instance_uuid: Mapped[str] = mapped_column(UUID)
    host: Mapped[str]
    state: Mapped[str] = mapped_column(String(32))


class Flavor(Base):
    __tablename__ = 'flavors'
    __table_args__ = table_args(
        UniqueConstraint('flavorid', 'deleted', name='uniq_flavors0flavorid0deleted'),
        UniqueConstraint('name', 'deleted', name='uniq_flavors0name0deleted'))
    flavorid: Mapped[str]
    name: Mapped[str]
    memory_mb: Mapped[int]
    vcpus: Mapped[int]
    root_gb: Mapped[int | None]
    ephemeral_gb: Mapped[int | None]
    swap: Mapped[int] = mapped_column(default=0)
    rxtx_factor: Mapped[float | None] = mapped_column(Float, default=1.0)
    vcpu_weight: Mapped[int | None]
    disabled: Mapped[bool | None] = mapped_column(Boolean, default=False)
    is_public: Mapped[bool | None] = mapped_column(Boolean, default=True)
    description: Mapped[str | None] = mapped_column(LongText)
    extra_specs: Mapped[dict | None]


TABLES = Base.metadata.tables


def table_of(model: type[Base]) -> Table:
    return TABLES[model.__tablename__]
