# SPDX-License-Identifier: Apache-2.0
"""Brings the servers of a group to their moments, and lets them go."""
import collections
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nova_lite.virt.simulation import faults, jobs, model
from nova_lite.virt.simulation.state import State
from tests.chaos import cells, orders
from tests.chaos import stage as stages
from tests.chaos.cells import Moment
from tests.chaos.held import Held, in_thread
from tests.chaos.stage import Stage, wait_until

BUSY_WRITER, USUAL_WRITER = 4096, 64       # MiB/s
REACH_TIMEOUT = 90
BUILD_TIMEOUT = 20
SIDE_BY_SIDE = 16       # on the way to their moments
# what makes a migration take its way: the driver's step that goes wrong, how, and its error
TROUBLES = {
    cells.FAILING: ('live_migration@10', faults.FAIL, ''),
    cells.REFUSED: ('check_can_live_migrate_destination', faults.REFUSE, ''),
    cells.LOSING: ('post_live_migration_at_destination', faults.FAIL, 'InstanceNotRunning'),
    cells.ABORTED: ('live_migration@50', faults.HANG, ''),
}
# one that is held here must not be started by the thread that looks into the queue now and then
QUEUED = 'edge-prepare-start'


class Servers(Held):
    """``at``: the server of each moment, '' where it is still to be built; ``answers``: to what
    was asked of a server that is not a migration."""

    def __init__(self, stage: Stage, at: dict[Moment, str]) -> None:
        super().__init__(stage.orders)
        self._stage, self.at = stage, at
        self._faults: dict[str, list[str]] = {uuid: [] for uuid in at.values()}
        self.answers: dict[str, int] = {}

    def bring(self) -> list[Moment]:
        """Ask for all that is to happen and wait until each is held; returns those that were not.
        """
        self._order()
        orders.bring_into(self._stage, {
            uuid: orders.ORDERS[moment.task].before for moment, uuid in self.at.items()
            if moment.task and uuid})
        builds = [moment for moment in self.at if orders.is_build(moment.task)]
        for moment in builds:
            self._build(moment)
        return (self._bring([moment for moment in self.at if moment not in builds])
                + [moment for moment in builds if not self._has_come(moment)])

    def bring_at_random(self, seed: int, longest: float) -> dict[str, float]:
        """Ask for each migration at a time of its own; return after ``longest`` seconds, with
        how long ago each was asked for."""
        dice = random.Random(seed)
        delays = {uuid: dice.uniform(0, longest) for uuid in self.at.values()}
        end = time.monotonic() + longest
        for uuid, delay in sorted(delays.items(), key=lambda item: -item[1]):
            time.sleep(max(0.0, end - delay - time.monotonic()))
            in_thread(self._stage.live_migrate, uuid)
        time.sleep(max(0.0, end - time.monotonic()))
        return delays

    def wanted(self) -> dict[str, tuple[str | None, ...]]:
        """The vm_states that are right for those that were given another order than a move. One
        that was refused must not have been carried out."""
        found: dict[str, tuple[str | None, ...]] = {}
        for moment, uuid in self.at.items():
            if moment.task:
                order = orders.ORDERS[moment.task]
                refused = self.answers.get(uuid, 0) >= 400
                found[uuid] = (order.before if refused else order.after,)
        return found

    def release(self) -> None:
        super().release()
        with self._stage.world.change() as state:
            for fault in state.faults.values():
                fault.released = True
                jobs.release(state, fault.id)

    def quieten(self) -> None:
        """Those that wrote so much that only post-copy moved them write as the others do."""
        with self._stage.world.change() as state:
            for moment, uuid in self.at.items():
                if moment.way == cells.POSTCOPY:
                    self._write_at(state, uuid, USUAL_WRITER)

    # -- setting up ------------------------------------------------------------------------------
    def _order(self) -> None:
        self.clear()
        with self._stage.world.change() as state:
            state.faults.clear()
            for moment, uuid in self.at.items():
                if moment.way in TROUBLES:
                    step, action, error = TROUBLES[moment.way]
                    self._faults[uuid].append(faults.order(
                        state, step, action, uuid=uuid, error=error, times=1).id)
                if moment.step:
                    self._faults[uuid].append(faults.order(
                        state, moment.step, faults.HANG, uuid=uuid, times=1).id)
                if moment.way == cells.POSTCOPY:
                    self._write_at(state, uuid, BUSY_WRITER)
        for moment, uuid in self.at.items():
            if moment.order and uuid:
                self._order_of(moment).touch()
            if moment.name == QUEUED:
                self.order(QUEUED, stages.SOURCE).touch()
            if moment.name.endswith(orders.GIVEN) and uuid:
                (self._stage.orders / orders.hold_start(moment.task, uuid)).touch()

    def _order_of(self, moment: Moment) -> Path:
        """A server that is built has no uuid before: whoever comes first is meant."""
        return self.order(moment.order,
                          '' if orders.is_build(moment.task) else self.at[moment])

    def _has_come(self, moment: Moment) -> bool:
        return self.met(self._order_of(moment)).exists()

    @staticmethod
    def _write_at(state: State, uuid: str, rate: int) -> None:
        for guest in state.guests.get(uuid, {}).values():
            jobs.guest_wrote(state, guest, rate)    # also one that is off by now

    # -- asking and waiting ----------------------------------------------------------------------
    def _bring(self, moments: list[Moment]) -> list[Moment]:
        """Ask for these, a few at a time, and wait for all; returns those that did not come."""
        waiting, under_way = collections.deque(moments), []

        def step() -> bool:
            while waiting and len(under_way) < SIDE_BY_SIDE:
                under_way.append(waiting.popleft())
                self._ask(under_way[-1])
            world = stages.read_world(self._stage.world)
            under_way[:] = [moment for moment in under_way if not self._reached(moment, world)]
            return not waiting and not under_way

        wait_until(step, REACH_TIMEOUT)
        return [*under_way, *waiting]

    def _build(self, moment: Moment) -> None:
        """One after the other, since it is not known beforehand which server comes where."""
        name, order = f'{moment.name}-{time.time_ns()}', self._order_of(moment)
        order.touch()
        in_thread(self._note_answer, moment, orders.build, self._stage, name)
        rows = wait_until(lambda: self._stage.rows(
            'SELECT uuid FROM instances WHERE display_name = :name', name=name), BUILD_TIMEOUT)
        self.at[moment] = uuid = rows[0]['uuid'] if rows else ''
        if moment.name.endswith(orders.GIVEN):
            (self._stage.orders / orders.hold_start(moment.task, uuid)).touch()
        wait_until(lambda: self._has_come(moment), BUILD_TIMEOUT)
        order.unlink(missing_ok=True)

    def _note_answer(self, moment: Moment, ask: Callable[..., int], *args: Any) -> None:
        code = ask(*args)
        self.answers[self.at[moment]] = code

    def _ask(self, moment: Moment) -> None:
        uuid = self.at[moment]
        if moment.task:
            in_thread(self._note_answer, moment, orders.give, self._stage, moment.task, uuid)
            return
        in_thread(self._stage.live_migrate, uuid)
        if moment.way == cells.ABORTED:
            in_thread(self._abort, uuid)
        elif moment.way == cells.POSTCOPY:
            in_thread(self._force, uuid)

    def _abort(self, uuid: str) -> None:
        def is_hit() -> bool:
            return _hit(stages.read_world(self._stage.world), self._faults[uuid][0])

        if wait_until(is_hit, REACH_TIMEOUT, interval=0.3):
            self._stage.ask('DELETE', f'/servers/{uuid}/migrations/{self._migration_id(uuid)}')

    def _force(self, uuid: str) -> None:
        if wait_until(lambda: self._copies_memory(uuid), REACH_TIMEOUT):
            self._stage.ask(
                'POST', f'/servers/{uuid}/migrations/{self._migration_id(uuid)}/action',
                {'force_complete': None})

    def _reached(self, moment: Moment, world: dict[str, Any]) -> bool:
        uuid = self.at[moment]
        if moment.step:
            return _hit(world, self._faults[uuid][-1])
        return self._has_come(moment)

    def _copies_memory(self, uuid: str) -> bool:
        """Only then can the guest be switched to post-copy; before, it would be paused."""
        with self._stage.world.look() as state:
            job = jobs.active(state, uuid)
            return (job is not None
                    and model.advance(job.copy, state.now).phase == model.MEMORY)

    def _migration_id(self, uuid: str) -> int:
        return self._stage.migrations()[uuid]['id']


def _hit(world: dict[str, Any], fault: str) -> bool:
    return world['faults'].get(fault, {}).get('hits', 0) > 0
