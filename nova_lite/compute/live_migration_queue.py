# SPDX-License-Identifier: Apache-2.0
"""All live migrations away from this host: the queue, the running ones, abort, force-complete.

The queue is in the database (db/queue.py), which is asked what may start when a migration is put
there, and again when one ends, here or at a destination that others wait for. That second question
is one thread's, which also asks now and then, as the fallback for a wake-up that was lost.
"""
import threading
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import context, exception, moments, notifications, objects, rpc, utils
from nova_lite.compute.copy_semaphore import CopySemaphore
from nova_lite.compute.live_migration_source import Move
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states
from nova_lite.objects import Instance, Migration
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)

# s between two looks that nobody asked for; each one that finds nothing to do is followed by a
# pause twice as long, since a thousand idle hosts ask one database
LOOK_INTERVAL, LONGEST_LOOK_INTERVAL = 5.0, 80.0


class LiveMigrationQueue:
    """``moves``: the migrations that this process works on, by uuid."""

    def __init__(self, host: str, driver: virt_driver.ComputeDriver,
                 wake: threading.Event | None = None) -> None:
        self.host, self._driver = host, driver
        self._compute = ComputeAPI()
        self.moves: dict[str, Move] = {}
        self._semaphore = CopySemaphore(lambda: CONF.max_concurrent_live_migrations)
        self._wake, self._stopping = wake or threading.Event(), threading.Event()
        self._forsaken = threading.Event()      # a move ended here without an end in the record

    # -- the queue -------------------------------------------------------------------------------
    def put(self, migration: Migration) -> None:
        """Queue a migration. A message that comes a second time finds it queued and is dropped."""
        moments.reach('edge-queue-start', migration.instance_uuid)
        try:
            started = objects.MigrationList.queue_up(
                migration._context, migration.id, self.host, CONF.max_concurrent_live_migrations)
        except exception.InvalidMigrationState as error:
            LOG.info('Nothing to queue: %s', error.format_message())
            return
        except Exception:
            self._forsaken.set()        # the answer may be lost and not the request
            self.wake()
            raise
        moments.reach('edge-queue-end', migration.instance_uuid)
        self._begin_all(started)

    def wake(self) -> None:
        """Somebody left or came: look whether another migration may start."""
        self._wake.set()

    def start(self) -> None:
        """Take up what an earlier process left, then serve the queue until :meth:`stop`."""
        self._take_up()
        self._wake.set()
        utils.spawn(self._serve, name='live-migration-queue')

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def _serve(self) -> None:
        troubled, pause = False, LOOK_INTERVAL
        while not self._stopping.is_set():
            woken = self._wake.wait(pause)
            # one at work may have to be taken up soon
            busy = woken or self.moves or self._forsaken.is_set()
            pause = LOOK_INTERVAL if busy else min(2 * pause, LONGEST_LOOK_INTERVAL)
            self._wake.clear()
            if self._stopping.is_set():
                return
            try:
                # an order that nobody waited for any more may have been carried out after all, so
                # this is asked now and then as well
                if troubled or not woken or self._forsaken.is_set():
                    self._forsaken.clear()
                    self._take_up()
                self._start_next()
                troubled = False
            except Exception as error:
                # the answer may be lost and not the request: what was started is taken up then
                troubled, pause = True, LOOK_INTERVAL
                LOG.warning('Cannot look into the queue of live migrations, trying again: %s',
                            exception.message_of(error))

    def _start_next(self) -> None:
        moments.reach('edge-prepare-start', self.host)      # of no one server
        self._begin_all(objects.MigrationList.start_next(
            context.get_admin_context(), self.host, CONF.max_concurrent_live_migrations))

    def _begin_all(self, started: objects.MigrationList) -> None:
        servers = {instance.uuid: instance for instance in started.instances}
        for migration in started:
            moments.reach('edge-prepare-end', migration.instance_uuid)
            self._begin(migration, Move.run, servers.get(migration.instance_uuid))

    # -- those that run --------------------------------------------------------------------------
    def _take_up(self) -> None:
        """Every migration away from this host that nobody works on goes on where it stands."""
        unfinished = objects.MigrationList.get_unfinished_by_host(
            context.get_admin_context(), self.host)
        for migration in unfinished:
            if self._is_nobodys(migration):
                migration.refresh()         # its move may have ended since it was read
                if self._is_nobodys(migration):
                    self._begin_or_say(migration)

    def _begin_or_say(self, migration: Migration) -> None:
        """A record that cannot be read is no reason to leave the others alone."""
        try:
            self._begin(migration, Move.take_up)
        except (exception.NovaLiteException, *rpc.UNREACHABLE):
            raise       # the conductor or its database is away, so they are for all
        except Exception:
            self._forsaken.set()
            LOG.exception('Cannot take up migration %s', migration.uuid)

    def _is_nobodys(self, migration: Migration) -> bool:
        return (migration.source_compute == self.host and migration.uuid not in self.moves
                and migration.status in migration_states.BEGUN)

    def _begin(self, migration: Migration, work: Callable[[Move], None],
               instance: Instance | None = None) -> None:
        try:
            self._spawn(migration, work, instance)
        except exception.InstanceNotFound as error:
            migration.advance('fail', reason=error.format_message())
        except exception.RowUnreadable as error:
            self._forsaken.set()        # it may be corrected
            LOG.error('Migration %s is left %s for now: %s', migration.uuid, migration.status,
                      error.format_message())

    def _spawn(self, migration: Migration, work: Callable[[Move], None],
               instance: Instance | None) -> None:
        ctxt = context.RequestContext.from_dict(migration.request_context)
        ctxt.update_store()
        instance = instance or objects.Instance.get_by_uuid(ctxt, migration.instance_uuid)
        migration._context = instance._context = ctxt
        data = objects.LibvirtLiveMigrateData.from_stored(ctxt, migration)
        move = Move(ctxt, instance, migration, data, self._driver, self._compute)
        if self.moves.setdefault(migration.uuid, move) is not move:
            return      # two have found it: who has put it, and who takes up what nobody has
        utils.spawn(self._see_through, move, work, name=f'migsrc-{instance.uuid}')

    def _see_through(self, move: Move, work: Callable[[Move], None]) -> None:
        try:
            # who takes one up finds a copy that may run already
            with self._semaphore.place(wait=work is not Move.take_up):
                work(move)
        except Exception as error:
            # its end could not be written: it is taken up when that is possible again
            LOG.warning('Migration %s is left %s for now: %s', move.migration.uuid,
                        move.migration.status, exception.message_of(error))
            self._forsaken.set()
        finally:
            self.moves.pop(move.migration.uuid, None)
            move.ended.set()
            if not self._forsaken.is_set():     # that has to wait for better times
                self.wake()
            self._wake_others(move)

    def _wake_others(self, move: Move) -> None:
        """The destination has a place free, for which another source may wait."""
        try:
            waiting = objects.MigrationList.get_sources_waiting_for(move.ctxt, move.dest)
            for host in set(waiting) - {self.host}:
                self._compute.live_migration_place_free(move.ctxt, host=host)
        except Exception as error:
            LOG.info('Cannot tell other hosts of a free place, they will look for themselves: %s',
                     exception.message_of(error))

    # -- orders ----------------------------------------------------------------------------------
    def abort(self, ctxt: RequestContext, instance: Instance, migration: Migration) -> None:
        """End a migration that is queued, being prepared or running; the guest stays here.

        InvalidMigrationState when it is too late.
        """
        with notifications.live_migration_phase(ctxt, instance, 'abort', self.host):
            if self._cancel_in_queue(migration, 'aborted while it was queued'):
                self.wake()
                return
            move = self.moves.get(migration.uuid)
            if move is None:
                raise exception.InvalidMigrationState(
                    migration_id=migration.id, instance_uuid=instance.uuid,
                    state=migration.status, method='abort')
            move.abort()

    @staticmethod
    def _cancel_in_queue(migration: Migration, reason: str) -> bool:
        """End one that has not begun; False when it has, or is over. It is fresh afterwards."""
        while migration.status in (migration_states.ACCEPTED, migration_states.QUEUED):
            try:
                migration.advance('cancel', reason=reason)
                return True
            except exception.InvalidMigrationState:
                migration.refresh()     # it went on just now
        return False

    def force_complete(self, ctxt: RequestContext, instance: Instance,
                       migration: Migration) -> None:
        if migration.status != migration_states.RUNNING:
            raise exception.InvalidMigrationState(
                migration_id=migration.id, instance_uuid=instance.uuid, state=migration.status,
                method='force complete')
        with notifications.live_migration_phase(ctxt, instance, 'force_complete', self.host):
            self._driver.live_migration_force_complete(instance)

    def tune(self, ctxt: RequestContext, instance: Instance, migration: Migration,
             changes: dict[str, int]) -> None:
        """Change the terms of a running copy. InvalidMigrationState when it is too late."""
        move = self.moves.get(migration.uuid)
        if move is None or migration.status != migration_states.RUNNING:
            raise exception.InvalidMigrationState(
                migration_id=migration.id, instance_uuid=instance.uuid, state=migration.status,
                method='tune')
        move.tune(changes, ctxt.user_id or 'the system')

    def end_for_deletion(self, ctxt: RequestContext, instance: Instance) -> None:
        """Before a server is deleted: end its migration and wait, at most shutdown_timeout."""
        for move in [move for move in self.moves.values()
                     if move.instance.uuid == instance.uuid]:
            try:
                move.abort()
            except (exception.InvalidMigrationState, exception.NoActiveMigrationForInstance,
                    exception.InstanceInvalidState):
                LOG.info('Migration %s ends by itself', move.migration.uuid)
            move.abandon()
            move.ended.wait(CONF.shutdown_timeout)
            if move.broken:
                # the half over there goes as well, or it would run on with holes in its memory
                self._compute.discard_half(ctxt, host=move.dest, instance=instance)
                objects.Claim.drop(ctxt, move.migration.uuid)
        for migration in objects.MigrationList.get_in_progress_by_instance(ctxt, instance.uuid):
            self._cancel_in_queue(migration, 'the server was deleted')
