# SPDX-License-Identifier: Apache-2.0
"""A cloud as OpenStack's own clients see it: their programs as processes, and the SDK.

What a client prints is one thing, what has become of the server another; the second is read
through the SDK's plain HTTP calls.
"""
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from openstack import connect
from openstack.connection import Connection

PROGRAMS = Path(sys.executable).parent
COMMAND_TIMEOUT = 120
WAIT = 60
VERSION = '2.80'
FINAL = ('completed', 'failed', 'error', 'cancelled')


@dataclass(frozen=True)
class Said:
    """What a program printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def table(self) -> list[dict[str, str]]:
        """The rows of the one table printed, by its headings."""
        cells = [[cell.strip() for cell in line.strip('|').split('|')]
                 for line in self.out.splitlines() if line.startswith('|')]
        return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]

    @property
    def fields(self) -> dict[str, str]:
        """A table of fields and values as a dictionary."""
        return {field: value for field, value in (row.values() for row in self.table)}


@dataclass(frozen=True)
class Cloud:
    """``variables`` are OS_* as a user would export them; ``home`` is for what clients keep."""

    variables: dict[str, str]
    home: Path
    image: str
    flavor: str

    # -- the programs ----------------------------------------------------------------------------
    def openstack(self, *arguments: str, version: str | None = None, code: int = 0) -> Said:
        """``openstack ...``; at its own choice of microversions unless ``version`` says one."""
        chosen = ['--os-compute-api-version', version] if version else []
        return self.run('openstack', *chosen, *arguments, code=code)

    def nova(self, *arguments: str, code: int = 0) -> Said:
        return self.run('nova', *arguments, code=code)

    def run(self, program: str, *arguments: str, code: int = 0,
            variables: dict[str, str] | None = None) -> Said:
        """The program as it was installed; its exit code has to be ``code``."""
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=COMMAND_TIMEOUT,
            env=self.environment(self.variables if variables is None else variables))
        assert done.returncode == code, (program, arguments, done.returncode, done.stdout,
                                         done.stderr)
        return Said(done.returncode, done.stdout, done.stderr)

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        """Of this machine only what programs need to run; nobody's clouds.yaml."""
        kept = {name: os.environ[name] for name in ('PATH', 'LANG', 'LC_ALL')
                if name in os.environ}
        return {**kept, 'HOME': str(self.home), 'COLUMNS': '400', 'PYTHONWARNINGS': 'ignore',
                'no_proxy': '127.0.0.1', 'NO_PROXY': '127.0.0.1', **variables}

    # -- the SDK ---------------------------------------------------------------------------------
    @cached_property
    def sdk(self) -> Connection:
        settings = {name.removeprefix('OS_').lower(): value
                    for name, value in self.variables.items()}
        return connect(load_yaml_config=False, load_envvars=False, app_name='tests',
                       **settings)

    def get(self, path: str, version: str = VERSION) -> Any:
        answer = self.sdk.compute.get(path, microversion=version)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def server(self, server: str) -> dict[str, Any]:
        return self.get(f'/servers/{server}')['server']

    def host_of(self, server: str) -> str:
        return self.server(server)['OS-EXT-SRV-ATTR:host']

    def migrations(self, server: str) -> list[dict[str, Any]]:
        """The newest first."""
        return self.get(f'/os-migrations?instance_uuid={server}')['migrations']

    def boot(self, name: str, host: str | None = None, image: str | None = None,
             flavor: str | None = None, **metadata: str) -> str:
        """A server that is ACTIVE; its id."""
        compute = self.sdk.compute
        more = {'availability_zone': f'nova:{host}'} if host else {}
        found = {each['name']: each['id'] for each in self.get('/flavors')['flavors']}
        images = {each.name: each.id for each in self.sdk.image.images()}
        answer = compute.post('/servers', microversion=VERSION, json={'server': {
            'name': name, 'imageRef': images[image or self.image], 'networks': 'none',
            'flavorRef': found[flavor or self.flavor], 'metadata': metadata, **more}})
        assert answer.status_code == 202, answer.text
        server = answer.json()['server']['id']
        self.wait(lambda: self.server(server)['status'] in ('ACTIVE', 'ERROR'), f'{name} built')
        assert self.server(server)['status'] == 'ACTIVE', self.server(server)
        return server

    def delete(self, server: str) -> None:
        """Delete and wait; content when it is gone already."""
        path = f'/servers/{server}'
        assert self.sdk.compute.delete(path).status_code in (204, 404)
        self.wait(lambda: self.sdk.compute.get(path).status_code == 404, f'{server} deleted')

    def wait_migrated(self, server: str) -> dict[str, Any]:
        """The newest migration when it has ended."""
        def over() -> bool:
            found = self.migrations(server)
            return bool(found) and found[0]['status'] in FINAL

        self.wait(over, f'migration of {server} over')
        return self.migrations(server)[0]

    def wait_running(self, server: str) -> dict[str, Any]:
        """The migration of the server when its memory is being copied: it is called running from
        the moment that libvirt is asked, some time before the hosts have met."""
        def copying() -> bool:
            found = self.migrations(server)
            assert not found or found[0]['status'] not in FINAL, found[0]
            shown = self.get(f'/servers/{server}/migrations')['migrations']
            return any(each['status'] == 'running' and each['memory_processed_bytes']
                       and each['memory_remaining_bytes'] for each in shown)

        self.wait(copying, f'memory of {server} copied')
        return self.migrations(server)[0]

    @staticmethod
    def wait(condition: Callable[[], Any], what: str, timeout: float = WAIT) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f'not within {timeout} s: {what}'
            time.sleep(0.1)     # the API tells only who asks
