# SPDX-License-Identifier: Apache-2.0
"""A storm: requests of all kinds by several clients, processes that die meanwhile; then quiet, and
then all must be well, and every server can be moved."""
import concurrent.futures
import threading
import time
from pathlib import Path

from nova_lite.migration.migration_states import FINAL
from tests.chaos import report, storm_verdict
from tests.chaos import stage as stages
from tests.chaos.stage import Stage, wait_until
from tests.chaos.storm_actors import Client, Harmer, Servers
from tests.chaos.watch import Watch

HOSTS = ('h1', 'h2', 'h3', 'h4')
SERVERS, CLIENTS = 20, 4
QUIET = 180         # s until everything has come to an end
WAKE, MOVE = 60, 90     # s for what is done with each server afterwards
# how a server that does not run comes to run, so that it can be moved
WAKING = {'stopped': 'os-start', 'suspended': 'resume'}


class Log:
    """What was done and answered, with the time since the beginning."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._stream, self._lock = file.open('w'), threading.Lock()
        self._began, self.file = time.monotonic(), file

    def say(self, line: str) -> None:
        with self._lock:
            print(f'{time.monotonic() - self._began:8.3f} {line}', file=self._stream, flush=True)


class Storm:
    def __init__(self, stage: Stage, seed: int, seconds: float, log: Log) -> None:
        self._stage, self._seed, self._seconds, self._log = stage, seed, seconds, log
        self.found: dict[str, list[str]] = {}

    def run(self) -> dict[str, list[str]]:
        """The violations by what they are about; none: all is well."""
        servers = Servers(self._stage.boot(SERVERS))
        with Watch(self._stage.world) as watch:
            self._rage(servers)
            self._log.say('quiet')
            wait_until(self._is_well, QUIET, interval=1)
            self._wake()
            self._move_all()
            wait_until(self._is_well, MOVE, interval=1)
        self._note(storm_verdict.violations(self.look()))
        # a guest is started anew here, and so it counts anew
        self._note({uuid: told for uuid, said in watch.faults.items()
                    if (told := [line for line in said if line.startswith('runs on')])})
        self._note({'the world': list(self._stage.world.violations)})
        return self.found

    def _rage(self, servers: Servers) -> None:
        until = time.monotonic() + self._seconds
        harmer = Harmer(self._stage, f'{self._seed}', until, self._log.say)
        actors = [harmer, *(Client(self._stage, servers, f'{self._seed}-{number}', until,
                                   self._log.say) for number in range(CLIENTS))]
        for actor in actors:
            actor.start()
        for actor in actors:
            actor.join()
        if harmer.trouble is not None:
            raise harmer.trouble

    # -- looking ---------------------------------------------------------------------------------
    def look(self) -> storm_verdict.Scene:
        rows = self._stage.rows
        with self._stage.world.look():
            pass        # brings about what is due
        return storm_verdict.Scene(
            {row['uuid']: row for row in rows('SELECT * FROM instances WHERE deleted = 0')},
            rows('SELECT id, instance_uuid, status FROM migrations WHERE deleted = 0'),
            rows('SELECT * FROM claims'),
            rows('SELECT * FROM compute_nodes WHERE deleted = 0'),
            stages.read_world(self._stage.world), self._stage.faults())

    def _is_well(self) -> bool:
        return not storm_verdict.violations(self.look())

    def _note(self, found: dict[str, list[str]]) -> None:
        for whose, lines in found.items():
            for line in lines:
                if line not in self.found.setdefault(whose, []):
                    self.found[whose].append(line)
        self.found = {whose: lines for whose, lines in self.found.items() if lines}

    # -- afterwards ------------------------------------------------------------------------------
    def _wake(self) -> None:
        asleep = {uuid: WAKING[row['vm_state']] for uuid, row in self._stage.instances().items()
                  if row['vm_state'] in WAKING}
        for uuid, action in asleep.items():
            code = self._stage.ask('POST', f'/servers/{uuid}/action', {action: None})
            self._log.say(f'afterwards {action} {uuid} -> {code}')
            if code != 202:
                self._note({uuid: [f'{action} is answered by {code}']})

        def awake() -> bool:
            rows = self._stage.instances()
            return all(rows[uuid]['vm_state'] == 'active' and rows[uuid]['task_state'] is None
                       for uuid in asleep)

        wait_until(awake, WAKE, interval=0.5)
        rows = self._stage.instances()
        self._note({uuid: [f"after {action} it is {rows[uuid]['vm_state']}, task_state "
                           f"{rows[uuid]['task_state']}"] for uuid, action in asleep.items()
                    if rows[uuid]['vm_state'] != 'active'})

    def _move_all(self) -> None:
        uuids = list(self._stage.instances())
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            codes = dict(zip(uuids, pool.map(self._stage.live_migrate, uuids), strict=False))
        self._note({uuid: [f'a migration afterwards is answered by {code}']
                    for uuid, code in codes.items() if code != 202})
        moved = {uuid for uuid, code in codes.items() if code == 202}

        def over() -> bool:
            rows = self._stage.migrations()
            return all(rows[uuid]['status'] in FINAL for uuid in moved)

        wait_until(over, MOVE, interval=0.5)
        rows = self._stage.migrations()
        self._note({uuid: [f"a migration afterwards is {rows[uuid]['status']}: "
                           f"{rows[uuid]['reason']}"]
                    for uuid in moved if rows[uuid]['status'] != 'completed'})


def main(seconds: float, seed: int, logs: Path) -> int:
    print(f'--storm {seconds:g} --seed {seed}', flush=True)
    log = Log(logs / f'storm-{seed}.log')
    with stages.opened(HOSTS) as stage:
        found = Storm(stage, seed, seconds, log).run()
        if found:
            report.keep_logs(logs, f'storm-{seed}', stage.logs())
    for whose, lines in found.items():
        print(f'{whose}: {"; ".join(lines)}')
    print(f'what was done, and when: {log.file}')
    failed = len(found)
    print(f'{SERVERS - min(SERVERS, failed)} passed, {failed} failed', flush=True)
    return 1 if found else 0
