# SPDX-License-Identifier: Apache-2.0
"""Watching one simulated copy to its end, with the decisions of the libvirt driver.

Everything that a decision needs is in the world, so a compute process that takes a copy up after
a restart decides as the one before it would have. Times are simulated seconds.
"""
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, moments
from nova_lite.conf import CONF
from nova_lite.migration import convergence, schedules as decisions, schedules as migration
from nova_lite.migration.convergence import Decision
from nova_lite.migration.observations import Outcome, Progress
from nova_lite.migration.steering import Steering
from nova_lite.virt import driver
from nova_lite.virt.libvirt.reporter import Reporter
from nova_lite.virt.simulation import course, guests, hypervisor, jobs, model
from nova_lite.virt.simulation.state import (ACTIVE, BY_USER, IN_POSTCOPY, MIGRATED, NOT_MOVING,
                                             RUNNING, SHUTOFF, Job, State)
from nova_lite.virt.simulation.world import World

LOG = logging.getLogger(__name__)

POLL = 0.5                # between two looks when nothing happens
SHORTEST_POLL = 0.05      # real seconds
CONTACT_LIMIT = 300       # that the hypervisor may be away before the copy counts as lost
HERE = 'the guest runs at the source and no migration does'


class Watcher:
    """``run()`` returns when nothing of the copy runs any more."""

    def __init__(self, world: World, host: str, uuid: str,
                 on_progress: Callable[[Progress], None],
                 steering: Steering | None = None) -> None:
        self._world, self._host, self._uuid = world, host, uuid
        self._on_progress, self._steering = on_progress, steering or Steering()
        self._out_of_reach_since: float | None = None
        self._limits, self._failing = decisions.Limits(), set[str]()

    def run(self) -> Outcome:
        reporter = Reporter(self._on_progress)
        try:
            while (outcome := self._look(reporter)) is None:
                pass
        finally:
            reporter.close()
        return outcome

    def _look(self, reporter: Reporter) -> Outcome | None:
        """Look, decide, and wait for the next turn; the outcome when there is one."""
        due: list[Decision] = []
        with self._world.look() as state:
            job, pause = state.jobs[self._uuid], POLL * state.time_scale
            reachable = state.hosts[self._host].up
            if reachable:
                self._out_of_reach_since = None
            elif self._out_of_reach_since is None:
                self._out_of_reach_since = state.now
            elif state.now > self._out_of_reach_since + CONTACT_LIMIT:
                return Outcome(driver.LOST, f'the hypervisor of {self._host} cannot be reached')
            if reachable and job.active and job.failed_postcopy:
                return Outcome(driver.BROKEN, 'internal error: client socket is closed',
                               jobs.progress(state, job))
            if reachable:
                due = self._beside(self._decide, state, job, reporter) or []
            turn = job.copy.iteration
        if reachable and not job.active:
            return self._conclude()
        for decision in due:
            self._beside(self._do, decision)
        self._world.wait_until(lambda state: self._is_news(state, turn),
                               max(pause, SHORTEST_POLL),
                               lambda state: course.due(state, state.jobs[self._uuid]))
        return None

    def _beside(self, act: Callable[..., Any], *args: Any) -> Any:
        """What goes on beside the watching: when it fails, the copy is watched all the same."""
        try:
            return act(*args)
        except Exception as error:
            if act.__name__ not in self._failing:
                LOG.exception('Instance %s: %s', self._uuid, exception.message_of(error))
            self._failing.add(act.__name__)
            return None

    def _decide(self, state: State, job: Job, reporter: Reporter) -> list[Decision]:
        """Tell of the progress; what is due."""
        moments.reach('watch-steer', self._uuid)
        self._limits = decisions.Limits.reread(CONF.libvirt, self._limits)
        self._observe(state, job)
        now = self._situation(state, job)
        reporter.offer(now.progress._replace(eta_s=self._steering.eta(now, self._limits)))
        if not job.active:
            return []
        # this hypervisor can slow a guest at any time, but not one that may leave soon
        goals = self._steering.goals
        return self._steering.due(now, self._limits, can_throttle=goals is not None and
                                  goals.if_not != convergence.POSTCOPY)

    def force_complete(self, reason: str = 'asked for', post_copy: bool | None = None) -> None:
        """Post-copy where that is permitted, else a pause: a guest that stands writes nothing.
        ``post_copy``: one of them by name."""
        if post_copy is None:
            post_copy = CONF.libvirt.live_migration_permit_post_copy
        with self._world.change(self._host) as state:
            job = jobs.get_active(state, self._uuid, self._host)
            if job.forced_at is not None or job.status == IN_POSTCOPY:
                return
            job.forced_at, kind = state.now, convergence.PAUSE
            if post_copy and job.copy.phase == model.MEMORY:
                jobs.switch_to_postcopy(state, self._uuid, self._host)
                kind = convergence.SWITCH
            elif not job.copy.paused:
                hypervisor.pause(state, self._host, self._uuid)
        self._steering.record(Decision(kind, reason=reason))

    def _is_news(self, state: State, turn: int) -> bool:
        job = state.jobs[self._uuid]
        return (state.hosts[self._host].up
                and (not job.active or job.copy.iteration != turn))

    def _do(self, decision: Decision) -> None:
        terms = {convergence.SET_DOWNTIME: 'downtime_ms', convergence.THROTTLE: 'throttle'}
        try:
            if decision.kind in terms:
                with self._world.change(self._host) as state:
                    jobs.tune(state, self._uuid, self._host,
                              **{terms[decision.kind]: decision.value})
                return self._steering.record(decision)
            LOG.warning('Instance %s: %s; action: %s', self._uuid, decision.reason, decision.kind)
            if decision.kind == convergence.ABORT:
                with self._world.change(self._host) as state:
                    jobs.abort(state, self._uuid, self._host, decision.reason)
                return self._steering.record(decision)
            named = {convergence.SWITCH: True, convergence.PAUSE: False}
            self.force_complete(decision.reason, named.get(decision.kind))
        except exception.NovaLiteException as error:
            LOG.info('Instance %s: %s', self._uuid, error.format_message())

    def _situation(self, state: State, job: Job) -> decisions.Situation:
        disks = [int(job.copy.disk)] if job.copy.disk else []
        begins = (self._steering.goals is not None
                  and self._steering.last(convergence.SET_DOWNTIME) is None)
        return decisions.Situation(
            elapsed=state.now - job.copy.started,
            data_gb=migration.data_gb(int(job.copy.memory / model.MIB), disks),
            downtime=None if begins else round(job.copy.downtime * 1000),
            forced_for=None if job.forced_at is None else state.now - job.forced_at,
            post_copy=job.status == IN_POSTCOPY, progress=jobs.progress(state, job))

    def _observe(self, state: State, job: Job) -> None:
        """Note whether somebody else has paused the guest, or let it go on."""
        guest = guests.find(state, self._host, self._uuid)
        if guest is not None and job.status != IN_POSTCOPY:
            if guest.state == RUNNING:
                self._steering.saw(paused=False)
            elif guest.reason == BY_USER and job.forced_at is None:
                self._steering.saw(paused=True)

    def _conclude(self) -> Outcome:
        with self._world.change() as state:
            job = state.jobs[self._uuid]
            let_go(state, self._host, self._uuid, self._steering)
            return Outcome(job.status, job.reason, jobs.progress(state, job),
                           self._steering.paused)


def let_go(state: State, host: str, uuid: str, steering: Steering) -> None:
    """The copy is over: a guest that was paused for it and is still here goes on."""
    job, guest = state.jobs.get(uuid), guests.find(state, host, uuid)
    if (job is not None and job.forced_at is not None and job.status != driver.COMPLETED
            and guest is not None and guest.reason == BY_USER and not steering.stands):
        guests.run(state, guest)


def judge(state: State, host: str, uuid: str) -> Outcome:
    """How a copy ended that nobody watched, by what is left of it at the source."""
    guest = guests.find(state, host, uuid)
    if guest is None:
        return Outcome(driver.LOST, 'the guest has left the source')
    if (guest.state, guest.reason) == (SHUTOFF, MIGRATED):
        return Outcome(driver.LOST, 'the guest has left the source, where its definition stays')
    if guest.state not in ACTIVE:
        return Outcome(driver.FAILED, f'the guest ended during the copy: it is {guest.state}')
    if guest.reason not in NOT_MOVING:
        return Outcome(driver.LOST, f'the guest at the source is {guest.state} ({guest.reason}) '
                                    'and may run at the destination')
    return Outcome(driver.FAILED, HERE)
