# SPDX-License-Identifier: Apache-2.0
"""The API process's side of every operation: look, set the task state, hand over.

What is to be done is written with the task state by one conditional UPDATE (objects/order.py), so
of two requests at once one wins and the other is a conflict. The message after it only makes it
quick; one that cannot be sent takes back what was written.
"""
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import oslo_messaging as messaging
from oslo_log import log as logging
from oslo_utils import uuidutils

from nova_lite import action_events, exception, objects, rpc
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conductor.rpcapi import ComputeTaskAPI
from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states, task_states, vm_states
from nova_lite.objects import Flavor, Instance, Migration, Order

LOG = logging.getLogger(__name__)
States = tuple[str | None, ...]

COMPUTE = 'nova-compute'

# s that a migration may take to end before its server's state is reset, and between two looks
END_TIMEOUT, END_POLL = 30.0, 0.2

# orders that need the guest to be where the record says
STARTING = ('start', 'reboot', 'resume', 'unpause', 'os-migrateLive')
RUNNING = ABORTABLE = (migration_states.RUNNING,)
ABORTABLE_IN_QUEUE = (migration_states.QUEUED, migration_states.PREPARING, *RUNNING)


class API:
    """What the REST controllers call. Policy has been checked by them."""

    def __init__(self) -> None:
        self._conductor, self._compute = ComputeTaskAPI(), ComputeAPI()
        # of the orders that no host and no conductor is needed for
        self._owner = f'{CONF.host}:{uuidutils.generate_uuid()}'

    # -- live migration --------------------------------------------------------------------------
    def live_migrate(self, ctxt: RequestContext, instance: Instance, block_migration: bool | None,
                     disk_over_commit: bool | None, host: str | None, force: bool | None = None,
                     async_: bool = False, goals: dict[str, Any] | None = None) -> None:
        """Move a server to ``host``, or where the scheduler says.

        ``force`` None (below microversion 2.30) insists on a given host, as true does; false has
        the scheduler check it. With ``async_`` only the checks made here are told to the caller.
        ``goals``: fields of migration.convergence.Goals.
        InstanceIsLocked, InstanceInvalidState, UnexpectedTaskStateError, ComputeHostNotFound,
        and without ``async_`` every refusal of the conductor.
        """
        self._check(ctxt, instance, 'os-migrateLive', vm=(vm_states.ACTIVE, vm_states.PAUSED))
        if host is not None:
            objects.ComputeNode.get_by_host(ctxt, host)
        migration = self._new_migration(
            ctxt, instance, host, block_migration=block_migration,
            disk_over_commit=disk_over_commit,
            request_context=ctxt.to_dict(), requested_host=host,
            forced=host is not None and force is not False, goals=goals)
        migration.accept(instance)
        try:
            self._start_action(ctxt, instance, 'live-migration')
            if async_:
                self._conductor.live_migrate_instance(
                    ctxt, instance, {'host': host}, block_migration, disk_over_commit, migration)
            else:
                self._conductor.migrate_server(
                    ctxt, instance, {'host': host}, live=True, rebuild=False, flavor=None,
                    block_migration=block_migration, disk_over_commit=disk_over_commit,
                    migration=migration)
        except rpc.NOT_SENT as error:
            # it is in the database, but who hears that it failed must find the server free
            with contextlib.suppress(exception.InvalidMigrationState):  # decided meanwhile
                migration.advance('reject', reason=exception.public_message(error))
            raise
        except messaging.MessagingTimeout as error:
            lost = exception.LiveMigrationLost(
                reason='nova-lite-conductor did not answer in time. It may still begin: the '
                       "server's migrations tell. Does a conductor run?")
            action_events.record_fault(ctxt, instance, lost, CONF.host)
            raise lost from error

    @staticmethod
    def _new_migration(ctxt: RequestContext, instance: Instance, host: str | None,
                       **more: object) -> Migration:
        flavor_id = instance.flavor.id if instance.flavor else None
        return objects.Migration(
            ctxt, instance_uuid=instance.uuid, source_compute=instance.host,
            source_node=instance.node, dest_compute=host, old_instance_type_id=flavor_id,
            new_instance_type_id=flavor_id, user_id=ctxt.user_id, project_id=ctxt.project_id,
            **more)

    def live_migrate_abort(self, ctxt: RequestContext, instance: Instance, migration_id: int,
                           support_abort_in_queue: bool = False) -> None:
        """Ask the source to end a migration. MigrationNotFoundForInstance, InstanceInvalidState,
        InvalidMigrationState."""
        self._check(ctxt, instance, 'abort live migration', task=(task_states.MIGRATING,))
        allowed = ABORTABLE_IN_QUEUE if support_abort_in_queue else ABORTABLE
        migration = objects.Migration.get_while(ctxt, migration_id, instance.uuid, allowed,
                                                'abort live migration')
        self._start_action(ctxt, instance, 'live_migration_cancel')
        self._compute.live_migration_abort(ctxt, host=migration.source_compute,
                                           instance=instance, migration=migration)

    def live_migrate_force_complete(self, ctxt: RequestContext, instance: Instance,
                                    migration_id: int) -> None:
        """Ask the source to make a copy converge. Errors as of :meth:`live_migrate_abort`."""
        self._check(ctxt, instance, 'force_complete', vm=(vm_states.ACTIVE,),
                    task=(task_states.MIGRATING,))
        migration = objects.Migration.get_while(ctxt, migration_id, instance.uuid, RUNNING,
                                                'force_complete')
        self._start_action(ctxt, instance, 'live_migration_force_complete')
        self._compute.live_migration_force_complete(
            ctxt, host=migration.source_compute, instance=instance, migration=migration)

    def live_migrate_tune(self, ctxt: RequestContext, instance: Instance, migration_id: int,
                          changes: dict[str, int]) -> None:
        """Ask the source to change the terms of a copy: ``bandwidth`` (MiB/s),
        ``max_downtime_ms``, ``deadline_s``. Errors as of :meth:`live_migrate_abort`."""
        self._check(ctxt, instance, 'tune live migration', task=(task_states.MIGRATING,))
        migration = objects.Migration.get_while(ctxt, migration_id, instance.uuid, RUNNING,
                                                'tune live migration')
        self._start_action(ctxt, instance, 'live_migration_tune')
        self._compute.live_migration_tune(ctxt, host=migration.source_compute, instance=instance,
                                          migration=migration, changes=changes)

    # -- beginning and end -----------------------------------------------------------------------
    def create(self, ctxt: RequestContext, name: str, image: dict[str, Any], flavor: Flavor, *,
               metadata: dict[str, str] | None = None, description: str | None = None,
               key_name: str | None = None, availability_zone: str | None = None,
               forced_host: str | None = None, requested_host: str | None = None) -> Instance:
        """Make a server's record and have it built; returns the Instance. The errors of a broker
        that is away, and then there is no such server."""
        instance = objects.Instance(
            ctxt, uuid=uuidutils.generate_uuid(), project_id=ctxt.project_id,
            user_id=ctxt.user_id, display_name=name, display_description=description,
            hostname=name.lower(), vm_state=vm_states.BUILDING, power_state=0,
            memory_mb=flavor.memory_mb, vcpus=flavor.vcpus, root_gb=flavor.root_gb,
            ephemeral_gb=flavor.ephemeral_gb, flavor=flavor, image_ref=image['id'],
            image_meta=image, key_name=key_name, availability_zone=availability_zone,
            metadata=metadata or {}, system_metadata={},
            reservation_id='r-' + uuidutils.generate_uuid(dashed=False)[:8], locked=False,
            progress=0)
        order = objects.Order.create_server(
            ctxt, instance, {'host': forced_host or requested_host,
                             'force': forced_host is not None})
        with self._sent_or_withdrawn(ctxt, order, 'create', destroy=True):
            self._conductor.build_instance(ctxt, instance=instance)
        return instance

    def delete(self, ctxt: RequestContext, instance: Instance) -> None:
        """End a server for good, whatever else is being done to it. Once that is written, it
        happens: a message that is lost only makes it later."""
        self._check(ctxt, instance, 'delete')
        order = objects.Order.give(ctxt, instance, task_states.DELETING)
        try:
            self._start_action(ctxt, instance, 'delete')
            if instance.host and objects.Service.is_known(ctxt, instance.host, COMPUTE):
                self._compute.terminate_instance(ctxt, host=instance.host, instance=instance)
            elif order.take(self._owner, service_conf.down_time(CONF)):
                order.finish(vm_states.after_deletion(), owner=self._owner, destroy=True)
            else:
                LOG.info('Instance %s is deleted by a conductor', instance.uuid)
        except exception.StaleOrder as done:
            LOG.info('%s', done.format_message())
        except rpc.UNREACHABLE as error:
            LOG.warning('Instance %s is deleted when its host looks for itself: %s',
                        instance.uuid, exception.message_of(error))

    # -- changes of state ------------------------------------------------------------------------
    def start(self, ctxt: RequestContext, instance: Instance) -> None:
        self._order(ctxt, instance, 'start', task_states.POWERING_ON, (vm_states.STOPPED,),
                    self._compute.start_instance)

    def stop(self, ctxt: RequestContext, instance: Instance) -> None:
        self._order(ctxt, instance, 'stop', task_states.POWERING_OFF,
                    (vm_states.ACTIVE, vm_states.ERROR), self._compute.stop_instance)

    def pause(self, ctxt: RequestContext, instance: Instance) -> None:
        self._order(ctxt, instance, 'pause', task_states.PAUSING, (vm_states.ACTIVE,),
                    self._compute.pause_instance)

    def unpause(self, ctxt: RequestContext, instance: Instance) -> None:
        self._order(ctxt, instance, 'unpause', task_states.UNPAUSING, (vm_states.PAUSED,),
                    self._compute.unpause_instance)

    def suspend(self, ctxt: RequestContext, instance: Instance) -> None:
        self._order(ctxt, instance, 'suspend', task_states.SUSPENDING, (vm_states.ACTIVE,),
                    self._compute.suspend_instance)

    def resume(self, ctxt: RequestContext, instance: Instance) -> None:
        self._order(ctxt, instance, 'resume', task_states.RESUMING, (vm_states.SUSPENDED,),
                    self._compute.resume_instance)

    def reboot(self, ctxt: RequestContext, instance: Instance, reboot_type: str) -> None:
        """``reboot_type`` is SOFT (running servers) or HARD."""
        soft = reboot_type == 'SOFT'
        states = (vm_states.ACTIVE,) if soft else (
            vm_states.ACTIVE, vm_states.STOPPED, vm_states.PAUSED, vm_states.SUSPENDED,
            vm_states.ERROR)
        task = task_states.REBOOTING if soft else task_states.REBOOTING_HARD
        self._order(ctxt, instance, 'reboot', task, states, self._compute.reboot_instance)

    def lock(self, ctxt: RequestContext, instance: Instance, reason: str | None = None) -> None:
        """Keep everybody but an admin from changing the server."""
        owner = instance.project_id == ctxt.project_id
        if instance.locked and owner:
            return
        self._start_action(ctxt, instance, 'lock')
        instance.rewrite(lambda: {'locked': True, 'locked_reason': reason,
                                  'locked_by': 'owner' if owner else 'admin'})

    def unlock(self, ctxt: RequestContext, instance: Instance) -> None:
        self._start_action(ctxt, instance, 'unlock')
        instance.rewrite(lambda: {'locked': False, 'locked_by': None, 'locked_reason': None})

    def reset_state(self, ctxt: RequestContext, instance: Instance, vm_state: str,
                    force: bool = False) -> None:
        """An operator's word on what the server is: ``active`` or ``error``. ``force`` ends its
        migration first, and waits for that. InstanceInvalidState."""
        if force:
            self._end_migration(ctxt, instance)
        instance.reset_state(vm_state)
        self._start_action(ctxt, instance, 'reset_state')

    def _end_migration(self, ctxt: RequestContext, instance: Instance) -> None:
        """What cannot be ended within END_TIMEOUT is refused by who resets the state."""
        deadline, asked = time.monotonic() + END_TIMEOUT, False
        while time.monotonic() < deadline:
            moving = list(objects.MigrationList.get_by_filters(
                ctxt, {'instance_uuid': instance.uuid, 'status': migration_states.UNFINISHED}))
            if not moving or moving[0].status == migration_states.POSTCOPY:
                return
            if moving[0].status in (migration_states.ACCEPTED, migration_states.QUEUED):
                with contextlib.suppress(exception.InvalidMigrationState):  # it goes on just now
                    moving[0].advance('cancel', reason="the server's state was reset")
                continue
            if not asked:
                self._compute.live_migration_abort(ctxt, host=moving[0].source_compute,
                                                   instance=instance, migration=moving[0])
                asked = True
            time.sleep(END_POLL)    # it ends in another process

    # -- shared ----------------------------------------------------------------------------------
    def _order(self, ctxt: RequestContext, instance: Instance, action: str, task: str,
               vm: tuple[str, ...], send: Callable[..., None]) -> None:
        self._check(ctxt, instance, action, vm=vm)
        order = objects.Order.give(ctxt, instance, task)
        with self._sent_or_withdrawn(ctxt, order, action):
            send(ctxt, host=instance.host, instance=instance)

    @contextlib.contextmanager
    def _sent_or_withdrawn(self, ctxt: RequestContext, order: Order, action: str,
                           destroy: bool = False) -> Iterator[None]:
        """Who hears that it failed must find the server free, or not there at all. An order that
        somebody has begun in spite of the error is on its way, and that is the answer."""
        try:
            self._start_action(ctxt, order.server, action)
            yield
        except Exception as error:
            if order.withdraw(destroy):
                raise
            LOG.info('Instance %s: %s is on its way in spite of this: %s', order.instance_uuid,
                     action, exception.message_of(error))

    def _check(self, ctxt: RequestContext, instance: Instance, method: str,
               vm: States | None = None, task: States | None = None) -> None:
        """Locked, vm_state, task_state, ever launched. A delete asks for the lock only."""
        if instance.locked and not ctxt.is_admin:
            raise exception.InstanceIsLocked(instance_uuid=instance.uuid)
        if vm is None and task is None:
            return
        if method in STARTING:
            for sighting in objects.GuestSightingList.get_by_instances(ctxt, [instance.uuid]):
                raise exception.GuestFoundElsewhere(
                    instance_uuid=instance.uuid, found=sighting.host, state=sighting.state,
                    host=instance.host)
        wrong = None
        if vm is not None and instance.vm_state not in vm:
            wrong = ('vm_state', instance.vm_state)
        elif instance.task_state not in (task or (None,)):
            wrong = ('task_state', instance.task_state)
        elif instance.launched_at is None:
            wrong = ('launched_at', None)
        if wrong:
            raise exception.InstanceInvalidState(instance_uuid=instance.uuid, attr=wrong[0],
                                                 state=wrong[1], method=method)

    @staticmethod
    def _start_action(ctxt: RequestContext, instance: Instance, action: str) -> None:
        objects.InstanceAction.action_start(ctxt, instance.uuid, action, ctxt.request_id)
