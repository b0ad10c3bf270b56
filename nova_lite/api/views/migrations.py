# SPDX-License-Identifier: Apache-2.0
"""A migration of any status, as /os-migrations shows it."""
from typing import Any

from nova_lite.api import wsgi
from nova_lite.api.views import server_migrations
from nova_lite.api.views.server_migrations import Field, attribute, time
from nova_lite.migration import migration_states
from nova_lite.objects import Migration

LINKS_SINCE = 23

FIELDS = (
    Field('id', attribute('id'), 1),
    Field('status', attribute('status'), 1),
    Field('instance_uuid', attribute('instance_uuid'), 1),
    Field('source_node', attribute('source_node'), 1, host=True),
    Field('source_compute', attribute('source_compute'), 1, host=True),
    Field('dest_node', attribute('dest_node'), 1, host=True),
    Field('dest_compute', attribute('dest_compute'), 1, host=True),
    Field('dest_host', attribute('dest_host'), 1, host=True),
    Field('old_instance_type_id', attribute('old_instance_type_id'), 1),
    Field('new_instance_type_id', attribute('new_instance_type_id'), 1),
    Field('created_at', time('created_at'), 1),
    Field('updated_at', time('updated_at'), 1),
    Field('migration_type', attribute('migration_type'), 23),
    Field('uuid', attribute('uuid'), 59),
    Field('user_id', attribute('user_id'), 80),
    Field('project_id', attribute('project_id'), 80),
)


def show(request: wsgi.Request, migration: Migration, sees_hosts: bool) -> dict[str, Any]:
    shown = server_migrations.show(request, migration, sees_hosts, FIELDS)
    if (request.minor >= LINKS_SINCE and migration.migration_type == 'live-migration'
            and migration.status in migration_states.IN_PROGRESS):
        shown['links'] = request.links('servers', migration.instance_uuid, 'migrations',
                                       str(migration.id))
    return shown
