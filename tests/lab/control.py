# SPDX-License-Identifier: Apache-2.0
"""What the tests of controlled migrations need beside the API: options, records, broken hosts."""
import contextlib
import datetime
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nova_lite.lab import daemons
from nova_lite.lab.command import run
from nova_lite.lab.lab import Lab
from nova_lite.migration import timings
from tests.fixtures.waiting import wait_until
from tests.lab.cloud import FINAL, Server

# A memory that is rewritten twice as fast as it may be copied: it never converges by itself.
BUSY = 'tick-control'
BUSY_MIB, BUSY_RATE, LINK = 24, 16, 8      # MiB, MiB/s, MiB/s


class Options:
    """Options of all computes, changed while they run."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def set(self, default: dict[str, object] | None = None, **of_libvirt: object) -> None:
        """Options of [DEFAULT], and of [libvirt] without ``live_migration_``; others go back to
        what they were before."""
        lines = ['[DEFAULT]', *(f'{name} = {value}' for name, value in (default or {}).items()),
                 '[libvirt]', *(f'live_migration_{name} = {value}'
                                for name, value in of_libvirt.items())]
        self.write('\n'.join(lines) + '\n')

    def write(self, text: str) -> None:
        self._lab.state.extra.write_text(text)
        computes = [part for part in self._lab.topology.parts() if part.kind == 'compute']
        sizes = [part.log.stat().st_size for part in computes]
        for part in computes:
            daemons.process(part.daemon.pid).signal(signal.SIGHUP)
        for part, size in zip(computes, sizes, strict=False):
            wait_until(lambda: 'Options re-read' in _after(part.log, size), 20,
                       f'{part.host} to re-read its options')


def _after(log: Path, size: int) -> str:
    with log.open('rb') as file:
        file.seek(size)
        return file.read().decode(errors='replace')


def query(lab: Lab, columns: str, rest: str) -> list[dict[str, Any]]:
    """Rows of the database, which the API shows only in part. ``columns``: names, by commas."""
    names = columns.replace(' ', '').split(',')
    pairs = ', '.join(f"'{name}', {name}" for name in names)
    server = lab.topology.mariadb()
    said = run(*lab.topology.controller.cmd_prefix, 'mariadb', f'--host={server.address}',
               f'--port={server.port}', f'--user={server.user}', '--batch', '--raw',
               '--skip-column-names', '--execute', f'SELECT JSON_OBJECT({pairs}) FROM {rest}',
               'nova_lite', environment=os.environ | {'MYSQL_PWD': server.password}, timeout=30)
    return [json.loads(line) for line in said.stdout.splitlines()]


def record(server: Server) -> dict[str, Any]:
    """The newest migration of the server, as it is kept."""
    found = query(server.cloud.lab, 'id, uuid, status, reason, failed_check, timings, progress, '
                  'steering, copied_at, source_compute, dest_compute',
                  f"migrations WHERE instance_uuid='{server.id}' ORDER BY id")
    kept = found[-1]
    for name in ('timings', 'progress', 'steering'):    # JSON within JSON is text to MariaDB
        if isinstance(kept[name], str):
            kept[name] = json.loads(kept[name])
    copied = kept['copied_at'] and datetime.datetime.fromisoformat(
        kept['copied_at']).replace(tzinfo=datetime.UTC)
    kept['receipt'] = timings.of(kept['timings'], copied, kept['progress'], kept['steering'])
    return kept


def wait_status(server: Server, status: str, timeout: float = 60) -> dict[str, Any]:
    """Wait until the newest migration has this status; content with no other end."""
    def reached() -> dict[str, Any] | None:
        known = server.migrations()
        if known and known[-1]['status'] == status:
            return known[-1]
        assert not known or known[-1]['status'] not in FINAL, (known[-1], record(server))
        return None

    return wait_until(reached, timeout, status)


def wait_copying(server: Server, timeout: float = 60) -> None:
    """Wait until the guest's memory is on its way: libvirt says how much of it."""
    wait_until(lambda: (record(server)['progress'] or {}).get('memory_processed'), timeout,
               'the first bytes of the copy')


def decided(server: Server) -> list[str]:
    """The kinds of decision about the newest migration's copy so far, in order."""
    kept = (record(server)['steering'] or {}).get('decisions') or ()
    return [decision['kind'] for decision in kept]


def assert_settled(server: Server, host: str, status: str = 'ACTIVE') -> None:
    """One guest on ``host``, and of the migration nothing anywhere: no half, no files, no claim,
    no task.

    The far end is told to clean up and not waited for, so its leftovers may go a little later.
    """
    lab = server.cloud.lab
    shown = server.show()
    assert (shown['OS-EXT-SRV-ATTR:host'], shown['status'], shown['OS-EXT-STS:task_state']) == (
        host, status, None), shown
    state = {'ACTIVE': 'running', 'SHUTOFF': 'shut off'}[status]
    rightly = Found({each.name: [state] if each.name == host else []
                     for each in lab.topology.computes},
                    {host}, [{'consumer_uuid': server.id, 'host': host}])
    deadline = time.monotonic() + 20
    while (found := _find(server)) != rightly and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found == rightly


class Found(NamedTuple):
    """Of one server: its domains by host, the hosts that keep its files, claims of it and of its
    newest migration."""
    guests: dict[str, list[str]]
    files: set[str]
    claims: list[dict[str, Any]]


def _find(server: Server) -> Found:
    lab = server.cloud.lab
    migration = record(server)['uuid']
    return Found(
        {name: [guest['state'] for guest in guests or () if guest['uuid'] == server.id]
         for name, guests in lab.guests().items()},
        {each.name for each in lab.topology.computes
         if (each.root / 'instances' / server.id).exists()},
        query(lab, 'consumer_uuid, host',
              f"claims WHERE consumer_uuid IN ('{server.id}', '{migration}')"))


def assert_unharmed(server: Server, watch: Any, stood_still: float = 0) -> None:
    """By the guest's own word: it ticks on without a gap, and every write is in its place; its
    kernel missed no time but the seconds for which it was kept from running on purpose."""
    watch.wait_ticks(10)
    watch.wait_verified()
    assert watch.faults(stood_still) == []


def process_of(lab: Lab, kind: str, host: str) -> daemons.Process:
    part = next(part for part in lab.topology.parts() if (part.kind, part.host) == (kind, host))
    return daemons.process(part.daemon.pid)


def emulator_of(server: Server, host: str) -> daemons.Process | None:
    """QEMU of the guest on this host."""
    for process in server.cloud.lab.topology.host(host).processes('-uuid'):
        words = Path(f'/proc/{process.pid}/cmdline').read_bytes().split(b'\0')
        if server.id.encode() in words:
            return process
    return None


@contextlib.contextmanager
def stopped(process: daemons.Process) -> Iterator[None]:
    """The process gets no CPU for as long as the block lasts."""
    process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.signal(signal.SIGCONT)


@contextlib.contextmanager
def cut(lab: Lab, host: str) -> Iterator[None]:
    """The host's cable is out of the switch for as long as the block lasts."""
    found = lab.topology.host(host)

    def turn(state: str) -> None:
        run('ip', '-n', found.veth.switch.netns.name, 'link', 'set', found.veth.port, state)

    turn('down')
    try:
        yield
    finally:
        turn('up')


@contextlib.contextmanager
def full_disk(lab: Lab, host: str) -> Iterator[Callable[[], list[str]]]:
    """The host finds its instances on a file system without a free byte, as long as the block
    lasts; tells what is there. No guest may be on the host."""
    found = lab.topology.host(host)
    place = found.common / 'instances'

    def inside(*words: object, check: bool = True) -> str:
        return run(*found.cmd_prefix, *words, timeout=20, check=check).stdout

    inside('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=755', 'full', place)
    try:
        inside('dd', 'if=/dev/zero', f'of={place}/ballast', 'bs=4k', check=False)
        yield lambda: inside('ls', place).split()
    finally:
        inside('umount', '--lazy', place)
