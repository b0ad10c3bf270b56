# SPDX-License-Identifier: Apache-2.0
"""The connections to libvirt: the only module that opens one.

A host keeps one connection for everything short, opened again when libvirt was restarted. A
migration gets one of its own, since libvirtd serves a connection only a handful of calls at once
and migrateToURI3 lasts as long as the copy.
"""
import threading
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging

from nova_lite import driver_errors, exception, utils
from nova_lite.conf import CONF
from nova_lite.virt.libvirt import abi, events

try:
    import libvirt
    import libvirt_qemu
except ImportError:     # only a host that runs guests needs it
    libvirt = libvirt_qemu = None

LOG = logging.getLogger(__name__)

# A libvirtd that is silent for 25 s is gone: the connection breaks and every call on it ends.
KEEPALIVE = (5, 5)      # s between probes, number of them
OPEN_TIMEOUT = 30.0     # s; opening is not covered by the keepalive

_loop_started = False


class LibvirtError(exception.NovaLiteException):
    """A call that libvirt refused. ``code`` is its VIR_ERR_* number."""
    msg_fmt = '%(reason)s'

    def __init__(self, message: str | None = None, code: int = abi.Error.NONE,
                 **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.code = code


class Host:
    """libvirt of this host."""

    def __init__(self, courier: events.Courier) -> None:
        self.courier = courier
        self._connection: Any = None
        self._opening = threading.Lock()
        self._closed = False

    def connect(self) -> None:
        """Be connected. Raises HypervisorUnavailable."""
        self._closed = False
        self.call(lambda connection: None)

    def close(self) -> None:
        """Let go; guests and migrations go on."""
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                utils.tpool_execute(connection.close)
            except libvirt.libvirtError as error:
                LOG.debug('Closing the connection to libvirt: %s', error)

    def call(self, fn: Callable, *args: Any) -> Any:
        """``fn(connection, *args)`` in a native thread. ``fn`` must not log nor take locks.

        LibvirtError when libvirt refuses, HypervisorUnavailable when it is away or goes away
        during the call, whose effect is then not known.
        """
        connection = self._connection
        for _ in range(2):
            if connection is None:
                connection = self._reconnect(None)
            alive, result = utils.tpool_execute(_call_if_alive, connection, fn, args)
            if alive:
                return result
            connection = self._reconnect(connection)
        raise unavailable('it was restarted twice within one call')

    def _reconnect(self, broken: Any) -> Any:
        if not self._opening.acquire(timeout=OPEN_TIMEOUT):
            raise unavailable('it does not answer')
        try:
            if self._closed:
                raise unavailable('nova-lite-compute is stopping')
            if self._connection is None or self._connection is broken:
                self._connection = None
                self._connection = self._open_main()
                LOG.info('Connected to %s', CONF.libvirt.connection_uri)
            return self._connection
        finally:
            self._opening.release()

    def _open_main(self) -> Any:
        require_libvirt()
        _start_event_loop()

        def connect() -> Any:
            connection = open_connection()
            self._register(connection)
            return connection

        try:
            return self.courier.call(connect, 'libvirt-open', OPEN_TIMEOUT)
        except libvirt.libvirtError as error:
            if driver_errors.meaning_of(error) is driver_errors.Meaning.LASTING:
                raise refused(str(error)) from None
            raise unavailable(str(error)) from None
        except TimeoutError as error:
            raise unavailable(str(error)) from None

    def _register(self, connection: Any) -> None:
        publish = self.courier.publish

        def lifecycle(_conn: Any, domain: Any, event: int, detail: int, _opaque: Any) -> None:
            publish(events.Event(domain.UUIDString(), events.LIFECYCLE, (event, detail)))

        def iteration(_conn: Any, domain: Any, number: int, _opaque: Any) -> None:
            publish(events.Event(domain.UUIDString(), events.ITERATION, number))

        def completed(_conn: Any, domain: Any, stats: dict, _opaque: Any) -> None:
            publish(events.Event(domain.UUIDString(), events.JOB_COMPLETED, dict(stats)))

        for kind, callback in ((libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle),
                               (libvirt.VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, iteration),
                               (libvirt.VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, completed)):
            connection.domainEventRegisterAny(None, kind, callback, None)


def open_connection() -> Any:
    """A new connection, in the calling (native) thread. Raises libvirt.libvirtError."""
    connection = libvirt.open(CONF.libvirt.connection_uri)
    connection.setKeepAlive(*KEEPALIVE)
    return connection


def require_libvirt() -> None:
    """HypervisorRefused, with the remedy, when the bindings are missing."""
    if libvirt is None:
        raise refused('install libvirt-python (pip install nova-lite[libvirt])')


def unavailable(reason: str) -> exception.HypervisorUnavailable:
    return exception.HypervisorUnavailable(host=CONF.host, reason=reason)


def refused(reason: str) -> exception.HypervisorRefused:
    return exception.HypervisorRefused(host=CONF.host, reason=reason)


def _call_if_alive(connection: Any, fn: Callable, args: tuple) -> tuple[bool, Any]:
    """(True, the result) of a call; (False, None) without one when the connection is broken."""
    if not connection.isAlive():
        return False, None
    try:
        return True, fn(connection, *args)
    except libvirt.libvirtError as error:
        if not connection.isAlive():
            raise unavailable(error.get_error_message()) from None
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
