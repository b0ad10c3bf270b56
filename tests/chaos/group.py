# SPDX-License-Identifier: Apache-2.0
"""One group: the cells of one actor and fault, on one stage, from the first request to the
verdicts."""
import collections
import logging
import time
from collections.abc import Iterable

from nova_lite.migration import vm_states
from nova_lite.migration.migration_states import FINAL
from nova_lite.virt.simulation import guests
from tests.chaos import cells, harm, harm_virsh, orders, verdict
from tests.chaos import stage as stages
from tests.chaos.cells import Cell, Moment
from tests.chaos.servers import Servers
from tests.chaos.stage import SOURCE, Stage, wait_until
from tests.chaos.watch import TWICE, Watch

LOG = logging.getLogger(__name__)

SETTLE_TIMEOUT = 75     # s after the healing
SECOND_TIMEOUT = 60     # s for each
SIDE_BY_SIDE = 16       # second migrations
AT_ONCE = 96            # servers of one blow: all moments of a group at once
RANDOM_LONGEST = 4.0    # s from a request to the blow
MISSED = 'it did not come to its moment'


class Group:
    """``pool``: servers that live at the source and are well, kept for the next group."""

    def __init__(self, stage: Stage, pool: list[str], actor: str, fault: str) -> None:
        self._stage, self._pool = stage, pool
        self._actor, self._fault = actor, fault
        self._dead: set[str] = set()
        self._lost: set[str] = set()
        self._touched: set[str] = set()     # by hand
        self._wanted: dict[str, tuple[str | None, ...]] = {}

    def run(self, wanted: list[Cell]) -> dict[Cell, list[str]]:
        """The violations of each cell; none: it has passed. Those that do not come to their
        moments in time, among so many on a slow machine, prove nothing: they are run once more by
        themselves."""
        found: dict[Cell, list[str]] = {}
        for first in range(0, len(wanted), AT_ONCE):
            found |= self._run(wanted[first:first + AT_ONCE])
        if missed := [cell for cell, wrong in found.items() if MISSED in wrong]:
            LOG.warning('run once more: %s', ', '.join(
                f'{cell.moment} ({"; ".join(found[cell])})' for cell in missed))
            found |= self._run(missed)
        return found

    def _run(self, wanted: list[Cell]) -> dict[Cell, list[str]]:
        began = time.monotonic()
        moments = {cells.MOMENTS[cell.moment]: cell for cell in wanted}
        servers = self._engage(moments)
        self._lost = {uuid for moment, uuid in servers.at.items() if moment.way == cells.LOSING}
        with Watch(self._stage.world) as watch:
            missed = servers.bring()
            LOG.info('%d servers are at their moments after %.1f s', len(moments),
                     time.monotonic() - began)
            found = self._strike_and_judge(servers, watch)
        return {cell: [MISSED] * (moment in missed) + found.get(servers.at[moment], [])
                for moment, cell in moments.items()}

    def run_at_random(self, count: int, seed: int) -> dict[Cell, list[str]]:
        """The same for ``count`` servers, each at a random time since its request."""
        servers = self._engage(Moment(str(number), cells.PLAIN) for number in range(count))
        with Watch(self._stage.world) as watch:
            delays = servers.bring_at_random(seed, RANDOM_LONGEST)
            found = self._strike_and_judge(servers, watch)
        return {Cell(self._actor, self._fault, f'{number}: +{delays[uuid]:.3f}s'): found[uuid]
                for number, uuid in enumerate(servers.at.values())}

    def _engage(self, moments: Iterable[Moment]) -> Servers:
        at = {moment: '' for moment in moments}
        wanted = [moment for moment in at if not orders.is_build(moment.task)]
        if (short := len(wanted) - len(self._pool)) > 0:
            self._pool += self._stage.boot(short)
        return Servers(self._stage, at | dict(zip(wanted, self._pool, strict=False)))

    def _strike_and_judge(self, servers: Servers, watch: Watch) -> dict[str, list[str]]:
        uuids = [uuid for uuid in servers.at.values() if uuid]
        blow = harm.make(self._stage, self._actor, self._fault, uuids, self._dead, self._touched)
        blow.befall(servers.release)
        began = time.monotonic()
        found = self._settle(servers, uuids)
        LOG.info('settled %.1f s after the healing', time.monotonic() - began)
        servers.quieten()
        self._wake([uuid for uuid in uuids if not found[uuid]], found)
        well = [uuid for uuid in uuids if not found[uuid] and not self._gone(uuid)]
        self._again(well, found)
        LOG.info('moved again %.1f s after the healing', time.monotonic() - began)
        anew = {uuid for moment, uuid in servers.at.items()
                if moment.task and orders.ORDERS[moment.task].anew}
        if self._fault == cells.DESTROY:
            anew |= self._touched
        for uuid in uuids:
            found[uuid] += [what for what in watch.faults.get(uuid, [])
                            if uuid not in anew or what.startswith(TWICE)]
            found[uuid] += [what for what in self._stage.world.violations if uuid in what]
        self._clear_away(uuids, found)
        return found

    def _gone(self, uuid: str) -> bool:
        row = self._stage.instances().get(uuid)
        return uuid in self._dead or row is None or row['vm_state'] != 'active'

    # -- looking ---------------------------------------------------------------------------------
    def _settle(self, servers: Servers, uuids: list[str]) -> dict[str, list[str]]:
        """Wait until all is well with all servers, or time is up."""
        found: dict[str, list[str]] = {uuid: ['the database is away'] for uuid in uuids}

        def well() -> bool:
            self._wanted = servers.wanted() | {
                uuid: harm_virsh.wanted(self._fault, uuid in self._lost)
                for uuid in self._touched}
            found.update(self._look(uuids))
            return not any(found.values())

        wait_until(well, SETTLE_TIMEOUT, interval=0.3)
        return found

    def _look(self, uuids: Iterable[str]) -> dict[str, list[str]]:
        stage = self._stage
        migrations, instances, claims = stage.migrations(), stage.instances(), stage.claims()
        ours: dict[str, set[str]] = {}
        for row in stage.rows('SELECT uuid, instance_uuid FROM migrations'):
            ours.setdefault(row['instance_uuid'], set()).add(row['uuid'])
        faults = stage.faults()
        with stage.world.look():
            pass        # brings about what is due
        world = stages.read_world(stage.world)
        return {uuid: verdict.violations(verdict.Seen(
            uuid, migrations.get(uuid), instances.get(uuid), world, claims,
            ours.get(uuid, set()), uuid in self._dead, uuid in self._lost,
            self._wanted.get(uuid, (vm_states.ACTIVE,)), faults.get(uuid, '')))
            for uuid in uuids}

    # -- afterwards ------------------------------------------------------------------------------
    def _wake(self, uuids: list[str], found: dict[str, list[str]]) -> None:
        """What is off or paused by now is to run, so that it can be moved; what is in error is an
        operator's, and he takes the place that is proved."""
        rows = self._stage.instances()
        astray = {uuid for uuid in self._touched.intersection(uuids)
                  if rows[uuid]['vm_state'] == vm_states.ERROR}
        for uuid, why in harm_virsh.accept(self._stage, astray).items():
            found[uuid].append(why)
        codes = orders.wake(self._stage, uuids)
        changed = {*codes, *astray}
        self._wanted = {uuid: wanted for uuid, wanted in self._wanted.items()
                        if uuid not in changed}
        for uuid, wrong in self._look(changed).items():
            found[uuid] += [f'woken, answered by {codes.get(uuid)}, {what}' for what in wrong]

    def _again(self, uuids: list[str], found: dict[str, list[str]]) -> None:
        """Each server can be moved once more; those that are away from the source come home."""
        self._move(uuids, found)
        hosts = {uuid: row['host'] for uuid, row in self._stage.instances().items()}
        self._move([uuid for uuid in uuids if not found[uuid] and hosts[uuid] != SOURCE], found)

    def _move(self, uuids: list[str], found: dict[str, list[str]]) -> None:
        """Each within SECOND_TIMEOUT of its request. They go a few at a time: what is looked at
        is whether a server can be moved, not how many at once."""
        waiting, until = collections.deque(uuids), {}
        ended: set[str] = set()

        def step() -> bool:
            while waiting and len(until) < SIDE_BY_SIDE:
                uuid = waiting.popleft()
                if (code := self._stage.live_migrate(uuid)) != 202:
                    found[uuid].append(f'a second migration is answered by {code}')
                    continue
                until[uuid] = time.monotonic() + SECOND_TIMEOUT
            rows = self._stage.migrations()
            for uuid, end in list(until.items()):
                if rows[uuid]['status'] in FINAL or time.monotonic() > end:
                    del until[uuid]
                    ended.add(uuid)
            return not waiting and not until

        wait_until(step, SECOND_TIMEOUT * (1 + len(uuids) / SIDE_BY_SIDE), interval=0.2)
        self._expect_completed(ended | set(until), found)
        for uuid in waiting:
            found[uuid].append('there was no time for a second migration')

    def _expect_completed(self, uuids: set[str], found: dict[str, list[str]]) -> None:
        rows = self._stage.migrations()
        for uuid, wrong in self._look(uuids).items():
            found[uuid] += verdict.second(rows[uuid], wrong)

    def _clear_away(self, uuids: list[str], found: dict[str, list[str]]) -> None:
        """Servers that are not well are not used again, nor in the way of others."""
        spoilt = {uuid for uuid in uuids if found[uuid] or self._gone(uuid)}
        self._pool[:] = [uuid for uuid in dict.fromkeys([*self._pool, *uuids])
                         if uuid not in spoilt]
        for uuid in spoilt:
            self._stage.ask('DELETE', f'/servers/{uuid}')
        with self._stage.world.change() as state:
            for uuid in spoilt:
                for host in list(state.guests.get(uuid, {})):
                    guests.remove(state, host, uuid)
                state.jobs.pop(uuid, None)
        for uuid in spoilt:
            for host in self._stage.hosts:
                self._stage.world.remove_files(host, uuid)
