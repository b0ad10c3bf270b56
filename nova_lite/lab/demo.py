# SPDX-License-Identifier: Apache-2.0
"""The main job, shown: guests are booted, moved by REST and by the CLI, and judged by themselves.

A guest counts ticks and compares all it wrote with what it should have written, so it is the
witness of its own migration: an unbroken count, no bad page, on another host. Every step prints
what was done and what was seen; the first thing that is not as it should be ends the demo.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nova_lite.lab.command import LabError
from nova_lite.lab.guest import GuestError, GuestWatch
from nova_lite.lab.lab import Lab
from nova_lite.lab.servers import ServerError
from nova_lite.lab.state import DEFAULT_DIRECTORY

FINAL = ('completed', 'failed', 'error', 'cancelled')
MICROVERSION = '2.80'
# title, storage of the lab, image, flavor, block_migration by REST (the CLI then says "auto")
PARTS = (
    ('a guest without a disk', 'private', 'tick', 'tick.small', 'auto'),
    ('a guest with a private qcow2 disk', 'private', 'tick-disk', 'tick.disk', True),
    ('a guest with a disk on shared storage', 'shared', 'tick-disk', 'tick.disk', False),
)


class Demo:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def run(self) -> None:
        for title, storage, image, flavor, block in PARTS:
            say(f'\n== {title}, block_migration: {json.dumps(block)} ==')
            if self.lab.settings.storage != storage:
                say(f'-- the lab switches to {storage} storage')
            self.lab.up(storage=storage)
            self._part(f'demo-{image}-{storage}', image, flavor, block)

    def _part(self, name: str, image: str, flavor: str, block: Any) -> None:
        self._cli('boot', '--flavor', flavor, '--image', image, '--poll', name)
        server = self._find(name)
        try:
            with GuestWatch(self.lab.topology.consoles(server['id'])) as watch:
                self._move_by_rest(server['id'], watch, block)
                self._move_by_cli(name, server['id'], watch)
        finally:
            self._cli('delete', name)

    # -- two ways to ask -------------------------------------------------------------------------
    def _move_by_rest(self, uuid: str, watch: GuestWatch, block: Any) -> None:
        source = self._host(uuid)
        self._show_ticking(watch, source)
        body = {'os-migrateLive': {'host': None, 'block_migration': block}}
        status, answer = self._request('POST', f'/servers/{uuid}/action', body)
        say(f'POST /servers/{uuid}/action {json.dumps(body)} -> {status}')
        expect(status == 202, f'the API answers {status}: {answer}')
        migration, seen = self._follow(uuid)
        say('statuses: ' + ' -> '.join(seen))
        expect(migration['status'] == 'completed', f'the migration is {migration["status"]}')
        self._judge(uuid, source, watch)

    def _move_by_cli(self, name: str, uuid: str, watch: GuestWatch) -> None:
        source = self._host(uuid)
        self._cli('live-migration', name, '--watch')
        self._judge(uuid, source, watch)
        self._cli('server-migration-list', name)
        self._cli('migration-list', '--instance-uuid', uuid)

    # -- what was seen ---------------------------------------------------------------------------
    def _show_ticking(self, watch: GuestWatch, host: str) -> None:
        first = watch.wait_ticks(1)
        last = watch.wait_ticks(20)
        say(f'the guest runs on {host}: ticks {first.tick} to {last.tick}, memory compared '
            f'{last.scans} times, bad pages: {last.bad}')

    def _judge(self, uuid: str, source: str, watch: GuestWatch) -> None:
        """The guest's own word, libvirt's and the API's must agree."""
        now = self._host(uuid)
        expect(now != source, f'instance.host is still {source}')
        before = watch.last()
        watch.wait_ticks(20)
        after = watch.wait_verified()
        expect(not watch.faults(), '; '.join(watch.faults()))
        hosts = self._where(uuid)
        expect(hosts == [now], f'libvirt shows the guest on {hosts}, the API on {now}')
        disk = ('' if after.disk is None
                else f', disk written {after.disk} times, bad: {after.dbad}')
        began = before.tick if before else 0
        say(f'instance.host: {source} -> {now}; libvirt: the domain is on {now} and on no other '
            f'host\nthe guest ticks on: {began} -> {after.tick} without a gap, bad pages: '
            f'{after.bad}{disk}; longest silence {watch.record.longest_silence() * 1000:.0f} ms')

    def _where(self, uuid: str) -> list[str]:
        return [host for host, guests in self.lab.guests().items()
                if any(guest['uuid'] == uuid for guest in guests or ())]

    def _follow(self, uuid: str) -> tuple[dict[str, Any], list[str]]:
        seen: list[str] = []
        for migration in self._readings(uuid):
            if migration['status'] not in seen[-1:]:
                seen.append(migration['status'])
        return migration, seen

    def _readings(self, uuid: str, timeout: float = 180) -> Iterator[dict[str, Any]]:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            _, answer = self._request('GET', f'/os-migrations?instance_uuid={uuid}')
            for migration in answer['migrations'][:1]:
                yield migration
                if migration['status'] in FINAL:
                    return
            time.sleep(0.01)    # the API tells only who asks
        raise GuestError(f'the migration of {uuid} is not over after {timeout:g} s')

    # -- how it is asked -------------------------------------------------------------------------
    def _request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.lab.client().request(method, path, body, microversion=MICROVERSION)

    def _find(self, name: str) -> dict[str, Any]:
        _, answer = self._request('GET', f'/servers/detail?name=^{name}$')
        return answer['servers'][0]

    def _host(self, uuid: str) -> str:
        _, answer = self._request('GET', f'/servers/{uuid}')
        return answer['server']['OS-EXT-SRV-ATTR:host']

    def _cli(self, *words: str) -> None:
        say('$ nova-lite ' + ' '.join(words))
        subprocess.run([sys.executable, '-m', 'nova_lite.cmd.shell', *words], check=True,
                       timeout=300, env={**os.environ, **self.lab.environment()})


def expect(true: bool, otherwise: str) -> None:
    if not true:
        raise GuestError(otherwise)


def say(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog='tools/demo', description=__doc__)
    parser.add_argument('--dir', type=Path, default=DEFAULT_DIRECTORY, metavar='STATE',
                        help=f"the lab's directory (default {DEFAULT_DIRECTORY})")
    parser.add_argument('--keep', action='store_true', help='leave the lab up at the end')
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)   # it takes the lab down too
    lab = Lab(arguments.dir, say=say)
    try:
        lab.up(hosts=3, storage='private', with_services=True)
        Demo(lab).run()
    except (LabError, ServerError, GuestError, subprocess.CalledProcessError) as error:
        say(f'\ntools/demo: FAILED: {error}')
        return 1
    except KeyboardInterrupt:
        say('\ntools/demo: interrupted')
        return 130
    finally:
        if not arguments.keep:
            lab.down()
    say('\ntools/demo: the guests moved and nothing was lost')
    return 0


if __name__ == '__main__':
    sys.exit(main())
