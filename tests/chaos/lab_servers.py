# SPDX-License-Identifier: Apache-2.0
"""Brings real servers to their phases all at once, and lets them go."""
import functools
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from nova_lite import moments
from nova_lite.lab.command import LabError
from tests.chaos import cells
from tests.chaos.held import Held, in_thread
from tests.chaos.lab_cells import Phase
from tests.chaos.lab_stage import SOURCE, LabStage
from tests.fixtures import waiting
from tests.lab import control
from tests.lab.cloud import Server

REACH_TIMEOUT = 40
COPIED = 8 << 20        # bytes after which a copy is in its middle
# The thread that looks into the queue now and then must not start this one.
QUEUED = 'queued'
# libvirt holds nobody: these are brought there when the others are where they should be
HASTY = ('copying', 'post-copy')
# a conductor takes up what nobody has after a while, so this one comes last
ACCEPTED = 'accepted'

# what is away says nothing, and a refusal of the API is an AssertionError
wait_until = functools.partial(waiting.wait_until, interval=0.2,
                               away=(OSError, LabError, AssertionError))


class LabServers(Held):
    """``at``: the server of each phase."""

    def __init__(self, stage: LabStage, at: dict[Phase, Server]) -> None:
        super().__init__(stage.orders)
        self._stage, self.at = stage, at

    def bring(self) -> list[Phase]:
        """Ask for all migrations; returns those that are not in their phase in the end."""
        self.clear()
        slow = [phase for phase in self.at if phase.name not in (ACCEPTED, *HASTY)]
        hasty = [phase for phase in self.at if phase.name in HASTY]
        for phase in slow:
            self._ask(phase)
        self._wait(slow, self._held)
        for phase in hasty:
            self._ask(phase)
        self._wait(hasty, lambda phase: self._stage.copied(self.at[phase]) > COPIED)
        for phase in [phase for phase in self.at if phase.name == ACCEPTED]:
            self._ask(phase)
        self._wait([phase for phase in self.at if phase.order], self._held)
        statuses = self._statuses()
        return [phase for phase in self.at
                if statuses.get(self.at[phase].id) != phase.status or not self._held(phase)]

    # -- asking ----------------------------------------------------------------------------------
    def _ask(self, phase: Phase) -> None:
        server = self.at[phase]
        if phase.order:
            self._order_of(phase).touch()
        if phase.name == QUEUED:
            self.order(phase.order, SOURCE).touch()
        in_thread(self._live_migrate, server)
        if phase.way == cells.ABORTED:
            in_thread(self._order, server, 'DELETE', '')
        elif phase.way == cells.POSTCOPY:
            in_thread(self._order, server, 'POST', '/action', {'force_complete': None})

    @staticmethod
    def _live_migrate(server: Server) -> None:
        """The answer may be lost with whoever gives it."""
        try:
            server.action('os-migrateLive', {'host': None, 'block_migration': 'auto'})
        except OSError:
            return

    def _order(self, server: Server, method: str, path: str, body: object = None) -> None:
        """Order something about the server's copy, once it is under way."""
        if wait_until(lambda: self._stage.copied(server) > COPIED, REACH_TIMEOUT):
            number = server.migrations()[-1]['id']
            server.cloud.request(method, f'/servers/{server.id}/migrations/{number}{path}', body)

    def _order_of(self, phase: Phase) -> Path:
        """The file that has it held."""
        return self.order(phase.order, self.at[phase].id)

    # -- waiting ---------------------------------------------------------------------------------
    @staticmethod
    def _wait(phases: Iterable[Phase], there: Callable[[Phase], bool]) -> None:
        wait_until(lambda: all(there(phase) for phase in phases), REACH_TIMEOUT)

    def _held(self, phase: Phase) -> bool:
        """Has it come there, and will it still be held for a while?"""
        if not phase.order:
            return self._stage.copied(self.at[phase]) > COPIED
        met = self.met(self._order_of(phase))
        # being renamed is the last that happened to it
        return met.exists() and time.time() - met.stat().st_ctime < moments.LIMIT - 2

    def _statuses(self) -> dict[str, str]:
        return {row['instance_uuid']: row['status'] for row in control.query(
            self._stage.lab, 'instance_uuid, status', 'migrations ORDER BY id')}
