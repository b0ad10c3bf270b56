# SPDX-License-Identifier: Apache-2.0
"""Guests that the hypervisor says have changed: their servers are looked at soon.

Most changes are those of our own orders and moves, and say nothing new. One that somebody else
made (virsh, or the guest itself) is shown without waiting for sync_power_state_interval. A server
that is busy, or on its way to this host, is looked at again and again until it is free.
"""
import threading
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import exception, utils

LOG = logging.getLogger(__name__)

QUIET = 0.5         # s from a change to the look, since changes come in groups
LONGEST = 32.0      # s between two looks at servers that stay busy


class GuestChanges:
    """``look(uuids)`` writes what these guests are, and returns those that are to be looked at
    again."""

    def __init__(self, look: Callable[[set[str]], set[str]]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._noted: set[str] = set()
        self._at_work = False
        self._stopping = threading.Event()

    def note(self, uuid: str) -> None:
        """The guest has changed. Never waits."""
        with self._lock:
            self._noted.add(uuid)
            begin, self._at_work = not self._at_work, True
        if begin:
            utils.spawn(self._work, name='guest-changes')

    def stop(self) -> None:
        self._stopping.set()

    def _work(self) -> None:
        waiting: set[str] = set()
        pause, troubled = QUIET, False
        while not self._stopping.wait(pause):
            with self._lock:
                new, self._noted = self._noted, set()
            waiting |= new
            pause = QUIET if new else min(2 * pause, LONGEST)
            try:
                waiting, troubled = self._look(waiting), False
            except Exception as error:
                if not troubled:
                    LOG.warning('Cannot write what guests are that have changed, trying again: %s',
                                exception.message_of(error))
                troubled = True
            with self._lock:
                if not waiting and not self._noted:
                    self._at_work = False
                    return
