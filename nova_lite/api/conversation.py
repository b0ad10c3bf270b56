# SPDX-License-Identifier: Apache-2.0
"""One connection: requests in, answers out, by the rules of HTTP/1.1 as h11 knows them.

It has a thread of its own. Everything a client can be slow with has a limit of time: to begin a
request, to send its header, to send its body, to take its answer. A request is read whole before
the application hears of it.
"""
import contextlib
import email.utils
import http
import io
import re
import socket
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any

import h11
from oslo_log import log as logging

from nova_lite.api import connections
from nova_lite.conf import CONF

LOG = logging.getLogger(__name__)

LINGER_SECONDS = 1.0
PIECE = 64 * 1024
# A body over the limit is answered in the API's own form, unless it is this many times as large:
# then it is not read at all.
BODY_FACTOR = 16
NAME = 'nova-lite'
# it stands in the links of answers
HOST = re.compile(rb'(?:[A-Za-z0-9._~!$&\'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?')


class Refused(Exception):
    """A request that is none, or not one of ours: answered with ``status``, and the connection
    ends."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Conversation:
    """All requests of one connection. ``work(environ, respond)`` calls the application."""

    def __init__(self, connection: connections.Connection, open_now: connections.Connections,
                 work: Callable[[dict, Callable], Iterable[bytes]],
                 stopping: Callable[[], bool]) -> None:
        self._connection, self._sock = connection, connection.sock
        self._open, self._work, self._stopping = open_now, work, stopping
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=CONF.api.max_header_size)
        self._begun = False     # whether anything of the next request has come

    def hold(self) -> None:
        """Until either side ends it."""
        try:
            while self._one() and not self._stopping():
                self._http.start_next_cycle()
        except (OSError, h11.LocalProtocolError) as error:
            LOG.debug('A connection of %s ended: %s', self._connection.client, error)
        finally:
            with contextlib.suppress(OSError):
                self._sock.close()

    def _one(self) -> bool:
        """Answer one request; False when there will be no other."""
        try:
            request = self._read_request()
            if request is None:
                return False
            length = _check(request)
            environ = self._environ(request, self._read_body(length), length)
        except (h11.RemoteProtocolError, Refused) as error:
            status = error.status if isinstance(error, Refused) else error.error_status_hint
            self._refuse(status, str(error))
            return False
        with self._open.at_work(self._connection):
            self._answer(environ, request.method == b'HEAD')
        if self._http.our_state is h11.DONE and self._http.their_state is not h11.DONE:
            self._linger()      # more of a body than anybody wants
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    # -- in ------------------------------------------------------------------------------------
    def _read_request(self) -> h11.Request | None:
        """None when the client has gone, or did not begin another in time."""
        seconds = (CONF.api.keep_alive_timeout if self._connection.answered
                   else CONF.api.first_request_timeout)
        deadline = time.monotonic() + seconds
        self._begun = bool(self._http.trailing_data[0])
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event if isinstance(event, h11.Request) else None
            begun = self._begun
            try:
                self._receive(deadline)
            except TimeoutError:
                if not begun:
                    return None
                raise Refused(408, 'The header did not come in time') from None
            if self._begun and not begun:
                deadline = time.monotonic() + CONF.api.header_timeout

    def _read_body(self, length: int) -> bytes:
        """As much of it as the application looks at."""
        limit = CONF.api.max_request_body_size
        deadline = time.monotonic() + CONF.api.body_timeout
        if length > limit * BODY_FACTOR:
            raise Refused(413, f'The request body is larger than {limit} bytes')
        if self._http.they_are_waiting_for_100_continue:
            self._send(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
        body = bytearray()
        while len(body) <= limit:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                try:
                    self._receive(deadline)
                except TimeoutError:
                    raise Refused(408, 'The body did not come in time') from None
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
        return bytes(body)

    def _receive(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        data = self._sock.recv(PIECE)
        self._begun = self._begun or bool(data)
        self._http.receive_data(data)

    def _linger(self) -> None:
        """Take what is still on its way, or the answer would be lost with the connection."""
        deadline = time.monotonic() + LINGER_SECONDS
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                self._sock.settimeout(left)
                if not self._sock.recv(PIECE):
                    return

    # -- the application -------------------------------------------------------------------------
    def _environ(self, request: h11.Request, body: bytes, length: int) -> dict[str, Any]:
        """As PEP 3333 has it. CONTENT_LENGTH is what the client has said, or what there was."""
        path, _, query = _target(request).partition('?')
        address, port = self._sock.getsockname()[:2]
        environ: dict[str, Any] = {
            'REQUEST_METHOD': request.method.decode('ascii'), 'SCRIPT_NAME': '',
            'PATH_INFO': urllib.parse.unquote_to_bytes(path).decode('latin-1'),
            'QUERY_STRING': query, 'REMOTE_ADDR': self._sock.getpeername()[0],
            'SERVER_NAME': address, 'SERVER_PORT': str(port),
            'SERVER_PROTOCOL': f'HTTP/{request.http_version.decode("ascii")}',
            'SERVER_SOFTWARE': NAME, 'CONTENT_LENGTH': str(max(length, len(body))),
            'wsgi.version': (1, 0), 'wsgi.url_scheme': 'http', 'wsgi.input': io.BytesIO(body),
            'wsgi.errors': sys.stderr, 'wsgi.multithread': True, 'wsgi.multiprocess': True,
            'wsgi.run_once': False, 'wsgi.input_terminated': True}
        for name, value in request.headers:
            if b'_' in name or name in (b'content-length', b'transfer-encoding'):
                continue    # an underscore would pass for another header's hyphen
            key = name.decode('ascii').upper().replace('-', '_')
            key, text = (key if key == 'CONTENT_TYPE' else f'HTTP_{key}'), value.decode('latin-1')
            environ[key] = f'{environ[key]},{text}' if key in environ else text
        return environ

    def _answer(self, environ: dict[str, Any], head: bool) -> None:
        began: list[bytes] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            closing = [('Connection', 'close')] if self._stopping() else []
            began[:] = [self._http.send(h11.Response(
                status_code=int(status.split()[0]), reason=status.partition(' ')[2],
                headers=[*_own_headers(), *headers, *closing]))]

        pieces = self._work(environ, start)
        try:
            whole = b''.join(pieces) if isinstance(pieces, (list, tuple)) else None
            if head:
                self._send(began[0] + self._http.send(h11.EndOfMessage()))
            elif whole is not None:
                self._send(began[0] + (self._http.send(h11.Data(whole)) if whole else b'')
                           + self._http.send(h11.EndOfMessage()))
            else:
                self._send(began[0])
                for piece in pieces:
                    self._send(self._http.send(h11.Data(piece)))
                self._send(self._http.send(h11.EndOfMessage()))
        finally:
            if hasattr(pieces, 'close'):
                pieces.close()

    # -- out -------------------------------------------------------------------------------------
    def _send(self, data: bytes) -> None:
        self._sock.settimeout(CONF.api.send_timeout)
        self._sock.sendall(data)

    def _refuse(self, status: int, reason: str) -> None:
        """Answer what never reached the application, in plain words."""
        LOG.debug('Refused with %d what %s sent: %s', status, self._connection.client, reason)
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        phrase = http.HTTPStatus(status).phrase
        text = f'{phrase}: {reason}\n'.encode()
        headers = [*_own_headers(), ('Content-Type', 'text/plain; charset=utf-8'),
                   ('Content-Length', str(len(text))), ('Connection', 'close')]
        self._send(
            self._http.send(h11.Response(status_code=status, reason=phrase, headers=headers))
            + self._http.send(h11.Data(text)) + self._http.send(h11.EndOfMessage()))
        self._linger()


def _target(request: h11.Request) -> str:
    """Path and query. What is asked of a proxy is a whole URL, and its host is not looked at.
    Refused for one that is none."""
    target = request.target.decode('latin-1')
    if target.startswith('/') or '://' not in target:
        return target
    try:
        split = urllib.parse.urlsplit(target)
    except ValueError as error:
        raise Refused(400, f'The request target is no URL: {error}') from None
    return (split.path or '/') + (f'?{split.query}' if split.query else '')


def _own_headers() -> list[tuple[str, str]]:
    return [('Server', NAME), ('Date', email.utils.formatdate(usegmt=True))]


def _check(request: h11.Request) -> int:
    """The length that the client names, 0 where it names none. Refused for what leaves open where
    a request ends, which is what smuggling lives on."""
    if not request.http_version.startswith(b'1.'):
        raise Refused(505, 'HTTP/1.1 is spoken here')
    # h11's own limit is for what is not complete yet
    limit = CONF.api.max_header_size
    if sum(len(name) + len(value) for name, value in request.headers) > limit:
        raise Refused(431, f'The header is larger than {limit} bytes')
    headers = dict(request.headers)
    if not HOST.fullmatch(headers.get(b'host', b'')):
        raise Refused(400, 'The Host header is no host and port')
    chunked = b'transfer-encoding' in headers
    if chunked and b'content-length' in headers:
        raise Refused(400, 'Content-Length and Transfer-Encoding exclude each other')
    if chunked and request.http_version == b'1.0':
        raise Refused(400, 'HTTP/1.0 has no Transfer-Encoding')
    return int(headers.get(b'content-length', b'0'))
