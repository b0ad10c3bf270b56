# SPDX-License-Identifier: Apache-2.0
"""overhead: a migration by nova-lite against raw virsh, in the lab, with real guests.

Two guests with the same definition but for their names live on the same host. In turn one is moved
by POST os-migrateLive, the other by ``virsh migrate``, to the same other host; then both back. The
guests say every 10 ms that they live, and how long they could not is read from their consoles.
"""
import contextlib
import datetime
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Plot, Result, Table
from benchmarks.ground import say
from nova_lite.lab import guest as lab_guest
from nova_lite.lab.command import run as run_program
from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab
from nova_lite.migration import timings

IMAGE = Image('tick-10ms', interval=10)
WATCH = 0.003       # s between two looks at the consoles
POLL = 0.1          # s between two questions whether it is over; the time itself is the receipt's
QUIET = 100         # ticks of each guest between two migrations
WARM_UP = 1
TOTAL, RAW = 'POST to ACTIVE on the new host', 'virsh migrate'
PAUSE, RAW_PAUSE = 'guest-visible pause, nova-lite', 'guest-visible pause, virsh'


def run(quick: bool) -> Result:
    result = Result('overhead')
    with lab() as made:
        pairs = Pairs(made)
        with pairs.guests():
            for _ in range(WARM_UP):
                pairs.one()
            found = []
            for number in range(6 if quick else 20):
                found.append(pairs.one())
                say(f'pair {number + 1}: {found[-1]["total"]:.0f} ms, '
                    f'virsh {found[-1]["raw"]:.0f} ms')
            result.notes.append(pairs.words())
    evaluate(found, result)
    return result


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """Two hosts with all services."""
    # the broker's and the database's accounts have to get through
    directory = Path(tempfile.mkdtemp(prefix='nova-lite-lab-'))
    made = Lab(directory, say=say)
    try:
        made.up(hosts=2)
        IMAGE.write(made.state.images)
        yield made
    finally:
        made.down()
        shutil.rmtree(directory, ignore_errors=True)


class Pairs:
    """The two guests, and a move of each."""

    def __init__(self, made: Lab) -> None:
        # the tests' clients of a lab need libvirt, which other benchmarks do not
        from tests.lab.cloud import Cloud
        from tests.lab.rawguest import RawGuest
        self._lab, self._cloud, self._raw = made, Cloud(made), RawGuest(made, IMAGE)
        self._here, self._there = made.topology.computes
        self._server: Any = None

    @contextlib.contextmanager
    def guests(self) -> Iterator[None]:
        self._server = self._cloud.boot(image=IMAGE.name, host=self._here.name)
        self._define_twin()
        with self._watch(self._server.id) as self._ticks, \
                self._watch(self._raw.uuid) as self._raw_ticks:
            yield

    def _define_twin(self) -> None:
        """Like the server's guest in all but its names."""
        import libvirt

        from tests.lab.rawguest import connected
        for host in self._lab.topology.computes:
            self._raw.make_directory(host)
        with connected(self._here) as libvirtd:
            domain = libvirtd.lookupByUUIDString(self._server.id)
            xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
            xml = xml.replace(self._server.id, self._raw.uuid).replace(
                f'<name>{domain.name()}<', f'<name>{self._raw.name}<')
            libvirtd.defineXML(xml).create()

    def _watch(self, uuid: str) -> lab_guest.GuestWatch:
        return lab_guest.GuestWatch(self._lab.topology.consoles(uuid), interval=WATCH)

    def one(self) -> dict[str, Any]:
        """Move both guests to the other host, the server first. Times in ms."""
        found = self._by_nova_lite() | self._by_virsh()
        for ticks in (self._ticks, self._raw_ticks):
            assert ticks.faults() == [], ticks.faults()
        self._here, self._there = self._there, self._here
        return found

    def _settle(self) -> None:
        for ticks in (self._ticks, self._raw_ticks):
            ticks.wait_ticks(QUIET)

    def _by_nova_lite(self) -> dict[str, Any]:
        from tests.lab.control import record
        self._settle()
        before, began = len(self._ticks.record.ticks), time.time()
        self._server.live_migrate(self._there.name)
        answered = time.time()
        # the API tells only who asks, and asking costs what is measured: not before it has moved
        self._ticks.wait(lambda record: record.ticks[-1][0] == self._there.name, 60,
                         f'a tick on {self._there.name}')
        while (shown := self._server.show())['OS-EXT-STS:task_state'] is not None:
            time.sleep(POLL)
        assert (shown['status'], shown['OS-EXT-SRV-ATTR:host']) == (
            'ACTIVE', self._there.name), shown
        kept = record(self._server)['receipt']
        self._ticks.wait_ticks(10, self._there.name)
        ended = datetime.datetime.fromisoformat(kept['at']['completed']).timestamp()
        return {'total': (ended - began) * 1000, 'answer': (answered - began) * 1000,
                'phases': timings.phases(kept),
                'pause': pause(self._ticks.record.ticks[before:], self._there.name)}

    def _by_virsh(self) -> dict[str, Any]:
        self._settle()
        command = ['virsh', '--quiet', 'migrate', '--live', '--p2p', '--persistent',
                   '--undefinesource', self._raw.name, f'qemu+tcp://{self._there.name}/system']
        before, began = len(self._raw_ticks.record.ticks), time.monotonic()
        run_program(*self._here.cmd_prefix, *command, timeout=120)
        seconds = time.monotonic() - began
        self._raw_ticks.wait_ticks(10, self._there.name)
        return {'raw': seconds * 1000,
                'raw_pause': pause(self._raw_ticks.record.ticks[before:], self._there.name)}

    def words(self) -> str:
        return (f'Guests: {IMAGE.dirty} MiB rewritten at {IMAGE.rate} MiB/s, a tick every '
                f'{IMAGE.interval} ms, on {self._lab.settings.virt_type}.')


def pause(ticks: list[tuple[str, float, Any]], there: str) -> float:
    """ms between the last tick of the old host and the first on ``there``. ValueError when the
    guest did not go there."""
    for (host, before, _), (after_host, after, _) in zip(ticks, ticks[1:], strict=False):
        if host != there == after_host:
            return (after - before) * 1000
    raise ValueError(f'no tick came from another host to {there}')


def evaluate(found: list[dict[str, Any]], result: Result) -> None:
    """Figures, ratios, and where the time goes."""
    for name, key in ((TOTAL, 'total'), (RAW, 'raw'), ('POST to 202', 'answer'),
                      (PAUSE, 'pause'), (RAW_PAUSE, 'raw_pause')):
        result.add(name, [pair[key] for pair in found])
    result.ratio('overhead.ratio_total_median', TOTAL, RAW)
    result.ratio('overhead.ratio_pause_median', PAUSE, RAW_PAUSE)
    for phase in timings.PHASES:
        result.add(f'phase {phase}', [pair['phases'][phase] for pair in found])
    result.tables.append(Table('Pairs, ms', ['pair', 'nova-lite', 'virsh', 'pause', 'pause, virsh',
                                             *timings.PHASES], [
        [number, *(float(pair[key]) for key in ('total', 'raw', 'pause', 'raw_pause')),
         *(pair['phases'][phase] for phase in timings.PHASES)]
        for number, pair in enumerate(found, 1)]))
    result.plots.append(Plot('Totals', 'pair', 'ms', {
        'nova-lite': [(number, pair['total']) for number, pair in enumerate(found, 1)],
        'virsh': [(number, pair['raw']) for number, pair in enumerate(found, 1)]}))
