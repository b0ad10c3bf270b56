# SPDX-License-Identifier: Apache-2.0
"""Cuts the link under guests in post-copy, time and again, and counts how each of them ended.

    python -m tests.control.cuts [CUTS [SECONDS]]

As root, where tools/test control runs. Guests move three at a time, each over a connection of its
own, so one pull of the cable cuts three. What is known of it: doc/post-copy.md.
"""
import collections
import contextlib
import sys
import tempfile
import time
from pathlib import Path

from nova_lite.lab.guest import GuestWatch
from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab
from tests.lab import control
from tests.lab.cloud import FINAL, Cloud, Server

AT_ONCE = 3
PATIENCE = 150      # s after the link is up again
ALONE, STUCK = 'went on by itself and completed', 'stuck: still paused'


def cut_some(lab: Lab, count: int, seconds: float) -> list[str]:
    """How each of ``count`` guests ended."""
    with contextlib.ExitStack() as stack:
        servers = [Cloud(lab).boot(control.BUSY, host='compute1') for _ in range(count)]
        watches = [stack.enter_context(server.watch()) for server in servers]
        for server in servers:
            stack.callback(server.delete)
        for server, watch in zip(servers, watches, strict=False):
            watch.wait_ticks(5)
            server.live_migrate('compute2')
        for server in servers:
            migration = control.wait_status(server, 'running')
            control.wait_copying(server)
            status, answer = server.cloud.request(
                'POST', f'/servers/{server.id}/migrations/{migration["id"]}/action',
                {'force_complete': None})
            assert status == 202, answer
        for server in servers:
            control.wait_status(server, 'running (post-copy)')
        down = time.monotonic()
        with control.cut(lab, 'compute2'):
            time.sleep(seconds)     # this long, and not until something happens
        up = time.monotonic()
        return [_end(server, watch, down, up)
            for server, watch in zip(servers, watches, strict=True)]


def _end(server: Server, watch: GuestWatch, down: float, up: float) -> str:
    while (kept := control.record(server))['status'] not in FINAL:
        if time.monotonic() > up + PATIENCE:
            return STUCK if 'post-copy is paused' in (kept['reason'] or '') else repr(kept)
        time.sleep(0.5)     # the record tells only who asks
    over = time.monotonic()
    if kept['status'] == 'completed':
        watch.wait_ticks(10)
        watch.wait_verified()
        control.assert_settled(server, 'compute2')
    seen = watch.record
    print(f'  {server.id} {kept["status"]} {over - up:.0f} s after the link; it was silent for '
          f'{seen.longest_silence():.0f} s, and its kernel missed {seen.lockups() or "nothing"}',
          flush=True)
    if kept['status'] != 'completed':
        return f'{kept["status"]}: {kept["reason"]}'
    faults = watch.faults(stood_still=over - down)
    return f'completed, but harmed: {faults}' if faults else ALONE


def main(cuts: int = 10, seconds: float = 30) -> None:
    lab = Lab(Path(tempfile.mkdtemp(prefix='lab-')), say=print)
    ends: collections.Counter = collections.Counter()
    try:
        lab.up(hosts=2)
        Image(control.BUSY, dirty=control.BUSY_MIB, rate=control.BUSY_RATE).write(
            lab.state.images)
        control.Options(lab).set({'max_concurrent_live_migrations': 0}, bandwidth=2,
                                 permit_post_copy=True)
        while ends.total() < cuts:
            ends.update(cut_some(lab, min(AT_ONCE, cuts - ends.total()), seconds))
            print(f'{ends.total()} of {cuts}: {dict(ends)}', flush=True)
    finally:
        lab.down()


if __name__ == '__main__':
    main(*(int(word) for word in sys.argv[1:]))
