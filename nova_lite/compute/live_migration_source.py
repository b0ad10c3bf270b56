# SPDX-License-Identifier: Apache-2.0
"""One live migration away from this host: prepare, move, and the end, good or bad.

A :class:`Move` is STEPS with their undos and the point of no return, after which the guest runs
over there and the only way is forward. Every status is written by ``Migration.advance``, so who
comes second (an abort, another process) loses cleanly. After a restart a Move begins again at the
step that its status names.
"""
import contextlib
import threading
import time
from typing import Any

from oslo_log import log as logging

from nova_lite import action_events, exception, faults, notifications, step_runner, utils
from nova_lite.compute import copy_watch, post_copy, presence, refusals, rpcapi
from nova_lite.compute.migration_progress import ProgressKeeper
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states, recovery, vm_states
from nova_lite.migration.steering import Steering
from nova_lite.objects import Instance, LibvirtLiveMigrateData, Migration
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)

STILL_TRUE = 1.0        # s for which an answer of the record is taken to hold


class Move:
    """One migration away from this host."""

    STEPS: step_runner.Steps = (
        # do                                  undo
        ('prepare_destination', 'rollback_at_destination'),
        ('move_guest', 'rollback_at_source'),
        step_runner.POINT_OF_NO_RETURN,
        ('confirm_at_destination', None),
        ('clean_source', None),
    )

    def __init__(self, ctxt: RequestContext, instance: Instance, migration: Migration,
                 migrate_data: LibvirtLiveMigrateData, driver: virt_driver.ComputeDriver,
                 compute: ComputeAPI) -> None:
        self.ctxt, self.instance, self.migration = ctxt, instance, migration
        self.migrate_data, self.dest = migrate_data, migration.destination
        self.abort_wanted, self.copying = threading.Event(), threading.Event()
        self.ended = threading.Event()
        self._driver, self._compute = driver, compute
        self._start_copy: virt_driver.StartCopy = driver.live_migration
        self._power_state = instance.power_state
        self._remark: str | None = None
        self._copied = self._left = False
        self._steering = Steering(migration.steering or {'goals': migration.goals},
                                  paused=instance.vm_state == vm_states.PAUSED)
        self._keeper = ProgressKeeper(instance, migration, self._steering)
        self._broken: virt_driver.Outcome | None = None     # of a post-copy
        self._split = post_copy.Split(migration.source_compute, self.dest, instance.name,
                                      self._obstacle, self._resume, self._tell)
        self._watch = copy_watch.CopyWatch(
            driver, instance,
            lambda: rpcapi.ask_presence(compute, ctxt, self.dest, instance), self._say)

    def run(self) -> None:
        """From ``preparing`` to the end."""
        self._to_the_end(start_at='prepare_destination')

    def adopt(self) -> None:
        """Take up what an earlier process of this host left ``running``."""
        self._start_copy = self._driver.adopt_live_migration
        self._to_the_end(start_at='move_guest')

    def run_again(self) -> None:
        """Do what an earlier process of this host left ``preparing``: no copy had begun, so what
        it made at the destination is removed and made anew."""
        step_runner.undo_all(self.STEPS, self)
        self.run()

    def arrive(self) -> None:
        """The guest has arrived while no process of this host was there to see it."""
        self._to_the_end(start_at='confirm_at_destination')

    def take_up(self) -> None:
        """Go on with what an earlier process of this host left, as migration/recovery.py says."""
        source = recovery.GUEST[presence.look(self._driver, self.instance)]
        destination = rpcapi.ask_presence(self._compute, self.ctxt, self.dest, self.instance)
        rule = recovery.decide(self.migration.status, source, destination)
        LOG.info('Taking up migration %s of instance %s, which is %s (here: %s, on %s: %s): %s, '
                 'since %s', self.migration.uuid, self.instance.uuid, self.migration.status,
                 source, self.dest, destination, rule.action, rule.why)
        self.migration.reason = None        # a conductor may have written that nobody was there
        if rule.action == recovery.PREPARE:
            self.run_again()
        elif rule.action == recovery.FINISH:
            self.arrive()
        elif self.migration.status != migration_states.PREPARING:
            self.adopt()        # how a copy ended is for the driver to find out, a look cannot
        elif rule.action == recovery.ROLL_BACK:
            step_runner.undo_all(self.STEPS, self)
            self._end_badly(exception.LiveMigrationFailed(reason=rule.why))
        else:
            self._finish('lose', rule.why)

    def abort(self) -> None:
        """End this migration: before the copy begins, or the copy itself.

        NoActiveMigrationForInstance when there is no copy any more.
        """
        self.abort_wanted.set()
        if not self.copying.is_set():
            return
        try:
            self._driver.live_migration_abort(self.instance)
        except exception.NoActiveMigrationForInstance:
            if self._copied:
                raise
            # the copy is about to begin: its first reading meets the wish

    def tune(self, changes: dict[str, int], who: str) -> None:
        """Change the terms of the running copy, see Steering.retune().
        NoActiveMigrationForInstance, InstanceInvalidState."""
        if 'bandwidth' in changes:
            self._driver.live_migration_set_bandwidth(self.instance, changes['bandwidth'])
        self._steering.retune(changes, who)
        self._keeper.save_decisions()

    @property
    def broken(self) -> bool:
        """Is the guest split between both hosts by a post-copy that broke, and not whole again?"""
        return self._broken is not None and self.migration.status != migration_states.COMPLETED

    def abandon(self) -> None:
        """The server is being deleted: do not wait for a broken post-copy any longer."""
        self._split.abandon()

    def _note(self, progress: virt_driver.Progress) -> None:
        self._keeper.note(progress)
        if self.abort_wanted.is_set() and not progress.post_copy:
            with contextlib.suppress(exception.NoActiveMigrationForInstance):
                self._driver.live_migration_abort(self.instance)

    def _to_the_end(self, start_at: str) -> None:
        try:
            step_runner.run(self.STEPS, self, start_at=start_at)
        except exception.DatabaseUnavailable:
            raise       # taken up by the record when there is one again
        except Exception as error:
            self._end_badly(error)
        else:
            self.migration.reason = None        # nothing is waited for any more
            self._finish('complete', self._remark, updates=vm_states.after_move(self._power_state))

    # -- steps -----------------------------------------------------------------------------------
    def prepare_destination(self) -> None:
        disk_info = []
        if self.migrate_data.block_migration:
            with refusals.by(self.migration.source_compute):
                disk_info = self._driver.get_instance_disk_info(self.instance)
        self.migrate_data = self._compute.pre_live_migration(
            self.ctxt, host=self.dest, instance=self.instance, disk_info=disk_info,
            migrate_data=self.migrate_data)
        # a later process of this host needs it to take the copy up; written with the edge ``run``
        self.migration.migrate_data = self.migrate_data.obj_to_primitive()

    def rollback_at_destination(self) -> None:
        self._compute.rollback_live_migration_at_destination(
            self.ctxt, host=self.dest, instance=self.instance, migrate_data=self.migrate_data)

    def move_guest(self) -> None:
        if self.migration.status not in (migration_states.RUNNING, migration_states.POSTCOPY):
            self.migration.advance('run')       # refused when somebody has ended it meanwhile
        # from here an abort goes to the driver; one that came before is met here
        self.copying.set()
        if self.abort_wanted.is_set():
            raise exception.LiveMigrationAborted(reason='aborted before the copy began')
        terms = (self.ctxt, self.instance, self.dest, self.migrate_data, self._note,
                 self._steering)
        outcome = self._watch.see_through(
            lambda: self._start_copy(*terms), lambda: self._driver.adopt_live_migration(*terms))
        self._copied = True
        if outcome.status != virt_driver.COMPLETED and self._post_copy(outcome):
            self._broken = outcome      # the guest is at the destination, and there is no way back
            return
        self._keeper.close(outcome.progress)
        if outcome.status == virt_driver.CANCELLED:
            raise exception.LiveMigrationAborted(reason=outcome.reason or 'aborted on request')
        if outcome.status == virt_driver.FAILED:
            raise exception.LiveMigrationFailed(reason=outcome.reason)
        if outcome.status == virt_driver.LOST:
            LOG.warning('Instance %s has left this host in doubt (%s); asking host %s',
                        self.instance.uuid, outcome.reason, self.dest)

    def _post_copy(self, outcome: virt_driver.Outcome) -> bool:
        return (outcome.status == virt_driver.BROKEN or outcome.progress.post_copy
                or self.migration.status == migration_states.POSTCOPY)

    def rollback_at_source(self) -> None:
        with notifications.live_migration_phase(self.ctxt, self.instance, 'rollback',
                                                self.migration.source_compute):
            self._driver.rollback_live_migration_at_source(self.ctxt, self.instance,
                                                           self.migrate_data)

    def confirm_at_destination(self) -> None:
        """Have the destination prove that it runs the guest. A destination that does not answer
        is asked again for lost_host_timeout, and after a broken post-copy for as long as it
        takes."""
        self._left = True
        self.migrate_data.paused = self._steering.paused
        if self._broken is not None:
            self._split.wait_until_whole(self._broken.reason)
            self._keeper.close(self._broken.progress._replace(post_copy=True, note=''))
        # asked beside the other question, or the server would have to wait for both in turn
        self._asked_at = time.monotonic()
        self._given_up = utils.begin(copy_watch.given_up, self.ctxt, self.migration)
        try:
            self._power_state = copy_watch.insist(
                lambda: self._compute.post_live_migration_at_destination(
                    self.ctxt, host=self.dest, instance=self.instance,
                    migration=self.migration, migrate_data=self.migrate_data),
                f'host {self.dest} does not answer whether it runs the guest', self._say)
        except exception.InstanceNotRunning as error:
            raise exception.LiveMigrationLost(reason=error.format_message()) from error

    def _obstacle(self) -> str:
        return self._compute.live_migration_obstacle(self.ctxt, host=self.dest,
                                                     instance=self.instance)

    def _resume(self) -> virt_driver.Outcome:
        return self._driver.resume_live_migration(self.ctxt, self.instance, self.dest,
                                                  self.migrate_data, self._note)

    def _tell(self, text: str) -> None:
        if self._broken is not None:
            self._keeper.note(self._broken.progress._replace(post_copy=True, note=text))

    def _say(self, text: str) -> None:
        """Show what is waited for; that it cannot be written is no reason to end."""
        try:
            if self.migration.reason != text:
                self.migration.reason = text
                self.migration.save()
        except Exception as error:
            LOG.info('Migration %s: %s (%s)', self.migration.uuid, text,
                     exception.message_of(error))

    def clean_source(self) -> None:
        """What cannot be removed here is mentioned; the guest lives over there all the same."""
        fresh = time.monotonic() - self._asked_at < STILL_TRUE
        if self._given_up.result() if fresh else copy_watch.given_up(self.ctxt, self.migration):
            return
        try:
            with notifications.live_migration_phase(self.ctxt, self.instance, 'post',
                                                    self.migration.source_compute):
                copy_watch.insist(lambda: self._driver.post_live_migration_at_source(
                    self.ctxt, self.instance, self.migrate_data),
                    'the guest has moved, and the source cannot be cleaned yet', self._say)
        except Exception as error:
            LOG.exception('Cannot clean up after instance %s', self.instance.uuid)
            self._remark = (f'the guest has moved, but host {self.migration.source_compute} could '
                            f'not be cleaned: {exception.public_message(error)}')

    # -- ends ------------------------------------------------------------------------------------
    def _end_badly(self, error: Exception) -> None:
        event = faults.event_for(error)
        not_begun = self.migration.status == migration_states.PREPARING
        if event == 'reject' or (event == 'lose' and not_begun):
            event = 'fail'      # the guest has not left, and what was made for it is removed
        if self._left:
            event = 'lose'      # only the destination's word makes an end of it
        LOG.warning('Live migration of instance %s to %s: %s', self.instance.uuid, self.dest,
                    exception.message_of(error), exc_info=error if event == 'lose' else None)
        action_events.record_fault(self.ctxt, self.instance, error, self.migration.source_compute)
        self._finish(event, exception.public_message(error), exception.class_of(error),
                     self._state_at_source() if event != 'lose' else None)

    def _state_at_source(self) -> dict[str, Any]:
        """What the guest that stayed is now: it may have ended by itself meanwhile."""
        try:
            state = self._driver.get_info(self.instance).state
        except exception.NovaLiteException:
            return {}
        return vm_states.after_move(state)

    def _finish(self, event: str, reason: str | None = None, failed_check: str | None = None,
                updates: dict[str, Any] | None = None) -> None:
        try:
            # nobody else takes an edge between these, but the answer to one may have been lost
            with action_events.told_with_the_end(self.instance.uuid) as steps:
                self.migration.advance(event, reason=reason, failed_check=failed_check,
                                       instance_updates=updates, steps=steps,
                                       expected_status=migration_states.BEGUN)
        except exception.InvalidMigrationState as error:
            LOG.warning('Somebody else ended the migration: %s', error.format_message())
        else:
            LOG.info('Migration %s of instance %s: %s', self.migration.uuid, self.instance.uuid,
                     self.migration.status)
