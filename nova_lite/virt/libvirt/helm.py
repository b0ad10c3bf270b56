# SPDX-License-Identifier: Apache-2.0
"""The orders that a running copy gets: what its steering decides, and what somebody asks for."""
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.migration import convergence, schedules
from nova_lite.migration.convergence import Decision
from nova_lite.migration.schedules import Situation
from nova_lite.migration.steering import Steering
from nova_lite.virt.libvirt import abi, events
from nova_lite.virt.libvirt.guest import Guest, Seen

LOG = logging.getLogger(__name__)

FORCED = (convergence.SWITCH, convergence.PAUSE)
REQUEST = 'aborted on request'


class Helm:
    """``steer()`` at each look of the monitor; ``abort()`` and ``force_complete()`` from any
    thread. What an earlier process did with this copy is read from ``steering``."""

    def __init__(self, guest: Guest, courier: events.Courier, steering: Steering) -> None:
        self._guest, self._courier, self._steering = guest, courier, steering
        self._clock = guest.clock
        set_before, forced = steering.last(convergence.SET_DOWNTIME), steering.last(*FORCED)
        self._downtime: int | None = set_before['value'] if set_before else None
        self._forced_at: float | None = None
        self._paused_by_us = False
        if forced:
            self._forced_at = self._clock.now() - self._clock.passed(steering.age(forced))
            self._paused_by_us = forced['kind'] == convergence.PAUSE and not steering.stands
        aborted = steering.last(convergence.ABORT)
        self.abort_reason: str = aborted['reason'] if aborted else ''
        self.abort_sent = False
        self._force_wanted = False
        self._limits_before = schedules.Limits.reread(CONF.libvirt, schedules.Limits())

    # -- asked by others --------------------------------------------------------------------------
    def abort(self, reason: str = REQUEST) -> None:
        if not self.abort_reason:
            self._steering.record(Decision(convergence.ABORT, reason=reason))
            self.abort_reason = reason
        self._wake()

    def force_complete(self) -> None:
        self._force_wanted = True
        self._wake()

    def _wake(self) -> None:
        self._courier.publish(events.Event(self._guest.uuid, events.WAKE_UP))

    def begin(self, data_gb: float) -> None:
        """Before the copy starts: with goals QEMU's own first pause could be too long."""
        if self._steering.goals is not None:
            self.steer(Situation(0.0, data_gb))

    # -- steering ---------------------------------------------------------------------------------
    def eta(self, now: Situation) -> tuple[float | None, float | None]:
        return self._steering.eta(now._replace(downtime=self._downtime), self._limits_before)

    def _limits(self) -> schedules.Limits:
        """As they are now: they may be changed while a copy runs."""
        self._limits_before = schedules.Limits.reread(CONF.libvirt, self._limits_before)
        return self._limits_before

    def steer(self, now: Situation) -> None:
        """Do what is due. In post-copy a copy can neither be aborted nor forced."""
        if self.abort_reason and not now.post_copy:
            self._send_abort()
        elif self._force_wanted and self._forced_at is None and not now.post_copy:
            self._force('asked for')
        else:
            forced_for = None if self._forced_at is None else self._clock.now() - self._forced_at
            now = now._replace(downtime=self._downtime, forced_for=forced_for)
            for decision in self._steering.due(now, self._limits()):
                self._do(decision)

    def _do(self, decision: Decision) -> None:
        if decision.kind == convergence.SET_DOWNTIME:
            self._try(self._guest.set_max_downtime, decision.value)
            self._downtime = decision.value
            self._steering.record(decision)
            return
        LOG.warning('Instance %s: %s; action: %s', self._guest.uuid, decision.reason,
                    decision.kind)
        if decision.kind == convergence.ABORT:
            self.abort(decision.reason)
            self._send_abort()
        elif decision.kind == schedules.FORCE_COMPLETE:
            self._force(decision.reason)
        elif decision.kind == convergence.SWITCH:
            self._force(decision.reason, post_copy=True)
        else:
            self._force(decision.reason, post_copy=False)

    def _send_abort(self) -> None:
        """Sent again at each look for as long as the job runs: it may have been too early."""
        self.abort_sent = self._try(self._guest.abort_job) or self.abort_sent

    def _force(self, reason: str, post_copy: bool | None = None) -> None:
        """Post-copy or a pause; ``post_copy`` None: what the host's option permits."""
        if post_copy is None:
            post_copy = CONF.libvirt.live_migration_permit_post_copy
        if post_copy and self._try(self._guest.start_post_copy):
            kind = convergence.SWITCH
        elif self._steering.stands:
            kind = convergence.PAUSE    # it writes nothing as it is
        elif self._try(self._guest.pause):
            kind, self._paused_by_us = convergence.PAUSE, True
        else:
            return      # tried again at the next look
        LOG.info('Instance %s: %s, so that the copy ends', self._guest.uuid, kind)
        self._steering.record(Decision(kind, reason=reason))
        self._forced_at = self._clock.now()

    def _try(self, fn: Callable[..., None], *args: object) -> bool:
        try:
            fn(*args)
        except exception.NovaLiteException as error:
            LOG.info('Instance %s: libvirt refused %s: %s', self._guest.uuid, fn.__name__,
                     error.format_message())
            return False
        return True

    def observe(self, seen: Seen) -> None:
        """Note whether somebody else has paused the guest, or let it go on."""
        if seen.state == abi.State.RUNNING:
            self._steering.saw(paused=False)
        elif (seen.state == abi.State.PAUSED and not self._paused_by_us
              and not self._steering.stands and self._is_by_hand(seen)):
            self._steering.saw(paused=True)

    def _is_by_hand(self, seen: Seen) -> bool:
        if seen.reason != abi.Paused.MIGRATION:
            return seen.reason == abi.Paused.USER
        try:
            return self._guest.is_stopped_by_hand()
        except exception.InstanceNotFound:
            return False    # it stood still for the switch-over, and has gone since it was seen

    @property
    def paused(self) -> bool | None:
        return self._steering.paused

    def let_go(self, seen: Seen | None) -> None:
        """The copy is over: a guest that was paused for it and is still here goes on; one that
        others have paused does not, though libvirt lets it."""
        if seen is None or seen.half:
            return
        if self._paused_by_us and seen.state == abi.State.PAUSED:
            self._try(self._guest.unpause)
        elif self._steering.paused and seen.state == abi.State.RUNNING:
            self._try(self._guest.pause)
