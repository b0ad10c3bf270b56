# SPDX-License-Identifier: Apache-2.0
"""The HTTP server around the application: waitress, on green and on native threads alike.

waitress reads whole requests and writes whole answers in one loop, so a slow client holds no
thread; a thread is held only while a request is worked on, which below microversion 2.34 is as
long as the checks of a migration take.
"""
import os
import posix
import socket
import threading
import time
from typing import Any

from oslo_log import log as logging
from waitress import adjustments, task, wasyncore
from waitress import server as waitress_server

from nova_lite import exception, utils
from nova_lite.api import event_streams
from nova_lite.conf import CONF

LOG = logging.getLogger(__name__)

FIRST_PASSED_FD = 3         # sd_listen_fds(3)
THREADS = 32
CONNECTIONS = 1000
HEADER_BYTES = 64 * 1024
IDLE_SECONDS = 120
LOOP_SECONDS = 1.0
# A body over the limit is answered in the API's own form, unless it is this many times as large:
# then waitress ends it without reading on.
BODY_FACTOR = 16


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


class TcpServer(waitress_server.TcpWSGIServer):
    """waitress's server on a listening socket, with two things that eventlet cannot do."""

    def getsockname(self) -> tuple[str, int]:
        # by way of getnameinfo() it would fail on IPv6, which eventlet's one does not know
        return self.socket.getsockname()[:2]

    def pull_trigger(self) -> None:
        """Wake the loop. eventlet's os.write waits until the pipe is writable, and raises when two
        green threads do so at once; this pipe needs no waiting, as a byte in it is enough."""
        try:
            if not self.trigger._closed:    # its number may be another file's by then
                posix.write(self.trigger.trigger, b'.')
        except BlockingIOError:
            pass


class Server:
    """``application`` on ``listener`` (bound, of which this object is the owner).

    :meth:`serve` works until another thread calls :meth:`stop`.
    """

    def __init__(self, application: Any, listener: socket.socket) -> None:
        self._sockets: dict[int, Any] = {}
        self._stopping, self._stopped = threading.Event(), threading.Event()
        self._deadline = 0.0
        host, port = listener.getsockname()[:2]
        self.address = f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'
        settings = adjustments.Adjustments(
            sockets=[listener], threads=THREADS, connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS, ident='nova-lite', max_request_header_size=HEADER_BYTES,
            max_request_body_size=CONF.api.max_request_body_size * BODY_FACTOR)
        workers = task.ThreadedTaskDispatcher()
        workers.set_thread_count(THREADS)
        self._server = TcpServer(
            application, map=self._sockets, _sock=listener, dispatcher=workers, adj=settings,
            bind_socket=False, sockinfo=(listener.family, listener.type, listener.proto,
                                         listener.getsockname()))
        os.set_blocking(self._server.trigger.trigger, False)

    def serve(self) -> None:
        """Answer requests until stopped; then finish those that have begun."""
        try:
            while not self._stopping.is_set():
                self._turn()
            self._drain()
        finally:
            self._server.task_dispatcher.shutdown(timeout=1)
            wasyncore.close_all(self._sockets, ignore_all=True)
            self._stopped.set()

    def start(self) -> threading.Thread:
        """Serve in a thread of its own."""
        return utils.spawn(self.serve, name='api')

    def stop(self, timeout: float) -> bool:
        """Take no more connections, and give requests in work ``timeout`` seconds to end. Whether
        all did."""
        if not self._stopping.is_set():
            event_streams.HUB.end_all()
            self._deadline = time.monotonic() + timeout
            self._stopping.set()
            self._server.pull_trigger()
        return self._stopped.wait(timeout + 2 * LOOP_SECONDS)

    def _turn(self) -> None:
        # poll() has no limit of 1024 descriptors; eventlet takes it away, and waitress notices
        wasyncore.loop(timeout=LOOP_SECONDS, use_poll=True, map=self._sockets, count=1)

    def _drain(self) -> None:
        # the listener alone: its close() in waitress would end the connections' wake-up too
        wasyncore.dispatcher.close(self._server)
        while self._server.active_channels and time.monotonic() < self._deadline:
            for channel in list(self._server.active_channels.values()):
                if not channel.requests and not channel.total_outbufs_len:
                    channel.will_close = True
            self._turn()
        left = len(self._server.active_channels)
        if left:
            LOG.warning('%d requests were still in work at the end of the time to stop', left)
