# SPDX-License-Identifier: Apache-2.0
"""neighbours: what one client's bad manners cost another. Times of an honest request alone, beside
1,000 idle and half-open connections, and beside one that asks by a pattern made to take for ever.

The embedded system, a process of its own; all clients are at one address, as behind a proxy.
"""
import contextlib
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import requests

from benchmarks.figures import Result
from benchmarks.ground import say
from nova_lite import embedded

CONNECTIONS = 1000
HALF_A_REQUEST = b'POST /v2.1/servers HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf'
PATTERN = urllib.parse.quote('^(a+)+$')
LONGEST_SECONDS = 30


def run(quick: bool) -> Result:
    result, count = Result('neighbours'), 100 if quick else 1000
    with tempfile.TemporaryDirectory() as directory, system(Path(directory)) as (url, login):
        name = 'a' * 27 + '!'
        made = requests.post(f'{url}/servers', auth=login, timeout=LONGEST_SECONDS, json={
            'server': {'name': name, 'flavorRef': '42', 'imageRef': embedded.IMAGES[0]['id']}})
        assert made.status_code == 202, made.text
        measure(url, login, count // 10)
        say('undisturbed')
        alone = result.add('honest request, undisturbed', measure(url, login, count))
        say(f'beside {CONNECTIONS} idle and half-open connections')
        with idle_connections(url):
            crowded = result.add(f'honest request, {CONNECTIONS} idle and half-open connections',
                                 measure(url, login, count))
        say('beside a pattern that never ends')
        with patterns(url, login):
            matched = result.add('honest request, beside name=^(a+)+$',
                                 measure(url, login, count))
    result.ratios = {'neighbours.ratio_p99_idle': crowded.p99 / alone.p99,
                     'neighbours.ratio_p99_pattern': matched.p99 / alone.p99}
    return result


@contextlib.contextmanager
def system(directory: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """A running nova-lite-all-in-one: the URL of its API, and an administrator's name and
    password."""
    with open(directory / 'log', 'wb') as log:
        process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-m', 'nova_lite.cmd.all_in_one', '--port', '0',
             '--state-dir', str(directory / 'state'), '--print-env'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        found = {}
        for line in process.stdout:
            name, _, value = shlex.split(line)[1].partition('=')
            found[name] = value
            if {'OS_ENDPOINT', 'OS_USERNAME', 'OS_PASSWORD'} <= set(found):
                break
        yield found['OS_ENDPOINT'], (found['OS_USERNAME'], found['OS_PASSWORD'])
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def measure(url: str, login: tuple[str, str], count: int) -> list[float]:
    """ms of each of so many requests, one after the other on a connection that is kept."""
    times = []
    with requests.Session() as client:
        client.auth = login
        for _ in range(count):
            began = time.perf_counter()
            answer = client.get(f'{url}/servers', timeout=LONGEST_SECONDS)
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
    return times


@contextlib.contextmanager
def idle_connections(url: str) -> Iterator[None]:
    """Half of them say nothing, half begin a request. Those that the server ends stay ended."""
    split = urllib.parse.urlsplit(url)
    with contextlib.ExitStack() as opened:
        for number in range(CONNECTIONS):
            link = opened.enter_context(socket.create_connection(
                (split.hostname, split.port), timeout=LONGEST_SECONDS))
            if number % 2:
                with contextlib.suppress(OSError):
                    link.sendall(HALF_A_REQUEST)
        yield


@contextlib.contextmanager
def patterns(url: str, login: tuple[str, str]) -> Iterator[None]:
    """Another client asks for servers by the pattern, again and again."""
    over = threading.Event()

    def ask() -> None:
        with requests.Session() as client:
            client.auth = login
            while not over.is_set():
                client.get(f'{url}/servers?name={PATTERN}', timeout=LONGEST_SECONDS)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
