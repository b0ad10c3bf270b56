# SPDX-License-Identifier: Apache-2.0
"""The watcher of the other tests sees what it is there for."""
import time

from nova_lite.lab.image import Image
from tests.lab.rawguest import RawGuest
from tests.lab.watcher import Watcher


def test_watcher_when_a_guest_runs_on_two_hosts_then_says_so(ground):
    """Two guests of the same uuid, each with a disk of its own: nobody is harmed."""
    image = Image('tick')
    with Watcher(ground.topology.computes) as watcher:
        twins = [RawGuest(ground, image), RawGuest(ground, image)]
        twins[1].uuid, twins[1].name = twins[0].uuid, twins[0].name
        hosts = ground.topology.computes[:2]
        try:
            for twin, host in zip(twins, hosts, strict=False):
                twin.start(host)
            deadline = time.monotonic() + 20
            while not watcher.violations and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            for twin, host in zip(twins, hosts, strict=False):
                twin.destroy(host)
    names = ' and '.join(host.name for host in hosts)
    assert watcher.violations and watcher.violations[0] == f'guest {twins[0].uuid} runs on {names}'
