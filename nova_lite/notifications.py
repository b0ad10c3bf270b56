# SPDX-License-Identifier: Apache-2.0
"""What the world is told while a server moves, in Nova's two forms.

Event names and payload keys are Nova's, so that its listeners understand them. A notification is
sent in the background, in the order of the events of a process; one that cannot be sent is logged.
Neither holds up the migration.
"""
import contextlib
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import background, exception, rpc
from nova_lite.conf import CONF

LOG = logging.getLogger(__name__)

DRAIN_TIMEOUT = 5.0     # s
_writer = background.BackgroundWriter('notifications')

# phase of a live migration -> its unversioned name; the versioned one is live_migration_<phase>
PHASES = {
    'pre': 'live_migration.pre',
    'post': 'live_migration._post',
    'post_dest': 'live_migration.post.dest',
    'rollback': 'live_migration._rollback',
    'rollback_dest': 'live_migration.rollback.dest',
    'abort': 'live.migration.abort',
    'force_complete': 'live.migration.force.complete',
}


def emit(ctxt: Any, publisher_id: str, event_type: str, payload: dict[str, Any],
         priority: str = 'info', topic: str = rpc.UNVERSIONED) -> None:
    """Send one notification. ``priority`` is that of oslo.messaging: info, error, ..."""
    form = {rpc.UNVERSIONED: 'unversioned', rpc.VERSIONED: 'versioned'}[topic]
    if CONF.notifications.notification_format not in (form, 'both'):
        return
    notifier = rpc.get_notifier(topic, publisher_id)
    if notifier is None:
        return

    def send() -> None:
        try:
            getattr(notifier, priority)(ctxt, event_type, payload)
        except Exception as error:
            LOG.warning('Cannot send notification %s: %s', event_type,
                        exception.message_of(error))

    if _writer.put(send) is None:
        LOG.warning('Notification %s is dropped: %d wait for the broker already', event_type,
                    background.LIMIT)


def drain(timeout: float = DRAIN_TIMEOUT) -> None:
    """Wait until what was emitted is sent, at most ``timeout`` seconds: a process that ends."""
    if not _writer.flush(timeout):
        LOG.warning('Not all notifications could be sent within %g s', timeout)


def send_instance_update(ctxt: Any, instance: Any, old_vm_state: str | None,
                         old_task_state: str | None) -> None:
    """Tell that a server's vm_state or task_state changed."""
    host = instance.host or CONF.host
    change = {'old_state': old_vm_state, 'state': instance.vm_state,
              'old_task_state': old_task_state, 'new_task_state': instance.task_state}
    emit(ctxt, f'compute.{host}', 'compute.instance.update', instance_payload(instance) | change)
    emit(ctxt, f'nova-compute:{host}', 'instance.update',
         versioned_payload('InstanceUpdatePayload', ctxt, instance, state_update=change),
         topic=rpc.VERSIONED)


@contextlib.contextmanager
def live_migration_phase(ctxt: Any, instance: Any, phase: str, host: str) -> Iterator[None]:
    """Tell the start and the end of a phase (a key of PHASES) around the work itself."""
    _send_phase(ctxt, instance, phase, host, 'start')
    yield
    _send_phase(ctxt, instance, phase, host, 'end')


def _send_phase(ctxt: Any, instance: Any, phase: str, host: str, when: str) -> None:
    emit(ctxt, f'compute.{host}', f'compute.instance.{PHASES[phase]}.{when}',
         instance_payload(instance))
    emit(ctxt, f'nova-compute:{host}', f'instance.live_migration_{phase}.{when}',
         versioned_payload('InstanceActionPayload', ctxt, instance), topic=rpc.VERSIONED)


def migrate_server_error(ctxt: Any, instance: Any, error: Exception, host: str) -> None:
    """Tell that the conductor refused or lost a live migration."""
    reason = exception.message_of(error)
    emit(ctxt, f'compute_task.{host}', 'compute_task.migrate_server',
         {'instance_id': instance.uuid, 'instance_properties': instance_payload(instance),
          'request_spec': {}, 'state': instance.vm_state, 'method': 'migrate_server',
          'reason': reason}, priority='error')
    emit(ctxt, f'nova-conductor:{host}', 'compute_task.migrate_server.error',
         _versioned('ComputeTaskPayload', {
             'instance_uuid': instance.uuid, 'state': instance.vm_state, 'request_spec': None,
             'reason': _versioned('ExceptionPayload', {
                 'exception': exception.class_of(error),
                 'exception_message': reason})}),
         priority='error', topic=rpc.VERSIONED)


def instance_payload(instance: Any) -> dict[str, Any]:
    """The unversioned form of a server; times as ISO text."""
    flavor = instance.flavor
    return {
        'tenant_id': instance.project_id, 'user_id': instance.user_id,
        'instance_id': instance.uuid, 'display_name': instance.display_name,
        'reservation_id': instance.reservation_id, 'hostname': instance.hostname,
        'instance_type': flavor.name if flavor else None,
        'instance_flavor_id': flavor.flavorid if flavor else None,
        'memory_mb': instance.memory_mb, 'vcpus': instance.vcpus, 'root_gb': instance.root_gb,
        'ephemeral_gb': instance.ephemeral_gb,
        'disk_gb': (instance.root_gb or 0) + (instance.ephemeral_gb or 0),
        'host': instance.host, 'node': instance.node,
        'availability_zone': instance.availability_zone,
        'created_at': _text(instance.created_at), 'launched_at': _text(instance.launched_at),
        'terminated_at': _text(instance.terminated_at), 'deleted_at': _text(instance.deleted_at),
        'state': instance.vm_state, 'state_description': instance.task_state or '',
        'progress': instance.progress, 'image_ref_url': instance.image_ref,
        'metadata': instance.metadata or {},
    }


def versioned_payload(name: str, ctxt: Any, instance: Any, **more: Any) -> dict[str, Any]:
    """The versioned form of a server."""
    flat = instance_payload(instance)
    data = {key: flat[key] for key in (
        'tenant_id', 'user_id', 'display_name', 'reservation_id', 'host', 'node',
        'availability_zone', 'created_at', 'launched_at', 'terminated_at', 'deleted_at',
        'progress', 'metadata')}
    data |= {'uuid': instance.uuid, 'host_name': instance.hostname, 'state': instance.vm_state,
             'task_state': instance.task_state, 'power_state': instance.power_state,
             'image_uuid': instance.image_ref, 'locked': bool(instance.locked),
             'locked_reason': instance.locked_reason, 'request_id': ctxt.request_id,
             'action_initiator_user': ctxt.user_id, 'action_initiator_project': ctxt.project_id,
             **more}
    return _versioned(name, data)


def _versioned(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {'nova_object.name': name, 'nova_object.namespace': 'nova',
            'nova_object.version': '1.0', 'nova_object.data': data}


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
