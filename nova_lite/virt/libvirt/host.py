# SPDX-License-Identifier: Apache-2.0
"""The connections to libvirt: the only module that opens one.

A host keeps one connection for everything short, opened again when libvirt was restarted. A
migration gets one of its own, since libvirtd serves a connection only a handful of calls at once
and migrateToURI3 lasts as long as the copy.
"""
import threading
import typing
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from oslo_log import log as logging

from nova_lite import driver_errors, exception, utils
from nova_lite.conf import CONF
from nova_lite.virt import simulation
from nova_lite.virt.libvirt import abi, binding, events
from nova_lite.virt.libvirt.binding import libvirt, libvirtError
from nova_lite.virt.libvirt.clock import Clock
from nova_lite.virt.libvirt.interface import Connection, Domain
from nova_lite.virt.libvirt.storage import Storage

LOG = logging.getLogger(__name__)
P = ParamSpec('P')
T = TypeVar('T')

# A libvirtd that is silent for 25 s is gone: the connection breaks and every call on it ends.
KEEPALIVE = (5, 5)      # s between probes, number of them
OPEN_TIMEOUT = 30.0     # s; opening is not covered by the keepalive

_loop_started = False


class LibvirtError(exception.NovaLiteException):
    """A call that libvirt refused. ``code`` is its VIR_ERR_* number."""
    msg_fmt = '%(reason)s'

    def __init__(self, message: str | None = None, code: int = abi.Error.NONE,
                 **kwargs: object) -> None:
        super().__init__(message, **kwargs)
        self.code = code


class Host:
    """libvirt of this host, and where the files of its guests are."""

    def __init__(self, courier: events.Courier) -> None:
        self.courier = courier
        self.name: str = CONF.host
        self.storage, self.clock = Storage(), Clock()
        self._connection: Connection | None = None
        self._opening = threading.Lock()
        self._closed = False

    def connect(self, name: str | None = None) -> None:
        """Be connected, as the host ``name``. Raises HypervisorUnavailable."""
        self.name, self._closed = name or CONF.host, False
        if binding.is_simulated(CONF.libvirt.connection_uri):
            world, here = simulation.find(CONF.libvirt.connection_uri, self.name)
            self.storage = simulation.SimulatedStorage(world, here)
            self.clock = Clock(world.time_scale)
        self.call(lambda connection: None)

    def close(self) -> None:
        """Let go; guests and migrations go on."""
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                utils.tpool_execute(connection.close)
            except libvirtError as error:
                LOG.debug('Closing the connection to libvirt: %s', error)

    def call(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args,
             **kwargs: P.kwargs) -> T:
        """``fn(connection, *args)`` in a native thread. ``fn`` must not log nor take locks.

        LibvirtError when libvirt refuses, HypervisorUnavailable when it is away or goes away
        during the call, whose effect is then not known.
        """
        connection = self._connection
        for _ in range(2):
            if connection is None:
                connection = self._reconnect(None)
            try:
                alive, result = utils.tpool_execute(_call_if_alive, connection, fn, args, kwargs)
            except _ConnectionLost as error:
                raise self._unavailable(str(error)) from None
            if alive:
                return typing.cast(T, result)
            connection = self._reconnect(connection)
        raise self._unavailable('it was restarted twice within one call')

    def _reconnect(self, broken: Connection | None) -> Connection:
        if not self._opening.acquire(timeout=OPEN_TIMEOUT):
            raise self._unavailable('it does not answer')
        try:
            if self._closed:
                raise self._unavailable('nova-lite-compute is stopping')
            if self._connection is None or self._connection is broken:
                self._connection = None
                self._connection = self._open_main()
                LOG.info('Connected to %s', CONF.libvirt.connection_uri)
            return self._connection
        finally:
            self._opening.release()

    def _open_main(self) -> Connection:
        if not binding.is_simulated(CONF.libvirt.connection_uri):
            require_libvirt()
            _start_event_loop()

        def connect() -> Connection:
            connection = self.open()
            self._register(connection)
            return connection

        try:
            return self.courier.call(connect, 'libvirt-open', OPEN_TIMEOUT)
        except libvirtError as error:
            if driver_errors.meaning_of(error) is driver_errors.Meaning.LASTING:
                raise refused(str(error), self.name) from None
            raise self._unavailable(str(error)) from None
        except TimeoutError as error:
            raise self._unavailable(str(error)) from None

    def open(self) -> Connection:
        """A new connection, in the calling (native) thread. Raises libvirtError."""
        uri = CONF.libvirt.connection_uri
        connection: Connection = (
            simulation.open_connection(uri, self.name) if binding.is_simulated(uri)
            else libvirt.open(uri))
        connection.setKeepAlive(*KEEPALIVE)
        return connection

    def _unavailable(self, reason: str) -> exception.HypervisorUnavailable:
        return exception.HypervisorUnavailable(host=self.name, reason=reason)

    def _register(self, connection: Connection) -> None:
        publish = self.courier.publish

        def lifecycle(_conn: object, domain: Domain, event: int, detail: int,
                      _opaque: object) -> None:
            publish(events.Event(domain.UUIDString(), events.LIFECYCLE, (event, detail)))

        def iteration(_conn: object, domain: Domain, number: int, _opaque: object) -> None:
            publish(events.Event(domain.UUIDString(), events.ITERATION, number))

        def completed(_conn: object, domain: Domain, stats: dict[str, Any],
                      _opaque: object) -> None:
            publish(events.Event(domain.UUIDString(), events.JOB_COMPLETED, dict(stats)))

        for kind, callback in ((abi.EventId.LIFECYCLE, lifecycle),
                               (abi.EventId.MIGRATION_ITERATION, iteration),
                               (abi.EventId.JOB_COMPLETED, completed)):
            connection.domainEventRegisterAny(None, kind, callback, None)


def require_libvirt() -> None:
    """HypervisorRefused, with the remedy, when the bindings are missing."""
    if libvirt is None:
        raise refused('install libvirt-python (pip install nova-lite[libvirt])')


def refused(reason: str, host: str | None = None) -> exception.HypervisorRefused:
    return exception.HypervisorRefused(host=host or CONF.host, reason=reason)


class _ConnectionLost(Exception):
    """The connection broke during a call."""


def _call_if_alive(connection: Connection, fn: Callable[..., T], args: tuple[object, ...],
                   kwargs: dict[str, object]) -> tuple[bool, T | None]:
    """(True, the result) of a call; (False, None) without one when the connection is broken."""
    if not connection.isAlive():
        return False, None
    try:
        return True, fn(connection, *args, **kwargs)
    except libvirtError as error:
        if not connection.isAlive():
            raise _ConnectionLost(error.get_error_message()) from None
        raise LibvirtError(error.get_error_message(), code=error.get_error_code()) from None


def _start_event_loop() -> None:
    """libvirt has one event loop in a process; it must exist before the first connection."""
    global _loop_started
    if _loop_started:
        return
    _loop_started = True
    libvirt.registerErrorHandler(lambda _context, _error: None, None)   # or it prints to stderr
    libvirt.virEventRegisterDefaultImpl()

    def run() -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    utils.native_thread(run, 'libvirt-event-loop')
