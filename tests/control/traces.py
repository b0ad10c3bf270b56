# SPDX-License-Identifier: Apache-2.0
"""Records what libvirt says of copies of the lab's guests, for the tests of what decides on them.

    python -m tests.control.traces

As root, where tools/test control runs. Nothing is decided while it records: each copy goes on with
a pause of next to nothing allowed until it ends by itself or its time is up. The result replaces
tests/unit/migration/traces.json.
"""
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import libvirt

from nova_lite.lab.host import Host
from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab
from nova_lite.virt.libvirt.decisions import read_progress
from tests.lab.control import BUSY, BUSY_MIB, BUSY_RATE, LINK
from tests.lab.rawguest import RawGuest, connected

FILE = Path(__file__).parents[1] / 'unit' / 'migration' / 'traces.json'
INTERVAL = 0.5      # s between two looks, as the driver's
PAUSE = 5           # ms
COLUMNS = ('elapsed_ms', 'memory_remaining', 'speed', 'dirty_rate', 'iteration', 'throttle',
           'memory_total', 'disk_remaining')


class Case(NamedTuple):
    """One copy: a guest, the link in MiB/s, and for how many seconds it is watched at most."""
    image: Image
    link: int
    seconds: float = 45
    flags: int = 0
    booted: bool = True


CASES = {
    'idle': Case(Image('tick'), LINK // 2),
    'busy': Case(Image(BUSY, dirty=BUSY_MIB, rate=BUSY_RATE), LINK),
    'wide': Case(Image('tick-wide', dirty=64, rate=BUSY_RATE), 12, 60),
    'booting': Case(Image('tick'), LINK, booted=False),
    'slowed': Case(Image('tick-throttled', dirty=12, rate=BUSY_RATE), LINK // 2, 120,
                   libvirt.VIR_MIGRATE_AUTO_CONVERGE),
    'disk': Case(Image('tick-disk', disk=8), LINK, 60, libvirt.VIR_MIGRATE_NON_SHARED_INC),
}


def record(lab: Lab, case: Case) -> list[list[int | None]]:
    source, target = lab.topology.computes
    guest = RawGuest(lab, case.image)
    guest.start(source)
    guest.make_directory(target)
    with guest.watch() as watch:
        if case.booted:
            watch.wait(lambda record: record.last() and record.last().passes > 0, 60, 'pass')
        mover = threading.Thread(target=_move, args=(guest, source, target, case))
        mover.start()
        try:
            looks = _look(guest, source, mover, case.seconds)
        finally:
            mover.join(60)
            for host in (source, target):
                _remove(guest, host)
    return looks


def _move(guest: RawGuest, source: Host, target: Host, case: Case) -> None:
    try:
        guest.migrate(source, target, case.link, case.flags)
    except libvirt.libvirtError as error:
        print(f'    {error}')


def _look(guest: RawGuest, source: Host, mover: threading.Thread,
          seconds: float) -> list[list[int | None]]:
    looks: list[list[int | None]] = []
    with connected(source) as libvirtd:
        domain = libvirtd.lookupByUUIDString(guest.uuid)
        deadline = time.monotonic() + seconds
        bounded = False
        while mover.is_alive():
            try:
                bounded = bounded or domain.migrateSetMaxDowntime(PAUSE) == 0
                seen = read_progress(domain.jobStats())
                if seen.memory_total:
                    looks.append([getattr(seen, column) for column in COLUMNS])
                if time.monotonic() > deadline:
                    domain.abortJob()
            except libvirt.libvirtError:
                pass        # not yet, or no longer
            mover.join(INTERVAL)
    return looks


def _remove(guest: RawGuest, host: Host) -> None:
    try:
        guest.destroy(host)
    except libvirt.libvirtError:
        pass        # it is on the other one


def main() -> None:
    lab = Lab(Path(tempfile.mkdtemp(prefix='lab-')), say=print)
    traces = {}
    try:
        lab.up(hosts=2, with_services=False)
        for name, case in CASES.items():
            looks = record(lab, case)
            print(f'{name}: {len(looks)} looks, to pass {looks[-1][COLUMNS.index("iteration")]}',
                  flush=True)
            traces[name] = {'guest': case.image.descriptor()['cmdline'].split(' tick.')[1:],
                            'link_mib': case.link, 'looks': looks}
    finally:
        lab.down()
    lines = ',\n'.join(f'{json.dumps(name)}: {_rows(trace)}' for name, trace in traces.items())
    FILE.write_text(f'{{"columns": {json.dumps(COLUMNS)},\n"traces": {{\n{lines}\n}}}}\n')


def _rows(trace: dict) -> str:
    rows = ',\n'.join(json.dumps(row) for row in trace['looks'])
    return f'{json.dumps(trace | {"looks": []})[:-2]}\n{rows}\n]}}'


if __name__ == '__main__':
    main()
