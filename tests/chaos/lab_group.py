# SPDX-License-Identifier: Apache-2.0
"""One blow in the lab: the cells of one actor and fault, from the first request to the
verdicts."""
import concurrent.futures
import contextlib
import logging
import time
from typing import NamedTuple

from nova_lite.lab.guest import GuestError, GuestWatch
from nova_lite.migration.migration_states import FINAL
from tests.chaos import lab_cells, lab_harm, lab_verdict, verdict
from tests.chaos.cells import Cell
from tests.chaos.lab_servers import LabServers, wait_until
from tests.chaos.lab_stage import DESTINATION, SOURCE, LabStage
from tests.lab.cloud import Server

LOG = logging.getLogger(__name__)

SETTLE_TIMEOUT = 180    # s after the healing; a post-copy that was cut takes a minute by itself
SECOND_TIMEOUT = 90
# a guest in post-copy waits for its pages, and one whose QEMU is stopped for that
KEEP_GUESTS_STILL = ('link-hosts', 'destination-qemu')


class Outcome(NamedTuple):
    """``violations``: none, it has passed; ``end``: how the migration ended."""
    violations: list[str]
    end: str = ''


class LabGroup:
    def __init__(self, stage: LabStage, wanted: list[Cell]) -> None:
        self._stage = stage
        self._cells = {lab_cells.PHASES[cell.moment]: cell for cell in wanted}
        self._dead: set[str] = set()
        self._found: dict[str, list[str]] = {}
        self._ends: dict[str, str] = {}
        self._stood_still = 0.0     # s for which a guest may have been kept from running

    def run(self) -> dict[Cell, Outcome]:
        began = time.monotonic()
        stage = self._stage
        at = dict(zip(self._cells, stage.furnish(len(self._cells)), strict=False))
        uuids = {server.id: server for server in at.values()}
        self._found = {uuid: [] for uuid in uuids}
        self._log('furnished', began)
        with contextlib.ExitStack() as stack:
            watches = {uuid: stack.enter_context(GuestWatch(
                stage.lab.topology.consoles(uuid), interval=0.1)) for uuid in uuids}
            stage.watch.violations, stage.watch.expected = [], set(uuids)
            servers = LabServers(stage, at)
            missed = servers.bring()
            self._log('in their phases', began)
            struck = time.monotonic()
            self._strike(servers, uuids)
            self._log('healed', began)
            self._settle(uuids)
            if next(iter(self._cells.values())).actor in KEEP_GUESTS_STILL:
                self._stood_still = time.monotonic() - struck
            self._log('settled', began)
            self._again({uuid: server for uuid, server in uuids.items() if self._well(uuid)})
            self._log('moved again', began)
            self._judge(watches)
            self._log('judged', began)
        stage.watch.expected = set()
        for phase in missed:
            self._found[at[phase].id].insert(0, 'it was not in its phase')
        self._clear_away(uuids)
        return {cell: Outcome(self._found[at[phase].id], self._ends.get(at[phase].id, ''))
                for phase, cell in self._cells.items()}

    @staticmethod
    def _log(what: str, began: float) -> None:
        LOG.info('%s: %.1f s', what, time.monotonic() - began)

    def _well(self, uuid: str) -> bool:
        return not self._found[uuid] and uuid not in self._dead

    def _strike(self, servers: LabServers, uuids: dict[str, Server]) -> None:
        actor, fault, _ = next(iter(self._cells.values()))
        blow = lab_harm.make(self._stage, actor, fault, uuids.values(), self._dead)

        def let_go() -> None:
            self._stage.watch.expected = set(uuids) - self._dead
            servers.release()

        blow.befall(let_go)

    # -- looking ---------------------------------------------------------------------------------
    def _settle(self, uuids: dict[str, Server]) -> None:
        """Wait until all is well with all servers, or time is up."""
        seen: dict[str, lab_verdict.Seen] = {}
        found = {uuid: ['nobody could look'] for uuid in uuids}

        def well() -> bool:
            seen.update(self._stage.look(uuids, self._dead))
            found.update({uuid: lab_verdict.violations(each) for uuid, each in seen.items()})
            return not any(found.values())

        wait_until(well, SETTLE_TIMEOUT, interval=0.5)
        for uuid in uuids:
            self._found[uuid] += found[uuid]
        self._ends = {uuid: lab_verdict.end(each) for uuid, each in seen.items()}

    def _again(self, servers: dict[str, Server]) -> None:
        """Each server can be moved once more; those that are not at the source then come home."""
        self._move(servers)
        away = {uuid: server for uuid, server in servers.items()
                if self._well(uuid) and server.host != SOURCE}
        self._move(away)

    def _move(self, servers: dict[str, Server]) -> None:
        for uuid, server in servers.items():
            target = DESTINATION if server.host == SOURCE else SOURCE
            status, answer = server.action('os-migrateLive', {'host': target,
                                                              'block_migration': 'auto'})
            if status != 202:
                self._found[uuid].append(f'a second migration is answered by {status} {answer}')
        asked = [uuid for uuid in servers if self._well(uuid)]
        seen: dict[str, lab_verdict.Seen] = {}

        def ended() -> bool:
            seen.update(self._stage.look(asked, self._dead))
            return all(each.migration['status'] in FINAL for each in seen.values())

        wait_until(ended, SECOND_TIMEOUT, interval=0.5)
        for uuid, each in seen.items():
            self._found[uuid] += verdict.second(each.migration, lab_verdict.violations(each))

    def _judge(self, watches: dict[str, GuestWatch]) -> None:
        """By the guests' own word: each ticks on without a gap, and what it wrote is there."""
        def judge(uuid: str) -> list[str]:
            try:
                watches[uuid].wait_ticks(10)
                watches[uuid].wait_verified()
            except GuestError as error:
                return [str(error), *watches[uuid].faults(self._stood_still)]
            return watches[uuid].faults(self._stood_still)

        alive = [uuid for uuid in watches if uuid not in self._dead]
        with concurrent.futures.ThreadPoolExecutor(max(1, len(alive))) as pool:
            for uuid, said in zip(alive, pool.map(judge, alive), strict=False):
                self._found[uuid] += said
        for uuid in watches:
            self._found[uuid] += sorted({what for what in self._stage.watch.violations
                                         if uuid in what})

    def _clear_away(self, uuids: dict[str, Server]) -> None:
        """The dead are deleted; who is not well spoils the stage, which is made anew."""
        for uuid, server in uuids.items():
            if uuid in self._dead and not self._found[uuid]:
                try:
                    self._stage.discard(server)
                except AssertionError as error:
                    self._found[uuid].append(f'it cannot be deleted: {error}')
