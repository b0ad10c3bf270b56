# SPDX-License-Identifier: Apache-2.0
"""Follows a guest's console files over all hosts while it migrates.

The source removes its file as soon as the destination has the guest; the last lines in it
are the proof that nothing is missing, so every file is held open from its first sight on.
"""
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Self

from nova_lite.lab.guest.ticks import Record, Tick


class GuestError(AssertionError):
    """The guest did not do in time what it was expected to do."""


class GuestWatch:
    """
    :param consoles: the path that may become the guest's console, by host
    :param interval: seconds between two looks
    """

    def __init__(self, consoles: Mapping[str, Path], interval: float = 0.03,
                 opener: Callable[..., IO[Any]] = open) -> None:
        self.record, self._opener = Record(), opener
        self._consoles = dict(consoles)
        self._interval = interval
        self._open: list[tuple[str, IO[Any]]] = []
        self._news = threading.Condition()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, name='guest-watch', daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end.set()
        self._thread.join(10)
        for _, file in self._open:
            file.close()

    def last(self, host: str | None = None) -> Tick | None:
        with self._news:
            return self.record.last(host)

    def faults(self, stood_still: float = 0) -> list[str]:
        with self._news:
            return self.record.faults(stood_still)

    def wait(self, wanted: Callable[[Record], bool], timeout: float, what: str) -> None:
        """Wait until ``wanted(record)`` is true.

        :raises GuestError: not within ``timeout`` seconds; the message says how far it came
        """
        with self._news:
            if not self._news.wait_for(lambda: wanted(self.record), timeout):
                last = self.record.last()
                end = ' | '.join(self.record.noise[-3:])
                raise GuestError(
                    f'no {what} within {timeout:g} s; last on {self.record.host()}: {last}'
                    + (f'; console: {end}' if end else ''))

    def wait_ticks(self, count: int, host: str | None = None, timeout: float = 60) -> Tick:
        """Wait for ``count`` ticks from now on (on this host); returns the newest."""
        with self._news:
            begin = len(self.record.ticks)      # all of them would take long to count each time

        def seen(record: Record) -> int:
            return sum(host in (None, where) for where, _, _ in record.ticks[begin:])

        self.wait(lambda record: seen(record) >= count, timeout,
                  f'{count} ticks' + (f' on {host}' if host else ''))
        return self._newest(host)

    def wait_verified(self, timeout: float = 60) -> Tick:
        """Wait until everything the guest wrote was compared once more, from now on."""
        def scans(tick: Tick | None) -> tuple[int, int]:
            return (tick.scans, tick.dscans or 0) if tick else (0, 0)

        before = self.last()
        # the comparison that is on its way began before now: a second one has to end
        memory, disk = (count + 2 for count in scans(before))

        def verified(record: Record) -> bool:
            last = record.last()
            return bool(last and last.scans >= memory
                        and (last.dscans is None or last.dscans >= disk))

        self.wait(verified, timeout, 'complete comparison')
        return self._newest()

    def _newest(self, host: str | None = None) -> Tick:
        tick = self.last(host)
        if tick is None:
            raise LookupError('the guest has not ticked yet')
        return tick

    def _follow(self) -> None:
        while not self._end.wait(self._interval):
            self._look()

    def _look(self) -> None:
        """Read what is new in all files, the removed ones as well."""
        known = {_identity(file.fileno()) for _, file in self._open}
        for host, path in self._consoles.items():
            try:
                if _identity(path) not in known:
                    self._open.append((host, self._opener(path, 'rb')))
            except FileNotFoundError:
                pass
        pieces: dict[str, bytes] = {}
        # where it was last comes last: what it said there is complete when another host has news
        for host, file in sorted(self._open, key=lambda each: each[0] == self.record.host()):
            pieces[host] = pieces.get(host, b'') + file.read()
        if any(pieces.values()):
            with self._news:
                self.record.add(pieces, time.monotonic())
                self._news.notify_all()


def _identity(file: Path | int) -> tuple[int, int]:
    status = os.stat(file)
    return status.st_dev, status.st_ino
