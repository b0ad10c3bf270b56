# SPDX-License-Identifier: Apache-2.0
"""How many connections there may be, in all and from one address, before anybody has said who it
is.

A new connection always finds a place while one of the same address, or with all places taken any
other, does nothing: the one that has waited longest is closed for it, and first one that never was
answered anything. So whoever opens many and sends nothing closes its own.
"""
import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator

from nova_lite.conf import CONF

PREFIX_6 = 64       # bits of an IPv6 address that its user does not choose


def client_of(address: str) -> str:
    """Who counts as one client: an IPv4 address, or the network of an IPv6 one. What is neither,
    as of a server behind a local socket, is one."""
    try:
        found = ipaddress.ip_address(address.partition('%')[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, PREFIX_6), strict=False))


class Connection:
    """A connection with what decides whether it may be closed: since when it waits for a request
    (None while one is worked on), and whether it has been answered anything."""

    def __init__(self, sock: socket.socket, client: str) -> None:
        self.sock, self.client = sock, client
        self.waiting_since: float | None = time.monotonic()
        self.answered = False

    def end(self) -> None:
        """Have its thread find it ended: that one closes it."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Connections:
    """All that are open; of threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._all_ended = threading.Event()
        self._closing = False

    def admit(self, connection: Connection) -> bool:
        """Take it in, at the cost of another if need be; False when all others are at work."""
        with self._lock:
            of_client = [one for one in self._open if one.client == connection.client]
            too_many_of_it = len(of_client) >= CONF.api.max_connections_per_client
            crowded = of_client if too_many_of_it else self._open
            if too_many_of_it or len(self._open) >= CONF.api.max_connections:
                idlest = min((one for one in crowded if one.waiting_since is not None),
                             key=lambda one: (one.answered, one.waiting_since), default=None)
                if idlest is None:
                    return False
                self._open.discard(idlest)
                idlest.end()
            self._open.add(connection)
            return True

    def leave(self, connection: Connection) -> None:
        with self._lock:
            self._open.discard(connection)
            if self._closing and not self._open:
                self._all_ended.set()

    @contextlib.contextmanager
    def at_work(self, connection: Connection) -> Iterator[None]:
        """A request of it is worked on: it is not closed for another."""
        connection.waiting_since = None
        try:
            yield
        finally:
            connection.answered = True
            connection.waiting_since = time.monotonic()

    def close_all(self, seconds: float) -> int:
        """End those that wait at once and the others when they are answered; how many were still
        at work after ``seconds``, and are left."""
        with self._lock:
            self._closing = True
            for connection in self._open:
                if connection.waiting_since is not None:
                    connection.end()
            if not self._open:
                self._all_ended.set()
        self._all_ended.wait(seconds)
        with self._lock:
            return len(self._open)
