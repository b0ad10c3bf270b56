# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks stand on: a private broker and database, and nova-lite's processes."""
import concurrent.futures
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests

from nova_lite.lab.servers import MariaDB, RabbitMQ
from tests.fixtures import processes
from tests.fixtures.processes import PASSWORD, Deployment

START_TIMEOUT = 240     # twenty processes on two cores
VERSION = '2.80'


@contextlib.contextmanager
def servers() -> Iterator[tuple[RabbitMQ, MariaDB, Path]]:
    """A broker and a database of one's own on loopback, and a directory for the rest."""
    directory = Path(tempfile.mkdtemp(prefix='nova-lite-bench-'))
    directory.chmod(0o711)      # the servers run under accounts of their own
    broker, database = RabbitMQ(directory / 'rabbitmq'), MariaDB(directory / 'mariadb')
    try:
        broker.start()
        database.start()
        work = directory / 'work'
        work.mkdir()
        yield broker, database, work
    finally:
        broker.stop()
        database.stop()
        shutil.rmtree(directory)


class Cloud(Deployment):
    """The processes on ``servers()``, each watched by benchmarks/trace.py at ``level``: none,
    driver, or all."""

    def __init__(self, directory: Path, broker: str, database: str, hosts: tuple[str, ...],
                 level: str = 'driver', overrides: dict[str, Any] | None = None) -> None:
        self.level = level
        options = {'DEFAULT': {'report_interval': 10, 'service_down_time': 120,
                               'rpc_response_timeout': 60, 'max_concurrent_live_migrations': 0},
                   'simulation': {'time_scale': 0.001, 'vcpus': 256, 'memory_mb': 1 << 20,
                                  'local_gb': 100_000, 'shared_storage': True},
                   'filter_scheduler': {}}
        for section, values in (overrides or {}).items():
            options.setdefault(section, {}).update(values)
        super().__init__(directory, broker, database, hosts, options)
        self._local = threading.local()

    def start(self, name: str) -> None:
        kind, _, host = name.partition('-')
        own = self.directory / f'{name}.conf'
        own.write_text(f'[DEFAULT]\nhost = {host or "controller"}\n')
        options = [f'nova_lite.cmd.{kind}', *self._config(kind), f'--config-file={own}']
        if self.level != 'none':
            options = ['benchmarks.trace', str(self.trace_file(name)), self.level, *options]
        self.spawn(name, options)

    def spawn(self, name: str, module: list[str]) -> None:
        """Run ``python -m MODULE...`` as the process ``name``, its log beside the others."""
        log = open(self.directory / f'{name}.log', 'ab')      # noqa: SIM115 (it stays open)
        self._log_began[name] = log.tell()
        self.processes[name] = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-m', *module], stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        log.close()

    def trace_file(self, name: str) -> Path:
        return self.directory / f'{name}.trace'

    def watch_driver(self, method: str, uuid: str) -> Callable[[], bool]:
        """A function that tells whether the drivers' ``method`` has ended for that server since
        now. It reads what the traces have grown by."""
        sizes = {path: path.stat().st_size for path in self.directory.glob('compute-*.trace')}
        wanted = f'"what": "{method}"', f'"uuid": "{uuid}"'

        def ended() -> bool:
            for path, size in sizes.items():
                with path.open() as trace:
                    trace.seek(size)
                    if any(all(word in line for word in wanted) for line in trace):
                        return True
            return False
        return ended

    def wait_for(self, condition: Any, what: str, timeout: float = START_TIMEOUT,
                 interval: float = 0.1) -> None:
        super().wait_for(condition, what, timeout, interval)

    # -- asking ----------------------------------------------------------------------------------
    def request(self, method: str, path: str, body: Any = None, version: str = VERSION,
                user: str = 'admin') -> requests.Response:
        """Over a connection that stays open, one for each thread."""
        if not hasattr(self._local, 'session'):
            self._local.session = requests.Session()
            self._local.session.trust_env = False
        return self._local.session.request(
            method, self.url + path, json=body, auth=(user, PASSWORD), timeout=180,
            headers={'OpenStack-API-Version': f'compute {version}'})

    def boot_many(self, names_and_hosts: list[tuple[str, str]], flavor: str) -> list[str]:
        """Make servers, wait until all are ACTIVE; returns their uuids in order."""
        uuids = []
        for name, host in names_and_hosts:
            server = {'name': name, 'imageRef': processes.IMAGE_ID, 'flavorRef': flavor,
                      'networks': 'none', 'availability_zone': f'nova:{host}'}
            response = self.request('POST', '/servers', {'server': server})
            response.raise_for_status()
            uuids.append(response.json()['server']['id'])
        self.wait_for(lambda: {server['status'] for server in self.all_servers()} == {'ACTIVE'},
                      'all servers to be built')
        return uuids

    def live_migrate_all(self, uuids: list[str]) -> None:
        """Ask for all of them side by side; each must be accepted."""
        with concurrent.futures.ThreadPoolExecutor(len(uuids)) as pool:
            answers = list(pool.map(self.live_migrate, uuids))
        refused = [answer.text for answer in answers if answer.status_code != 202]
        assert not refused, refused

    def all_servers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            marker = f'&marker={found[-1]["id"]}' if found else ''
            page = self.get(f'/servers/detail?limit=1000{marker}')['servers']
            found += page
            if len(page) < 1000:
                return found

    # -- what the traces say ---------------------------------------------------------------------
    def traced(self) -> list[dict[str, Any]]:
        """Everything recorded so far, in order of time."""
        found = []
        for path in sorted(self.directory.glob('*.trace')):
            text = path.read_text()
            found += [json.loads(line) for line in text[:text.rfind('\n') + 1].splitlines()]
        return sorted(found, key=lambda event: event['at'])


@contextlib.contextmanager
def running(cloud: Cloud) -> Iterator[Cloud]:
    try:
        cloud.start_all()
        yield cloud
    finally:
        cloud.stop_all()


def say(line: str) -> None:
    """Progress, beside the result."""
    print(f'[{time.strftime("%H:%M:%S")}] {line}', file=sys.stderr, flush=True)


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    import os
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def rss_of(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f'process {pid} has no memory: it has ended')
