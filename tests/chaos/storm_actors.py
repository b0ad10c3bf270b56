# SPDX-License-Identifier: Apache-2.0
"""Who makes a storm: clients that ask for anything, and one who harms processes meanwhile."""
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.chaos import cells, harm
from tests.chaos.stage import Stage
from tests.fixtures.processes import IMAGE_ID

PAUSE = 0.05, 0.5       # s between two requests of a client
CALM = 0.5, 4.0         # s between two blows
ACTIONS: dict[str, Any] = {
    'os-stop': None, 'os-start': None, 'pause': None, 'unpause': None, 'suspend': None,
    'resume': None, 'reboot': {'type': 'SOFT'}}
# what is asked how often
WEIGHTS = {'move': 30, 'abort': 8, 'force': 4, 'os-stop': 5, 'os-start': 12, 'pause': 4,
           'unpause': 9, 'suspend': 4, 'resume': 9, 'reboot': 4, 'hard reboot': 4, 'reset': 1,
           'replace': 3}
FAULTS = {cells.KILL_SOON: 6, cells.TERM: 3, cells.STOP: 2, cells.KILL_LATE: 1}

Say = Callable[[str], None]


class Servers:
    """The uuids of a number of places; several clients share them."""

    def __init__(self, uuids: list[str]) -> None:
        self._lock, self._uuids = threading.Lock(), list(uuids)

    def take(self, dice: random.Random) -> tuple[int, str]:
        place = dice.randrange(len(self._uuids))
        with self._lock:
            return place, self._uuids[place]

    def put(self, place: int, uuid: str) -> None:
        with self._lock:
            self._uuids[place] = uuid


class Client(threading.Thread):
    def __init__(self, stage: Stage, servers: Servers, seed: str, until: float, say: Say) -> None:
        super().__init__(name=f'client-{seed}', daemon=True)
        self._stage, self._servers, self._say = stage, servers, say
        self._dice, self._until = random.Random(seed), until

    def run(self) -> None:
        while time.monotonic() < self._until:
            what = self._dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            place, uuid = self._servers.take(self._dice)
            code = self._ask(what, place, uuid)
            self._say(f'{self.name} {what} {place} {uuid} -> {code}')
            time.sleep(self._dice.uniform(*PAUSE))

    def _ask(self, what: str, place: int, uuid: str) -> int:
        if what == 'move':
            host = self._dice.choice([None, None, *self._stage.hosts])
            return self._act(uuid, 'os-migrateLive', {'host': host, 'block_migration': 'auto'})
        if what in ('abort', 'force'):
            return self._steer(what, uuid)
        if what == 'hard reboot':
            return self._act(uuid, 'reboot', {'type': 'HARD'})
        if what == 'reset':
            return self._act(uuid, 'os-resetState', {'state': 'active'})
        if what == 'replace':
            return self._replace(place, uuid)
        return self._act(uuid, what, ACTIONS[what])

    def _act(self, uuid: str, name: str, argument: Any) -> int:
        return self._stage.ask('POST', f'/servers/{uuid}/action', {name: argument})

    def _steer(self, what: str, uuid: str) -> int:
        """The newest migration of any server: one that is under way is wanted, not any server."""
        code, answer = self._stage.answer('GET', '/os-migrations?limit=20')
        running = [row for row in answer.get('migrations', ()) if row['status'] in (
            'accepted', 'queued', 'preparing', 'running')]
        if not running:
            return code
        row = self._dice.choice(running)
        path = f"/servers/{row['instance_uuid']}/migrations/{row['id']}"
        if what == 'abort':
            return self._stage.ask('DELETE', path)
        return self._stage.ask('POST', f'{path}/action', {'force_complete': None})

    def _replace(self, place: int, uuid: str) -> int:
        if (code := self._stage.ask('DELETE', f'/servers/{uuid}')) != 204:
            return code
        code, answer = self._stage.answer('POST', '/servers', {'server': {
            'name': f'guest{place}', 'imageRef': IMAGE_ID, 'flavorRef': self._stage.flavor,
            'networks': 'none'}})
        if code == 202:
            self._servers.put(place, answer['server']['id'])
        return code


class Harmer(threading.Thread):
    def __init__(self, stage: Stage, seed: str, until: float, say: Say) -> None:
        super().__init__(name=f'harm-{seed}', daemon=True)
        self._stage, self._say = stage, say
        self._dice, self._until = random.Random(seed), until
        self.trouble: Exception | None = None

    def run(self) -> None:
        actors = {'api': 2, 'conductor': 4, 'scheduler': 2, 'rabbitmq': 1, 'database': 1,
                  **{f'compute-{host}': 3 for host in self._stage.hosts}}
        try:
            while time.monotonic() < self._until:
                time.sleep(self._dice.uniform(*CALM))
                actor = self._dice.choices(list(actors), list(actors.values()))[0]
                fault = self._dice.choices(list(FAULTS), list(FAULTS.values()))[0]
                blow = harm.make(self._stage, actor, fault, (), set(), set())
                self._say(f'{self.name} {actor} {fault}')
                blow.befall()
                self._say(f'{self.name} {actor} is back')
        except Exception as error:      # the storm ends and says so
            self.trouble = error
