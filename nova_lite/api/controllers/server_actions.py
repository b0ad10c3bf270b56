# SPDX-License-Identifier: Apache-2.0
"""POST /servers/{id}/action: the life of a server around its migrations."""
from typing import Any

from nova_lite.api import wsgi
from nova_lite.api.schemas.server_actions import FORCE
from nova_lite.compute import api as compute_api
from nova_lite.objects import Instance
from nova_lite.policies import server_actions as policies

REASON_SINCE = 73


def start(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    compute_api.API().start(request.context, instance)


def stop(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    compute_api.API().stop(request.context, instance)


def pause(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    compute_api.API().pause(request.context, instance)


def unpause(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    compute_api.API().unpause(request.context, instance)


def suspend(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    compute_api.API().suspend(request.context, instance)


def resume(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    compute_api.API().resume(request.context, instance)


def reboot(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    compute_api.API().reboot(request.context, instance, body['reboot']['type'].upper())


def lock(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    reason = None
    if request.minor >= REASON_SINCE and body['lock']:
        reason = body['lock'].get('locked_reason')
    compute_api.API().lock(request.context, instance, reason)


def unlock(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    """What an administrator locked needs the right to override."""
    if instance.locked and instance.locked_by == 'admin':
        request.context.can(policies.UNLOCK_OVERRIDE, {'project_id': instance.project_id,
                                                       'user_id': instance.user_id})
    compute_api.API().unlock(request.context, instance)


def reset_state(request: wsgi.Request, instance: Instance, body: dict[str, Any]) -> None:
    wanted = body['os-resetState']
    compute_api.API().reset_state(request.context, instance, wanted['state'],
                                  force=wanted.get(FORCE, False))
