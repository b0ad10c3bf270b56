# SPDX-License-Identifier: Apache-2.0
"""A live migration in progress, as /servers/{id}/migrations shows it, and what we tell beyond.

The names differ from those of /os-migrations on purpose: they are Nova's.
"""
from collections.abc import Callable
from typing import Any, NamedTuple

from nova_lite.api import paging, wsgi
from nova_lite.compute import migration_states, receipt
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

# shown at every version to a client that sends X-Nova-Lite-Extensions: 1
EXTENSIONS = (
    Field('reason', attribute('reason')),
    Field('failed_check', attribute('failed_check')),
    Field('progress', lambda migration: progress(migration)),
    Field('block_migration', attribute('block_migration')),
    Field('started_at', time('started_at')),
    Field('finished_at', time('finished_at')),
    Field('phases_ms', lambda migration: receipt.phases(migration.receipt)),
    Field('receipt', attribute('receipt')),
    Field('attempted_hosts', attribute('attempted_hosts'), host=True),
    Field('queue', lambda migration: queue(migration), host=True),
)


def progress(migration: Migration) -> int:
    """Percent of memory and disks that has come over: 100 for a completed one, 0 before."""
    if migration.status == migration_states.COMPLETED:
        return 100
    return ((migration.journal or {}).get('progress') or {}).get('percent', 0)


def queue(migration: Migration) -> dict[str, Any] | None:
    """Position and reason of one that waits; None for all others."""
    if migration.status != migration_states.QUEUED:
        return None
    return (migration.journal or {}).get('queue')


def show(request: wsgi.Request, migration: Migration, sees_hosts: bool,
         fields: tuple[Field, ...] = FIELDS) -> dict[str, Any]:
    """Host fields are there but null for who may not see hosts."""
    shown = {field.name: field.value(migration) if sees_hosts or not field.host else None
             for field in fields if field.since <= request.minor}
    if request.extended:
        shown |= {OWN + field.name: field.value(migration) for field in EXTENSIONS
                  if sees_hosts or not field.host}
    return shown
