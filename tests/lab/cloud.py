# SPDX-License-Identifier: Apache-2.0
"""The Compute API of a lab, as far as its tests use it, without a client library between."""
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nova_lite.lab.guest import GuestWatch
from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab

MICROVERSION = '2.68'
FINAL = ('completed', 'failed', 'error', 'cancelled')


@dataclass(frozen=True)
class Cloud:
    lab: Lab
    user: str = 'admin'

    def request(self, method: str, path: str, body: Any = None,
                microversion: str = MICROVERSION) -> tuple[int, Any]:
        return self.lab.client(self.user).request(method, path, body, timeout=90,
                                                  microversion=microversion)

    def get(self, path: str) -> Any:
        status, answer = self.request('GET', path)
        assert status == 200, (path, status, answer)
        return answer

    def boot(self, image: str = 'tick', flavor: str = 'tick.small', host: str | None = None,
             timeout: float = 60) -> 'Server':
        """Create a server, on this host or where the scheduler likes, and wait for ACTIVE."""
        flavors = {each['name']: each['id'] for each in self.get('/flavors')['flavors']}
        body = {'name': f'test-{image}', 'imageRef': Image(image).id,
                'flavorRef': flavors[flavor], 'networks': 'none'}
        if host:
            body['availability_zone'] = f'nova:{host}'
        status, answer = self.request('POST', '/servers', {'server': body})
        assert status == 202, answer
        server = Server(self, answer['server']['id'])
        server.wait(lambda shown: shown['status'] in ('ACTIVE', 'ERROR'), timeout, 'ACTIVE')
        assert server.show()['status'] == 'ACTIVE', server.show()
        return server


@dataclass(frozen=True)
class Server:
    cloud: Cloud
    id: str

    def show(self) -> dict[str, Any]:
        return self.cloud.get(f'/servers/{self.id}')['server']

    @property
    def host(self) -> str:
        return self.show()['OS-EXT-SRV-ATTR:host']

    def watch(self) -> GuestWatch:
        """Its console on every host; a context manager."""
        return GuestWatch(self.cloud.lab.topology.consoles(self.id))

    def action(self, name: str, body: Any = None,
               microversion: str = MICROVERSION) -> tuple[int, Any]:
        return self.cloud.request('POST', f'/servers/{self.id}/action', {name: body}, microversion)

    def live_migrate(self, host: str | None = None, block_migration: Any = 'auto') -> None:
        """Ask for it; 202 is taken for granted."""
        status, answer = self.action('os-migrateLive', {'host': host,
                                                        'block_migration': block_migration})
        assert status == 202, answer

    def migrations(self) -> list[dict[str, Any]]:
        """All there were, the newest last."""
        found = self.cloud.get(f'/os-migrations?instance_uuid={self.id}')['migrations']
        return sorted(found, key=lambda migration: migration['id'])

    def wait_migrated(self, timeout: float = 120) -> tuple[dict[str, Any], list[str]]:
        """Wait for the end of the newest migration; returns it, and every status seen."""
        seen: list[str] = []
        deadline = time.monotonic() + timeout
        while True:
            known = self.migrations()
            if known:
                status = known[-1]['status']
                if status not in seen[-1:]:
                    seen.append(status)
                if status in FINAL:
                    return known[-1], seen
            assert time.monotonic() < deadline, f'not over after {timeout} s: {seen}'
            time.sleep(0.05)    # the API tells only who asks

    def wait(self, wanted: Callable[[dict[str, Any]], bool], timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        while not wanted(shown := self.show()):
            assert time.monotonic() < deadline, f'no {what} within {timeout} s: {shown}'
            time.sleep(0.1)     # the API tells only who asks

    def delete(self, timeout: float = 60) -> None:
        """Delete it and wait until it is gone; content when it is already."""
        status, answer = self.cloud.request('DELETE', f'/servers/{self.id}')
        assert status in (204, 404), answer
        deadline = time.monotonic() + timeout
        while self.cloud.request('GET', f'/servers/{self.id}')[0] != 404:
            assert time.monotonic() < deadline, f'{self.id} is not gone after {timeout} s'
            time.sleep(0.1)     # the API tells only who asks
