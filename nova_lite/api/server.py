# SPDX-License-Identifier: Apache-2.0
"""The HTTP server around the application, on green and on native threads alike.

Each connection has a thread, and their number has a bound (connections.py): a slow or silent
client holds no more than that. Only some requests are worked on at once, the others wait for
their turn.
"""
import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, utils
from nova_lite.api import connections, conversation, event_streams
from nova_lite.conf import CONF

LOG = logging.getLogger(__name__)

FIRST_PASSED_FD = 3         # sd_listen_fds(3)
THREADS = 32                # requests that are worked on at once
BACKLOG = 1024
ACCEPT_SECONDS = 1.0
OUT_OF_FILES_PAUSE = 0.1    # s


def open_listener() -> socket.socket:
    """The socket that was handed over at start, or a new one on [api]listen and port.

    ConfigInvalid when the address cannot be had.
    """
    passed = _passed_listener()
    if passed is not None:
        return passed
    host, port = CONF.api.listen, CONF.api.port
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise exception.ConfigInvalid(
            reason=f'cannot listen on {host} port {port} ([api]listen, port): '
                   f'{error.strerror or error}.') from error
    return listener


def _passed_listener() -> socket.socket | None:
    """File descriptor 3 where LISTEN_FDS says that there is one, and LISTEN_PID, if given, that
    it is for this process."""
    count, pid = os.environ.get('LISTEN_FDS'), os.environ.get('LISTEN_PID')
    if not count or (pid and pid != str(os.getpid())):
        return None
    if count != '1':
        raise exception.ConfigInvalid(reason=f'LISTEN_FDS={count}: one socket is taken.')
    for name in ('LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'):
        os.environ.pop(name, None)
    try:
        with socket.fromfd(FIRST_PASSED_FD, socket.AF_INET, socket.SOCK_STREAM) as probe:
            family = probe.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN)
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise OSError('it is not of TCP')
        listener = socket.fromfd(FIRST_PASSED_FD, family, socket.SOCK_STREAM)
        os.close(FIRST_PASSED_FD)
    except OSError as error:
        raise exception.ConfigInvalid(
            reason=f'LISTEN_FDS=1 but file descriptor {FIRST_PASSED_FD} is no socket of use: '
                   f'{error.strerror or error}.') from error
    return listener


class Server:
    """``application`` on ``listener`` (bound, of which this object is the owner).

    :meth:`serve` works until another thread calls :meth:`stop`.
    """

    def __init__(self, application: Callable[[dict, Callable], Iterable[bytes]],
                 listener: socket.socket) -> None:
        self._application, self._listener = application, listener
        self._connections = connections.Connections()
        self._turns = threading.BoundedSemaphore(THREADS)
        self._stopping, self._stopped = threading.Event(), threading.Event()
        self._wait = 0.0
        self._wakened, self._waker = os.pipe()
        host, port = listener.getsockname()[:2]
        self.address = f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'
        listener.listen(BACKLOG)
        # a client may be gone again between select() and accept(); without any time that it may
        # wait, eventlet would hand out sockets that are not its own
        listener.settimeout(ACCEPT_SECONDS)

    def serve(self) -> None:
        """Answer requests until stopped; then finish those that have begun."""
        try:
            while not self._stopping.is_set():
                watched: list[Any] = [self._listener, self._wakened]
                readable, _, _ = select.select(watched, [], [])
                if self._listener in readable and not self._stopping.is_set():
                    self._accept()
            self._listener.close()
            left = self._connections.close_all(self._wait)
            if left:
                LOG.warning('%d requests were still in work at the end of the time to stop', left)
        finally:
            self._listener.close()
            self._stopped.set()

    def start(self) -> threading.Thread:
        """Serve in a thread of its own."""
        return utils.spawn(self.serve, name='api')

    def stop(self, timeout: float) -> bool:
        """Take no more connections, and give requests in work ``timeout`` seconds to end. Whether
        all did."""
        if not self._stopping.is_set():
            event_streams.HUB.end_all()
            self._wait = timeout
            self._stopping.set()
            os.write(self._waker, b'.')
        return self._stopped.wait(timeout + 1)

    def _accept(self) -> None:
        try:
            sock, address = self._listener.accept()
        except TimeoutError:
            return
        except OSError as error:
            # of this one client, or no file descriptor is left
            LOG.warning('Cannot take a connection: %s', error.strerror)
            self._stopping.wait(OUT_OF_FILES_PAUSE)
            return
        connection = connections.Connection(sock, connections.client_of(address[0]))
        if not self._connections.admit(connection):
            LOG.warning('A connection of %s is refused: all it has are at work', connection.client)
            sock.close()
            return
        with contextlib.suppress(OSError):      # it has gone already
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        utils.spawn(self._talk, connection, name='http')

    def _talk(self, connection: connections.Connection) -> None:
        try:
            conversation.Conversation(connection, self._connections, self._work,
                                      self._stopping.is_set).hold()
        finally:
            self._connections.leave(connection)

    def _work(self, environ: dict[str, Any], respond: Callable) -> Iterable[bytes]:
        """The application's answer; a stream of events goes on after its turn."""
        with self._turns:
            return self._application(environ, respond)
