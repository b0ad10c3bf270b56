# SPDX-License-Identifier: Apache-2.0
"""/servers/{id}/migrations: the live migrations of a server in progress, under control."""
from typing import Any

import webob

from nova_lite import exception, objects
from nova_lite.api import errors, event_streams, paging, wsgi
from nova_lite.api.views import server_migrations as views
from nova_lite.compute import api as compute_api
from nova_lite.migration import migration_states
from nova_lite.objects import Instance
from nova_lite.policies import server_migrations as policies

ABORT_IN_QUEUE_SINCE = 65


def index(request: wsgi.Request, instance: Instance) -> dict[str, Any]:
    found = objects.MigrationList.get_in_progress_by_instance(request.context, instance.uuid)
    sees_hosts = request.context.can(policies.INDEX_HOST, fatal=False)
    return {'migrations': [views.show(request, migration, sees_hosts) for migration in found
                           if migration.migration_type == 'live-migration']}


def show(request: wsgi.Request, instance: Instance, migration_id: str) -> dict[str, Any]:
    """404 for one that is not in progress. Our own clients see finished ones too: that is where
    the reason of a refusal stands."""
    migration = _find(request, instance, migration_id)
    finished = migration.status not in migration_states.IN_PROGRESS
    if migration.migration_type != 'live-migration' or (finished and not request.extended):
        raise exception.MigrationNotFoundForInstance(
            f'Migration {migration_id} of server {instance.uuid} is no live migration in '
            f'progress: its status is {migration.status}')
    return {'migration': views.show(request, migration, sees_hosts=True)}


def events(request: wsgi.Request, instance: Instance, migration_id: str) -> webob.Response:
    """The same again whenever it changes, until it is over: text/event-stream."""
    return event_streams.response(
        _find(request, instance, migration_id),
        lambda migration: {'migration': views.show(request, migration, sees_hosts=True)})


def update(request: wsgi.Request, instance: Instance, migration_id: str,
           body: dict[str, Any]) -> None:
    """Give a running copy other terms."""
    changes = {name: int(value) for name, value in body['migration'].items()}
    compute_api.API().live_migrate_tune(request.context, instance,
                                        _number(instance, migration_id), changes)


def force_complete(request: wsgi.Request, instance: Instance, migration_id: str,
                   body: dict[str, Any]) -> None:
    # an unknown migration is 404 everywhere else; here Nova's clients know 400
    with errors.bad_argument(exception.MigrationNotFound):
        compute_api.API().live_migrate_force_complete(
            request.context, instance, _number(instance, migration_id))


def delete(request: wsgi.Request, instance: Instance, migration_id: str) -> None:
    """Abort it: a running one, and from 2.65 also one that waits or prepares."""
    compute_api.API().live_migrate_abort(
        request.context, instance, _number(instance, migration_id),
        support_abort_in_queue=request.minor >= ABORT_IN_QUEUE_SINCE)


def _find(request: wsgi.Request, instance: Instance, migration_id: str) -> objects.Migration:
    return objects.Migration.get_by_id_and_instance(
        request.context, _number(instance, migration_id), instance.uuid)


def _number(instance: Instance, migration_id: str) -> int:
    """The id out of the URL; MigrationNotFoundForInstance for what no migration can have."""
    number = paging.number(migration_id)
    if number is None:
        raise exception.MigrationNotFoundForInstance(migration_id=migration_id,
                                                     instance_id=instance.uuid)
    return number
