# SPDX-License-Identifier: Apache-2.0
"""What others are told and nobody here waits for.

A broker's confirmation can take longer than the step of a migration that is told of, and for as
long as the broker is away. So what is to be sent is put here, and a thread that lives while there
is something sends it, in order.
"""
import collections
import threading
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import utils

LOG = logging.getLogger(__name__)

LIMIT = 1000        # that wait; what comes then is dropped


class Outbox:
    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: collections.deque[Callable[[], None]] = collections.deque()
        self._lock = threading.Lock()
        self._sender: threading.Thread | None = None

    def put(self, send: Callable[[], None]) -> bool:
        """Have ``send`` called after all that was put before; False when too many wait."""
        with self._lock:
            if len(self._waiting) >= LIMIT:
                return False
            self._waiting.append(send)
            if self._sender is None:
                self._sender = utils.spawn(self._send_all, name=self._name)
        return True

    def drain(self, timeout: float) -> bool:
        """Wait until all is sent; False when that took longer than ``timeout`` seconds."""
        sender = self._sender
        if sender is not None:
            sender.join(timeout)
        return self._sender is None

    def _send_all(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._sender = None
                    return
                send = self._waiting.popleft()
            try:
                send()
            except Exception:
                LOG.exception('%s: not sent', self._name)
