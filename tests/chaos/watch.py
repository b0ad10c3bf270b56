# SPDX-License-Identifier: Apache-2.0
"""Looks at all simulated guests all the time: does one run twice, does one begin anew?

The world itself writes down two running copies at whichever change makes them; this looks from
outside, at what any observer could see.
"""
import contextlib
import threading
import time
from typing import Any, Self

from nova_lite.virt.simulation.state import RUNNING, TICKS_PER_SECOND
from nova_lite.virt.simulation.world import World
from tests.chaos.stage import read_world

INTERVAL = 0.2
TWICE = 'runs on '      # how the word on two running copies begins


class Watch:
    """``faults``: by server, what must not be and was seen."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.faults: dict[str, list[str]] = {}
        self.samples = 0
        self._boots: dict[str, str] = {}
        self._ticks: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL):
            with contextlib.suppress(TimeoutError):     # nothing that could be seen at a moment
                self.look(read_world(self._world), time.time())

    def look(self, world: dict[str, Any], real: float) -> None:
        self.samples += 1
        now = max(world['now'],
                  world['epoch_now'] + (real - world['epoch']) / world['time_scale'])
        for uuid, copies in world['guests'].items():
            running = [copy for copy in copies.values() if copy['state'] == RUNNING]
            if len(running) > 1:
                self._note(uuid, TWICE + ' and '.join(copy['host'] for copy in running))
            for copy in running:
                self._follow(uuid, copy, now)

    def _follow(self, uuid: str, guest: dict[str, Any], now: float) -> None:
        if self._boots.setdefault(uuid, guest['boot_id']) != guest['boot_id']:
            self._note(uuid, 'was started anew')
        if not guest['memory_ok']:
            self._note(uuid, 'has bad memory')
        since = guest['since']
        ran = guest['ran'] + (max(0.0, now - since) if since is not None else 0.0)
        ticks = int(ran * TICKS_PER_SECOND)
        # a copy is stopped as of the moment when it was due, so a look may have been ahead of it
        if ticks < self._ticks.get(uuid, 0) - TICKS_PER_SECOND:
            self._note(uuid, f'counted back from {self._ticks[uuid]} to {ticks}')
        self._ticks[uuid] = max(ticks, self._ticks.get(uuid, 0))

    def _note(self, uuid: str, what: str) -> None:
        noted = self.faults.setdefault(uuid, [])
        if what not in noted:
            noted.append(what)
