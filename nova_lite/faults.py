# SPDX-License-Identifier: Apache-2.0
"""What an error means: one table, from exception class to HTTP code and migration event.

It is read in three places only: the API's error middleware (HTTP code), the conductor (event) and
the source of a migration (event). The lookup walks the class's MRO, since oslo.messaging returns
``X_Remote`` subclasses; a row for a child wins over its parent's.
"""
import os
from typing import NamedTuple

import kombu.exceptions
import oslo_messaging as messaging

from nova_lite import exception as exc


class Fault(NamedTuple):
    """``code`` is the HTTP status for a client; ``event`` the edge of the migration's states.

    ``event`` is None for what can only happen before a migration exists. Where such an error
    turns up later all the same, the migration is ``lose``: nobody knows what happened.
    """
    code: int
    event: str | None


FAULTS: dict[type[Exception], Fault] = {
    # families, so that a new error has a code from its birth
    exc.Invalid: Fault(400, None),
    exc.NotFound: Fault(404, None),
    exc.Conflict: Fault(409, None),
    exc.Forbidden: Fault(403, None),
    exc.NotImplementedInVersion: Fault(404, None),
    exc.ConfigInvalid: Fault(500, None),
    exc.DatabaseUnavailable: Fault(503, None),
    exc.NothingHeard: Fault(503, None),
    exc.BrokerRefused: Fault(503, 'reject'),
    exc.TooManyEventStreams: Fault(429, None),
    exc.UptimeUnknown: Fault(501, None),
    # refused by a check: nothing was touched, the instance is as it was
    exc.MigrationPreCheckError: Fault(400, 'reject'),
    exc.NoValidHost: Fault(400, 'reject'),
    exc.ComputeServiceUnavailable: Fault(400, 'reject'),
    exc.ComputeHostNotFound: Fault(400, 'reject'),
    exc.UnableToMigrateToSelf: Fault(400, 'reject'),
    exc.InvalidHypervisorType: Fault(400, 'reject'),
    exc.DestinationHypervisorTooOld: Fault(400, 'reject'),
    exc.InvalidCPUInfo: Fault(400, 'reject'),
    exc.InvalidLocalStorage: Fault(400, 'reject'),
    exc.InvalidSharedStorage: Fault(400, 'reject'),
    exc.HypervisorUnavailable: Fault(400, 'reject'),
    exc.InsufficientResources: Fault(400, 'reject'),
    exc.MigrationSchedulerRPCError: Fault(500, 'reject'),
    exc.InstanceInvalidState: Fault(409, 'reject'),
    # not sent, as the broker is away: nothing was begun anywhere
    messaging.MessageDeliveryFailure: Fault(503, 'reject'),
    kombu.exceptions.OperationalError: Fault(503, 'reject'),
    # the move itself; never an HTTP answer, as it runs after the 202
    exc.LiveMigrationFailed: Fault(500, 'fail'),
    exc.LiveMigrationAborted: Fault(500, 'cancel'),
    exc.LiveMigrationLost: Fault(500, 'lose'),
    exc.DestinationDiskExists: Fault(400, 'fail'),
    exc.InvalidHostname: Fault(400, 'fail'),
    exc.LiveMigrationURINotAvailable: Fault(500, 'fail'),
    exc.InvalidMigrationState: Fault(400, None),
    # everything else
    Exception: Fault(500, 'lose'),
}


# What a process that starts does not wait for: nothing but another configuration, or an operator's
# hand and a new start, will mend it. Which error of a driver is one, driver_errors.py tells.
LASTING = (exc.ConfigInvalid, exc.DatabaseRefused, exc.BrokerRefused, exc.HypervisorRefused)


def is_lasting(error: BaseException) -> bool:
    """Whether ``error`` should end a process that starts. One that another process was met with,
    and told by RPC, is that one's, unless it is about the caller."""
    if isinstance(error, exc.HostNameTaken):
        return True
    return isinstance(error, LASTING) and not type(error).__name__.endswith('_Remote')


def exit_code(error: BaseException) -> int:
    """How a process ends whose start met ``error``, in the numbers of sysexits.h: EX_CONFIG for
    what is written wrongly, EX_UNAVAILABLE for who refuses it, 1 for the rest."""
    if not is_lasting(error):
        return 1
    return os.EX_CONFIG if isinstance(error, exc.ConfigInvalid) else os.EX_UNAVAILABLE


def fault_for(error: BaseException) -> Fault:
    """The row for ``error``: that of the nearest class in its MRO."""
    return next((FAULTS[cls] for cls in type(error).__mro__ if cls in FAULTS), FAULTS[Exception])


def is_refusal(error: BaseException) -> bool:
    """Whether ``error`` answers what was asked, as checks do: nothing has failed."""
    fault = fault_for(error)
    return fault.code < 500 or fault.event in ('reject', 'cancel')


def event_for(error: BaseException) -> str:
    """The migration event for ``error``; an error that should not occur now is ``lose``."""
    return fault_for(error).event or 'lose'
