# SPDX-License-Identifier: Apache-2.0
"""The migrations that this conductor works on, from ``accepted`` to the hand-over to the source.

A request is in the database before its message is sent. Whoever works on it has a lease; when that
runs out, since the message or the conductor was lost or the source never answered, any conductor
goes on where the record stands. A message that comes twice finds the lease taken.
"""
import threading
from collections.abc import Callable

from oslo_log import log as logging
from oslo_utils import uuidutils

from nova_lite import action_events, context, exception, faults, notifications, objects, rpc, utils
from nova_lite.conductor.tasks import live_migrate
from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.context import RequestContext
from nova_lite.objects import Instance, Migration

LOG = logging.getLogger(__name__)

# the conductor's own trouble, which says nothing about any host
BLIND = (exception.DatabaseUnavailable, exception.NothingHeard, *rpc.NOT_SENT)


class LiveMigrations:
    def __init__(self, host: str) -> None:
        self.host = host
        # another process on this host, a later one too, is another owner
        self.owner = f'{host}:{uuidutils.generate_uuid()}'
        self._at_work: set[int] = set()
        self._left: set[int] = set()    # begun here, and not judged as nobody could be heard
        self._lock = threading.Lock()

    def periodic_tasks(self) -> list[tuple[float, Callable[[], None]]]:
        return [(CONF.report_interval, self.renew_leases),
                (CONF.report_interval, self.take_over)]

    def run(self, ctxt: RequestContext, instance: Instance, migration: Migration) -> None:
        """See ``migration`` through to the source, unless another conductor does. Raises what a
        check refused, after it was written down."""
        with self._lock:
            if migration.id in self._at_work:
                return
            self._at_work.add(migration.id)
        try:
            taken_over = migration.owner is not None
            if not migration.take(self.owner, service_conf.down_time(CONF)):
                LOG.info('Migration %s is in other hands, or decided', migration.uuid)
                return
            self._run(ctxt, instance, migration, taken_over)
        finally:
            self._at_work.discard(migration.id)

    def _run(self, ctxt: RequestContext, instance: Instance, migration: Migration,
             taken_over: bool) -> None:
        # the API has decided what the user may; from here the system acts
        system = ctxt.elevated()
        task = live_migrate.LiveMigrationTask(system, instance, migration, self.owner)
        try:
            if taken_over:
                task.start_afresh()
            task.execute()
        except exception.LeaseLost as error:
            LOG.warning('%s', error.format_message())
        except BLIND as error:
            LOG.warning('Migration %s is left to who takes it over: %s', migration.uuid,
                        exception.message_of(error))
            self._left.add(migration.id)
            raise
        except Exception as error:
            self._refuse(system, instance, migration, error)
            if faults.event_for(error) == 'lose':
                raise exception.MigrationError(reason=exception.public_message(error)) from error
            raise

    def _refuse(self, ctxt: RequestContext, instance: Instance, migration: Migration,
                error: Exception) -> None:
        """Write why a migration did not start; the server is as it was, or in error where
        nobody knows what happened."""
        event = faults.event_for(error)
        if event == 'lose':
            LOG.warning('Live migration of instance %s is over before it began: %s', instance.uuid,
                        exception.message_of(error), exc_info=error)
        action_events.record_fault(ctxt, instance, error, self.host)
        try:
            with action_events.told_with_the_end(instance.uuid, error) as steps:
                migration.advance(event, reason=exception.public_message(error),
                                  failed_check=exception.class_of(error), owner=self.owner,
                                  steps=steps)
        except exception.InvalidMigrationState as late:
            LOG.info('Migration %s is decided already: %s', migration.uuid,
                     late.format_message())
            return
        instance.refresh()
        notifications.migrate_server_error(ctxt, instance, error, self.host)

    # -- leases ----------------------------------------------------------------------------------
    def renew_leases(self) -> None:
        """A task may wait long for a host; its lease must not run out meanwhile."""
        if working := list(self._at_work):
            objects.MigrationList.renew_leases(context.get_admin_context(), self.owner, working,
                                               service_conf.down_time(CONF))

    def release_leases(self, only: list[int] | None = None) -> None:
        """This process ends, or leaves some: others need not wait for the leases to run out."""
        objects.MigrationList.release_leases(context.get_admin_context(), self.owner, only)

    def take_over(self) -> None:
        """Go on with migrations that wait for a conductor and have none."""
        if left := list(self._left):
            self.release_leases(left)
            self._left.difference_update(left)
        for migration in objects.MigrationList.get_run_out(context.get_admin_context()):
            if migration.id not in self._at_work:
                LOG.warning('Taking over migration %s of instance %s from %s', migration.uuid,
                            migration.instance_uuid, migration.owner or 'a lost message')
                utils.spawn(self._take_over, migration, name=f'take-over-{migration.uuid}')

    def _take_over(self, migration: Migration) -> None:
        ctxt = context.RequestContext.from_dict(migration.request_context)
        ctxt.update_store()
        migration._context = ctxt
        try:
            instance = objects.Instance.get_by_uuid(ctxt.elevated(), migration.instance_uuid)
            with action_events.reporter(ctxt, 'conductor_live_migrate_instance', instance.uuid,
                                        self.host):
                self.run(ctxt, instance, migration)
        except exception.InstanceNotFound as error:
            migration.advance('fail', reason=error.format_message())
        except (exception.NovaLiteException, *rpc.NOT_SENT) as error:
            LOG.info('Migration %s of instance %s is refused: %s', migration.uuid,
                     migration.instance_uuid, exception.message_of(error))
