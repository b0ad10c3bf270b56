# SPDX-License-Identifier: Apache-2.0
"""POST /servers/{id}/action os-migrateLive: where a live migration begins.

Below 2.34 the answer waits for the checks and tells what one of them refused; from 2.34 it is 202
at once, and the outcome stands on the migration and in the events of the server's action.
"""
from typing import Any

from oslo_utils import strutils

from nova_lite import exception
from nova_lite.api import wsgi
from nova_lite.api.schemas.migrate_server import ACTION, GOALS
from nova_lite.compute import api as compute_api
from nova_lite.objects import Instance
from nova_lite.policies import migrate_server as policies

WITH_DISK_OVER_COMMIT_UNTIL = 24
WITH_FORCE_SINCE, WITH_FORCE_UNTIL = 30, 67
ASYNC_SINCE = 34


def migrate_live(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    """Start moving ``instance``; errors as of :meth:`compute_api.API.live_migrate`."""
    wanted = body[ACTION]
    host, minor = wanted['host'], request.minor
    if host is not None:
        request.context.can(policies.MIGRATE_LIVE_HOST, {'project_id': instance.project_id})
    block_migration = (None if wanted['block_migration'] == 'auto'
                       else _boolean(wanted['block_migration']))
    disk_over_commit = (_boolean(wanted['disk_over_commit'])
                        if minor <= WITH_DISK_OVER_COMMIT_UNTIL else None)
    compute_api.API().live_migrate(
        request.context, instance, block_migration, disk_over_commit, host,
        force=_force(wanted, host, minor), async_=minor >= ASYNC_SINCE, goals=wanted.get(GOALS))


def _force(wanted: dict[str, Any], host: str | None, minor: int) -> bool | None:
    """None below 2.30, where there was no such choice; false wherever it is not taken."""
    if minor < WITH_FORCE_SINCE:
        return None
    force = minor <= WITH_FORCE_UNTIL and _boolean(wanted.get('force', False))
    if force and host is None:
        raise exception.ValidationError(detail='force needs a host to insist on')
    return force


def _boolean(value: Any) -> bool:
    return strutils.bool_from_string(value, strict=True)
