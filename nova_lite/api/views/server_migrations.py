# SPDX-License-Identifier: Apache-2.0
"""A live migration in progress, as /servers/{id}/migrations shows it, and what we tell beyond.

The names differ from those of /os-migrations on purpose: they are Nova's.
"""
from collections.abc import Callable
from typing import Any, NamedTuple

from nova_lite.api import paging, wsgi
from nova_lite.migration import migration_states, timings
from nova_lite.objects import Migration

OWN = 'nova-lite:'      # the prefix of fields that Nova has not, shown to who asks for them


class Field(NamedTuple):
    name: str
    value: Callable[[Migration], Any]
    since: int = 23
    host: bool = False


def attribute(name: str) -> Callable[[Migration], Any]:
    return lambda migration: getattr(migration, name)


def time(name: str) -> Callable[[Migration], Any]:
    return lambda migration: paging.with_microseconds(getattr(migration, name))


FIELDS = (
    Field('id', attribute('id')),
    Field('status', attribute('status')),
    Field('server_uuid', attribute('instance_uuid')),
    Field('source_node', attribute('source_node'), host=True),
    Field('source_compute', attribute('source_compute'), host=True),
    Field('dest_node', attribute('dest_node'), host=True),
    Field('dest_compute', attribute('dest_compute'), host=True),
    Field('dest_host', attribute('dest_host'), host=True),
    Field('created_at', time('created_at')),
    Field('updated_at', time('updated_at')),
    *(Field(f'{kind}_{amount}_bytes', attribute(f'{kind}_{amount}'))
      for kind in ('memory', 'disk') for amount in ('total', 'processed', 'remaining')),
    Field('uuid', attribute('uuid'), 59),
    Field('user_id', attribute('user_id'), 80),
    Field('project_id', attribute('project_id'), 80),
)


def reading(key: str) -> Callable[[Migration], Any]:
    """What the newest look at the copy said; None where there was none."""
    return lambda migration: (migration.progress or {}).get(key)


def goals(migration: Migration) -> dict[str, Any] | None:
    """Those in force: what was asked for, until the source works with them."""
    return migration.goals if migration.steering is None else migration.steering.get('goals')


# shown at every version to a client that sends X-Nova-Lite-Extensions: 1
EXTENSIONS = (
    Field('reason', attribute('reason')),
    Field('failed_check', attribute('failed_check')),
    Field('progress', lambda migration: progress(migration)),
    Field('phase', lambda migration: timings.phase(migration.status, migration.receipt)),
    *(Field(name, reading(key)) for name, key in (
        ('memory_iteration', 'iteration'), ('bandwidth_bytes', 'speed'),
        ('dirty_rate_bytes', 'dirty_rate'), ('downtime_ms', 'downtime_ms'),
        ('throttle_percent', 'throttle'))),
    Field('remaining_bytes', lambda migration: remaining(migration)),
    Field('eta_seconds', lambda migration: eta(migration)),
    Field('goals', goals),
    Field('decisions', lambda migration: (migration.steering or {}).get('decisions')),
    Field('block_migration', attribute('block_migration')),
    Field('started_at', time('started_at')),
    Field('finished_at', time('finished_at')),
    Field('phases_ms', lambda migration: timings.phases(migration.receipt)),
    Field('receipt', attribute('receipt')),
    Field('attempted_hosts', attribute('attempted_hosts'), host=True),
    Field('queue', lambda migration: queue(migration), host=True),
)


def progress(migration: Migration) -> int:
    """Percent of memory and disks that has come over: 100 for a completed one, 0 before."""
    if migration.status == migration_states.COMPLETED:
        return 100
    return (migration.progress or {}).get('percent', 0)


def remaining(migration: Migration) -> int | None:
    """Bytes of memory and disks together, those of a pass included."""
    known = [part for part in (migration.memory_remaining, migration.disk_remaining)
             if part is not None]
    return sum(known) if known else None


def eta(migration: Migration) -> list[float | None] | None:
    """Seconds from and to, as of the newest reading; None when nothing is copied now."""
    if migration.status not in (migration_states.RUNNING, migration_states.POSTCOPY):
        return None
    found = (migration.progress or {}).get('eta_s')
    return found and [None if part is None else round(part, 1) for part in found]


def queue(migration: Migration) -> dict[str, Any] | None:
    """Position and reason of one that waits; None for all others."""
    if migration.status != migration_states.QUEUED or migration.queue_position is None:
        return None
    return {'position': migration.queue_position, 'reason': migration.queue_reason}


def show(request: wsgi.Request, migration: Migration, sees_hosts: bool,
         fields: tuple[Field, ...] = FIELDS) -> dict[str, Any]:
    """Host fields are there but null for who may not see hosts."""
    shown = {field.name: field.value(migration) if sees_hosts or not field.host else None
             for field in fields if field.since <= request.minor}
    if request.extended:
        shown |= {OWN + field.name: field.value(migration) for field in EXTENSIONS
                  if sees_hosts or not field.host}
    return shown
