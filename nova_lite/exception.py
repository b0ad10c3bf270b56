# SPDX-License-Identifier: Apache-2.0
"""Every error of the project: one class, one message. What it means stands in nova_lite.faults.

By RPC it is an ``X_Remote`` subclass: ask with ``isinstance`` and read ``format_message()``, since
``str()`` carries the other side's traceback."""
import re
from typing import Any

import oslo_messaging as messaging


class NovaLiteException(Exception):
    """Base of all errors. ``msg_fmt`` is filled from the keyword arguments."""
    msg_fmt = 'An unknown exception occurred.'

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        self.kwargs = kwargs    # oslo.messaging rebuilds the error from args and kwargs
        super().__init__(message if message is not None else self.msg_fmt % kwargs)

    def format_message(self) -> str:
        return self.args[0]


def message_of(exc: BaseException) -> str:
    """The error's own words: without a remote traceback, never empty."""
    if isinstance(exc, NovaLiteException):
        return exc.format_message()
    # a RemoteError carries its traceback as a list, once for each process that it came through
    return re.split(r"\n(?:\[['\"])?Traceback", str(exc), maxsplit=1)[0] or type(exc).__name__


def public_message(exc: BaseException) -> str:
    """What users may be told: the words of our own errors and of the message queue, and of any
    other its class alone, since its words are about the inside."""
    own = (NovaLiteException, messaging.MessagingTimeout, messaging.MessageDeliveryFailure)
    return message_of(exc) if isinstance(exc, own) else class_of(exc)


def class_of(exc: BaseException) -> str:
    """The name of the error's class, as where it was raised: also when it came by RPC."""
    if isinstance(exc, messaging.RemoteError):
        return exc.exc_type or 'RemoteError'
    return type(exc).__name__.removesuffix('_Remote')


# -- families ---------------------------------------------------------------------------------
class Invalid(NovaLiteException):
    msg_fmt = 'Bad request: %(reason)s'


class NotFound(NovaLiteException):
    msg_fmt = 'Resource could not be found.'


class Conflict(NovaLiteException):
    msg_fmt = 'Conflict: %(reason)s'


class Forbidden(NovaLiteException):
    msg_fmt = 'Forbidden'


# -- the request ------------------------------------------------------------------------------
class ValidationError(Invalid):
    msg_fmt = '%(detail)s'


class PolicyNotAuthorized(Forbidden):
    msg_fmt = "Policy doesn't allow %(action)s to be performed."


class NotImplementedInVersion(NovaLiteException):
    msg_fmt = '%(what)s is not available at API version %(version)s.'


class DatabaseUnavailable(NovaLiteException):
    msg_fmt = 'The database is away. Try again; is its server running?'


class DatabaseRefused(DatabaseUnavailable):
    msg_fmt = 'The database refuses this service: %(reason)s; see [database]connection'


class RowUnreadable(NovaLiteException):
    msg_fmt = 'Table %(table)s, row %(row)s: %(column)s is no %(kind)s. Correct it there'


class NothingHeard(NovaLiteException):
    msg_fmt = 'Nothing could be heard of any host for a while. Is the message broker running?'


class BrokerRefused(NovaLiteException):
    msg_fmt = 'The message broker refuses this service: %(reason)s; see transport_url'


class ConfigInvalid(NovaLiteException):
    msg_fmt = 'Invalid configuration: %(reason)s'


class HostNameTaken(ConfigInvalid):
    msg_fmt = ('The name of host %(host)s is not of this machine: %(reason)s. Set a [DEFAULT]host '
               'of its own; or end the other and run: nova-lite-manage host-replace %(host)s')


class TooManyEventStreams(NovaLiteException):
    msg_fmt = '%(limit)d event streams are open ([api]max_event_streams): ask now and then.'


# -- things that are not there ----------------------------------------------------------------
class InstanceNotFound(NotFound):
    msg_fmt = 'Instance %(instance_id)s could not be found.'


class MigrationNotFound(NotFound):
    msg_fmt = 'Migration %(migration_id)s could not be found.'


class MigrationNotFoundForInstance(MigrationNotFound):
    msg_fmt = 'Migration %(migration_id)s not found for instance %(instance_id)s'


class ComputeHostNotFound(NotFound):
    msg_fmt = 'Compute host %(host)s could not be found.'


class ServiceNotFound(NotFound):
    msg_fmt = 'Service %(service_id)s could not be found.'


class HostBinaryNotFound(ServiceNotFound):
    msg_fmt = 'Could not find binary %(binary)s on host %(host)s.'


class FlavorNotFound(NotFound):
    msg_fmt = 'Flavor %(flavor_id)s could not be found.'


class ImageNotFound(NotFound):
    msg_fmt = 'Image %(image_id)s could not be found.'


class InstanceActionNotFound(NotFound):
    msg_fmt = 'Action for request_id %(request_id)s on instance %(instance_uuid)s not found'


class MarkerNotFound(Invalid):
    msg_fmt = 'Marker %(marker)s could not be found.'


# -- conflicts --------------------------------------------------------------------------------
class InstanceInvalidState(Conflict):
    msg_fmt = "Cannot '%(method)s' instance %(instance_uuid)s while it is in %(attr)s %(state)s"


class InstanceIsLocked(InstanceInvalidState):
    msg_fmt = 'Instance %(instance_uuid)s is locked'


class UnexpectedTaskStateError(Conflict):
    msg_fmt = ('Conflict updating instance %(instance_uuid)s. Expected: %(expected)s. '
               'Actual: %(actual)s')


class UnexpectedDeletingTaskStateError(UnexpectedTaskStateError):
    pass


class InstanceUpdateConflict(Conflict):
    msg_fmt = UnexpectedTaskStateError.msg_fmt


class FlavorExists(Conflict):
    msg_fmt = 'Flavor with %(what)s %(value)s already exists.'


class InvalidMigrationState(Invalid):
    msg_fmt = ('Migration %(migration_id)s state of instance %(instance_uuid)s is %(state)s. '
               'Cannot %(method)s while the migration is in this state.')


class StaleOrder(NovaLiteException):
    msg_fmt = ('What was ordered of instance %(instance_uuid)s (%(task_state)s) does not count '
               'any more: its task_state is %(now)s now. Nothing is written')


class GuestElsewhere(Conflict):
    msg_fmt = 'Instance %(instance_uuid)s is not started on host %(host)s: %(reason)s. %(remedy)s'


class GuestFoundElsewhere(Conflict):
    msg_fmt = ('The guest of %(instance_uuid)s is on host %(found)s (%(state)s), not on host '
               '%(host)s. End it there, or take that place over: nova-lite server-locate')


class LeaseLost(NovaLiteException):
    msg_fmt = 'Migration %(migration_id)s is no more in the hands of %(owner)s: nothing is written'


# -- refusals: checked before a byte is copied ------------------------------------------------
class MigrationError(NovaLiteException):
    msg_fmt = 'Migration error: %(reason)s'


class MigrationPreCheckError(MigrationError):
    msg_fmt = 'Migration pre-check error: %(reason)s'


class MigrationSchedulerRPCError(MigrationError):
    msg_fmt = 'Migration select destinations error: %(reason)s'


class NoValidHost(NovaLiteException):
    msg_fmt = 'No valid host was found. %(reason)s'


class MaxRetriesExceeded(NoValidHost):
    msg_fmt = 'Exceeded maximum number of retries. %(reason)s'


class ComputeServiceUnavailable(Invalid):
    msg_fmt = 'Compute service of %(host)s is unavailable at this time.'


class UnableToMigrateToSelf(Invalid):
    msg_fmt = 'Unable to migrate instance (%(instance_id)s) to current host (%(host)s).'


class InvalidHypervisorType(Invalid):
    msg_fmt = ('The supplied hypervisor type is not that of the source: %(source)s there, '
               '%(dest)s on host %(host)s.')


class DestinationHypervisorTooOld(Invalid):
    msg_fmt = ('The instance requires a newer hypervisor version than has been provided: '
               '%(source)s at the source, %(dest)s on host %(host)s.')


class InvalidCPUInfo(Invalid):
    msg_fmt = 'Unacceptable CPU info: %(reason)s'


class InvalidLocalStorage(NovaLiteException):
    msg_fmt = '%(path)s is not on local storage: %(reason)s'


class InvalidSharedStorage(NovaLiteException):
    msg_fmt = '%(path)s is not on shared storage: %(reason)s'


class HypervisorUnavailable(NovaLiteException):
    msg_fmt = 'Connection to the hypervisor is broken on host %(host)s: %(reason)s'


class HypervisorRefused(HypervisorUnavailable):
    msg_fmt = 'The hypervisor refuses host %(host)s: %(reason)s; see [libvirt]connection_uri'


class UptimeUnknown(NovaLiteException):
    msg_fmt = 'Hypervisor %(host)s does not tell its uptime'


class InsufficientResources(NovaLiteException):
    msg_fmt = 'Insufficient resources on host %(host)s: %(what)s.'


# -- failures: while the guest moves ----------------------------------------------------------
class DestinationDiskExists(Invalid):
    msg_fmt = 'The supplied disk path (%(path)s) already exists, it is expected not to exist.'


class InvalidHostname(Invalid):
    msg_fmt = "Hypervisor host name '%(hostname)s' is not a valid host name."


class LiveMigrationURINotAvailable(NovaLiteException):
    msg_fmt = 'No live migration URI configured and no default available for "%(virt_type)s".'


class LiveMigrationFailed(MigrationError):
    msg_fmt = 'Live migration failed: %(reason)s'


class LiveMigrationAborted(MigrationError):
    msg_fmt = 'Live migration aborted: %(reason)s'


class LiveMigrationLost(MigrationError):
    msg_fmt = 'Live migration outcome is not known: %(reason)s'


class NoActiveMigrationForInstance(NotFound):
    msg_fmt = 'There is no active migration for instance %(instance_id)s'


class InstanceNotRunning(Invalid):
    msg_fmt = 'Instance %(instance_id)s is not running on host %(host)s: %(reason)s'


class InstanceDeployFailure(NovaLiteException):
    msg_fmt = 'Failed to build instance %(instance_id)s: %(reason)s'
