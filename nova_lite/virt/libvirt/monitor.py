# SPDX-License-Identifier: Apache-2.0
"""Watching one copy to its end: the loop between libvirt's news and the decisions about them.

A Monitor watches a copy that this process started, or one that it found running (after its own
restart, or when libvirtd was restarted in the middle). It wakes at libvirt's events; every half
second it looks by itself, for what has no event.
"""
import queue
import time
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, moments
from nova_lite.conf import CONF
from nova_lite.migration import schedules
from nova_lite.migration.observations import Outcome, Progress
from nova_lite.migration.schedules import Situation
from nova_lite.migration.steering import Steering
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import abi, decisions, events, operation
from nova_lite.virt.libvirt.guest import Guest, Seen
from nova_lite.virt.libvirt.helm import Helm
from nova_lite.virt.libvirt.host import LibvirtError
from nova_lite.virt.libvirt.reporter import Reporter

LOG = logging.getLogger(__name__)

POLL = 0.5              # s between two looks when nothing happens
SETTLE = 1.0            # s that an end which nobody announced must stand before it is believed
CONTACT_LIMIT = 300     # s that libvirt may be away beyond the copy's own limit
LAST_WORD = 1.0         # real s in which another thread brings the word that a copy is complete
STALL = 8.0             # s without a new byte before a post-copy counts as paused
MAX_DEFECTS = 20        # errors of this module itself, after which the copy is ended


class Monitor:
    """``run()`` in one thread; the orders of ``helm`` from any other."""

    def __init__(self, guest: Guest, courier: events.Courier,
                 on_progress: Callable[[Progress], None], steering: Steering) -> None:
        self._guest, self._clock = guest, guest.clock
        self.helm = Helm(guest, courier, steering)
        self._size_gb: float = schedules.SMALLEST_GB
        self._reporter = Reporter(on_progress)
        self._operation_runs = False
        self._end = operation.End()
        self._started = self._clock.now()
        self._spent_before = 0.0            # s, by a process before this one
        self._seen_idle: float | None = None
        self._without_contact: float | None = None
        self._post_copy = False             # now
        self._switched = False              # ever
        self._processed: int | None = None
        self._processed_since = self._clock.now()
        self._final_job: dict[str, Any] = {}
        self._last_progress = Progress()
        self._failing: set[str] = set()

    # -- the loop ---------------------------------------------------------------------------------
    def run(self, news: queue.Queue[events.Event], size_gb: float, started_here: bool) -> Outcome:
        """Watch until no job runs any more. ``news`` is a subscription to the guest's events,
        ``size_gb`` what the limits are counted from; ``started_here``: the copy's end will be
        among the news."""
        self._size_gb, self._operation_runs = size_gb, started_here
        self._started = self._clock.now()
        defects = 0
        try:
            while True:
                try:
                    outcome = self._step(news)
                except Exception as error:  # the copy goes on, so somebody has to watch it
                    LOG.exception('Watching instance %s', self._guest.uuid)
                    defects += 1
                    outcome = self._bring_to_an_end(news, exception.public_message(error)) \
                        if defects >= MAX_DEFECTS else None
                if outcome is not None:
                    return outcome
        finally:
            self._reporter.close()

    def _bring_to_an_end(self, news: queue.Queue[events.Event], why: str) -> Outcome:
        """The plainest of loops, for a copy that cannot be watched: end its job, and return once
        libvirt shows that none runs."""
        LOG.error('Instance %s: its copy cannot be watched, ending it', self._guest.uuid)
        while True:
            if self._hear(news, POLL) and not self._end.error:
                return Outcome(virt_driver.COMPLETED)
            try:
                seen = self._guest.look()
                if seen.departing:
                    self._guest.abort_job()
                elif not self._operation_runs:
                    return decisions.judge(seen, f'the copy could not be watched: {why}')
            except exception.InstanceNotFound:
                if not self._operation_runs:
                    return decisions.judge(None, why)
            except Exception as error:
                LOG.info('Instance %s, ending its copy: %s', self._guest.uuid,
                         exception.message_of(error))

    def _step(self, news: queue.Queue[events.Event]) -> Outcome | None:
        ended = self._hear(news, POLL)
        outcome = self._ended(news) if ended else None
        return outcome or self._look(news)

    def _hear(self, news: queue.Queue[events.Event], timeout: float) -> bool:
        """Wait for news and take in all there is; whether migrateToURI3 has returned."""
        ended = False
        event = events.wait(news, self._clock.wait_for(timeout))
        while event is not None:
            if event.kind == events.JOB_COMPLETED:
                self._final_job = event.detail
            elif event.kind == events.LIFECYCLE and event.detail == abi.SUSPENDED_POSTCOPY:
                self._switched = True
            elif event.kind == events.OPERATION_ENDED:
                self._end, self._operation_runs, ended = event.detail, False, True
            event = events.wait(news, 0)
        return ended

    def _ended(self, news: queue.Queue[events.Event]) -> Outcome | None:
        """What the end of migrateToURI3 tells; None when it is no end of the copy."""
        if self._end.broken:
            error = (f'libvirt of host {self._guest.host_name} went away during the copy: '
                     f'{self._end.error}')
            self._end = self._end._replace(error=error)
            LOG.warning('Instance %s: %s', self._guest.uuid, error)
            return None
        if not self._end.error:
            return self._complete(news)
        try:
            seen = self._guest.look()
            if seen.active:     # so it was not this end that broke
                self._end = self._end._replace(error=decisions.explain(self._end.error))
            return None if seen.departing else self._conclude(seen)
        except exception.InstanceNotFound:
            return self._conclude(None)
        except (exception.HypervisorUnavailable, LibvirtError) as error:
            LOG.warning('Cannot see how the migration of instance %s ended: %s',
                        self._guest.uuid, error.format_message())
            return None

    def _look(self, news: queue.Queue[events.Event]) -> Outcome | None:
        try:
            seen = self._guest.look()
        except exception.InstanceNotFound:
            return None if self._operation_runs else self._gone(news)
        except exception.HypervisorUnavailable as error:
            return self._wait_for_contact(error)
        except LibvirtError as error:
            LOG.debug('Looking at instance %s: %s', self._guest.uuid, error.format_message())
            return None
        self._without_contact = None
        self._post_copy = (seen.state, seen.reason) == (abi.State.PAUSED, abi.Paused.POSTCOPY)
        self._switched = self._switched or self._post_copy
        if seen.departing and seen.reason != abi.Paused.POSTCOPY_FAILED:
            self._seen_idle = None
            self._watch(seen)
            return None
        return None if self._operation_runs else self._believe_idle(seen)

    def _watch(self, seen: Seen) -> None:
        """What goes on beside the watching: when it fails, the copy is watched all the same."""
        for act in (self.helm.observe, self._read, self._tell, self._steer):
            try:
                act(seen)
            except Exception as error:
                if act.__name__ not in self._failing:
                    LOG.exception('Instance %s: %s', self._guest.uuid,
                                  exception.message_of(error))
                self._failing.add(act.__name__)
            else:
                self._failing.discard(act.__name__)

    def _read(self, seen: Seen) -> None:
        moments.reach('watch-read', self._guest.uuid)
        progress = decisions.read_progress(seen.job)
        self._spent_before = max(
            self._spent_before, (progress.elapsed_ms or 0) / 1000 - self._elapsed(False))
        self._last_progress = progress._replace(
            post_copy=self._switched, note=self._note(progress))

    def _situation(self) -> Situation:
        return Situation(elapsed=self._elapsed(), data_gb=self._size_gb,
                         post_copy=self._post_copy, progress=self._last_progress)

    def _tell(self, _seen: Seen) -> None:
        moments.reach('watch-tell', self._guest.uuid)
        self._reporter.offer(self._last_progress._replace(eta_s=self.helm.eta(self._situation())))

    def _steer(self, _seen: Seen) -> None:
        moments.reach('watch-steer', self._guest.uuid)
        self.helm.steer(self._situation())

    def _note(self, progress: Progress) -> str:
        now = self._clock.now()
        if progress.memory_processed != self._processed:
            self._processed, self._processed_since = progress.memory_processed, now
        if self._post_copy and now > self._processed_since + STALL:
            return ('post-copy is paused: nothing of the guest arrives any more, it stands still '
                    'at the destination. It goes on when the hosts reach each other again')
        return ''

    def _elapsed(self, with_before: bool = True) -> float:
        own = self._clock.now() - self._started
        return own + self._spent_before if with_before else own

    # -- ends -------------------------------------------------------------------------------------
    def _complete(self, news: queue.Queue[events.Event]) -> Outcome:
        """libvirt finished all phases. The final figures come with an event of another thread."""
        self._wait_for_last_word(news)
        return Outcome(virt_driver.COMPLETED, '', self._progress(), self.helm.paused)

    def _gone(self, news: queue.Queue[events.Event]) -> Outcome:
        """The guest left and no migrateToURI3 of this process tells how. libvirt announces a
        completed job only when the destination has taken the guest over."""
        self._wait_for_last_word(news)
        if self._final_job:
            return Outcome(virt_driver.COMPLETED, '', self._progress(), self.helm.paused)
        return self._conclude(None)

    def _wait_for_last_word(self, news: queue.Queue[events.Event]) -> None:
        deadline = time.monotonic() + LAST_WORD
        while not self._final_job and (left := deadline - time.monotonic()) > 0:
            self._hear(news, self._clock.passed(left))

    def _believe_idle(self, seen: Seen) -> Outcome | None:
        now = self._clock.now()
        if self._seen_idle is None:
            self._seen_idle = now
        return self._conclude(seen) if now - self._seen_idle >= SETTLE else None

    def _wait_for_contact(self, error: exception.HypervisorUnavailable) -> Outcome | None:
        self._seen_idle = None
        if self._operation_runs:
            return None
        now = self._clock.now()
        if self._without_contact is None:
            self._without_contact = now
        timeout = CONF.libvirt.live_migration_completion_timeout * self._size_gb
        if self._elapsed() < timeout or now - self._without_contact < CONTACT_LIMIT:
            return None
        return Outcome(virt_driver.LOST, error.format_message(), self._last_progress)

    def _conclude(self, seen: Seen | None) -> Outcome:
        cancelled = self._end.code == abi.Error.OPERATION_ABORTED or self.helm.abort_sent
        error = self.helm.abort_reason if cancelled and self.helm.abort_reason else self._end.error
        outcome = decisions.judge(seen, error, cancelled)
        self.helm.let_go(seen)
        return outcome._replace(progress=self._progress(), paused=self.helm.paused)

    def _progress(self) -> Progress:
        progress = decisions.read_progress(self._final_job) if self._final_job \
            else self._last_progress
        return progress._replace(
            # which the final statistics leave out
            throttle=progress.throttle or self._last_progress.throttle,
            post_copy=self._switched, note='')
