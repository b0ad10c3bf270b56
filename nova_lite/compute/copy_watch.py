# SPDX-License-Identifier: Apache-2.0
"""Seeing a copy through: no end is made of it while its job may still run.

The driver watches the copy. Whatever is raised while it does so, a defect included, is no end of
the job: the copy is watched again, or ended first where it cannot be watched. A hypervisor that
cannot be asked is waited for, unless the destination already has the whole guest.
"""
import time
from collections.abc import Callable
from typing import TypeVar

from oslo_log import log as logging

from nova_lite import exception, objects, rpc
from nova_lite.compute import presence
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states, recovery
from nova_lite.migration.observations import Outcome
from nova_lite.objects import Instance, Migration
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)
T = TypeVar('T')

INTERVAL = 1.0      # s between two attempts
# what says that this host could not ask, and nothing about who was to be asked
BLIND = (*rpc.NOT_SENT, exception.DatabaseUnavailable)
AWAY = (*rpc.UNREACHABLE, exception.HypervisorUnavailable, exception.DatabaseUnavailable)


class CopyWatch:
    """``ask_destination()`` tells what there is of the guest over there (a word of recovery.py),
    ``say(text)`` writes what is waited for into the migration's record."""

    def __init__(self, driver: virt_driver.ComputeDriver, instance: Instance,
                 ask_destination: Callable[[], str], say: Callable[[str], None]) -> None:
        self._driver, self._instance = driver, instance
        self._ask_destination, self._say = ask_destination, say

    def see_through(self, begin: Callable[[], Outcome], adopt: Callable[[], Outcome]) -> Outcome:
        """``begin()`` the copy and watch it, ``adopt()`` it for as long as that is needed.

        Raises what ``begin`` or ``adopt`` raised once the guest runs here and no job does, and
        LiveMigrationFailed for a defect.
        """
        watch, trouble = begin, ''
        while True:
            try:
                outcome = watch()
            except Exception as error:
                if self._look() == recovery.RUNS:
                    if isinstance(error, exception.NovaLiteException):
                        raise
                    LOG.exception('The copy of instance %s has not begun', self._instance.uuid)
                    raise exception.LiveMigrationFailed(
                        reason=exception.public_message(error)) from error
                trouble = self._mend(error)
            else:
                if outcome.status != virt_driver.LOST or not self._is_blind():
                    return _explained(outcome, trouble)
                trouble = outcome.reason
            self._say(f'the copy goes on or has ended, and cannot be watched now: {trouble}')
            time.sleep(INTERVAL)
            watch = adopt

    def _mend(self, error: Exception) -> str:
        """A copy that cannot be watched is ended; one that cannot be seen is left alone."""
        words = exception.public_message(error)
        if isinstance(error, exception.HypervisorUnavailable):
            LOG.info('Instance %s: %s', self._instance.uuid, words)
            return words
        LOG.exception('The copy of instance %s cannot be watched, ending it', self._instance.uuid)
        try:
            self._driver.live_migration_abort(self._instance)
        except Exception as second:
            LOG.info('Instance %s, ending its copy: %s', self._instance.uuid,
                     exception.message_of(second))
        return words

    def _is_blind(self) -> bool:
        """Can neither host say where the guest is? Then nothing was lost yet."""
        return self._look() == recovery.AWAY and self._ask_destination() != recovery.RUNS

    def _look(self) -> str:
        try:
            return recovery.GUEST[presence.look(self._driver, self._instance)]
        except Exception as error:
            LOG.info('Instance %s cannot be looked at: %s', self._instance.uuid,
                     exception.message_of(error))
            return recovery.AWAY


def insist(act: Callable[[], T], trouble: str, say: Callable[[str], None]) -> T:
    """What ``act`` returns, once its host or hypervisor is there. LiveMigrationLost when it was
    asked in vain for lost_host_timeout."""
    silent = 0.0
    while True:
        began = time.monotonic()
        try:
            return act()
        except AWAY as error:
            words = f'{trouble}: {exception.public_message(error)}'
            silent = silence(silent, time.monotonic() - began, error)
            if silent > CONF.lost_host_timeout:
                raise exception.LiveMigrationLost(reason=words) from error
            say(words)
            time.sleep(INTERVAL)
            silent += INTERVAL


def silence(before: float, took: float, error: Exception) -> float:
    """Seconds for which nobody has answered, after an attempt that ended in ``error``. Who could
    not ask grants the whole period anew. An attempt counts for no more than the time after which
    a call gives up: this process may have stood still, or the other side been at work."""
    if isinstance(error, BLIND):
        return 0.0
    longest: float = CONF.rpc_response_timeout
    return before + min(took, longest)


def _explained(outcome: Outcome, trouble: str) -> Outcome:
    """With what had gone wrong in the watching, where that is why the copy ended."""
    if not trouble or outcome.status not in (virt_driver.FAILED, virt_driver.CANCELLED):
        return outcome
    return outcome._replace(status=virt_driver.FAILED,
                            reason=f'it could not be watched: {trouble} ({outcome.reason})')


def given_up(ctxt: RequestContext, migration: Migration) -> bool:
    """Has a conductor given the source of ``migration`` up? Then what to keep there is for an
    operator to say. The object is left alone: it has what is not written yet."""
    try:
        now = objects.Migration.get_by_id(ctxt, migration.id)
    except Exception as error:
        LOG.info('Going on with migration %s: %s', migration.uuid, exception.message_of(error))
        return False
    return now.status == migration_states.ERROR
