# SPDX-License-Identifier: Apache-2.0
"""The two processes of benchmarks/floor.py: ``python -m benchmarks.echo serve|COUNT [OPTIONS]``.

``serve`` answers an empty call until it is ended; COUNT prints the milliseconds of COUNT such
calls, and of as many small transactions, as JSON. There is a pause before each, as in a migration,
where a process wakes up for the one call that it gets: without it they take half the time.
"""
from nova_lite import monkey_patch

monkey_patch.patch()

import json                                                     # noqa: E402
import statistics                                               # noqa: E402
import sys                                                      # noqa: E402
import time                                                     # noqa: E402
from collections.abc import Callable                            # noqa: E402
from typing import Any                                          # noqa: E402

from benchmarks.floor import CALL, MORE, READ, WRITE            # noqa: E402
from nova_lite import action_events, context, rpc, rpc_server   # noqa: E402
from nova_lite.cmd import common                                # noqa: E402
from nova_lite.conf import CONF, database                       # noqa: E402

HOST = 'floor'
PAUSE = 0.02        # s


class EchoAPI(rpc.Interface):
    topic = 'floor'

    @rpc.call(to='host')
    def echo(self, ctxt: Any, host: str) -> str:
        """Answer."""


class Echo:
    def echo(self, ctxt: Any) -> str:
        return 'echo'


def serve() -> None:
    common.prepare('nova-lite-bench')
    rpc.init()
    server = rpc_server.get_server([EchoAPI], Echo(), HOST, action_events)
    server.start()
    print('ready', flush=True)
    server.wait()


def measure(count: int) -> dict[str, list[float]]:
    database.register_opts(CONF)
    common.prepare('nova-lite-bench')
    rpc.init()
    api, ctxt = EchoAPI(), context.get_admin_context()
    found = {CALL: timed(count, lambda: api.echo(ctxt, host=HOST)), **statements(count)}
    rpc.cleanup()
    return found


def statements(count: int) -> dict[str, list[float]]:
    from nova_lite.db import models, rows, session
    table = models.Service.__table__

    def read() -> None:
        with session.reader() as s:
            rows.fetch_first(s, table, table.c.id == 1)

    def write(times: int) -> None:
        with session.writer() as s:
            for _ in range(times):
                rows.update(s, table, {'updated_at': rows.now()}, table.c.id == 1)

    once, five_times = timed(count, lambda: write(1)), timed(count, lambda: write(5))
    more = (statistics.median(five_times) - statistics.median(once)) / 4
    return {READ: timed(count, read), WRITE: once, MORE: [more]}


def timed(count: int, work: Callable[[], Any]) -> list[float]:
    """Milliseconds of each of ``count`` runs, after a few to warm up."""
    found = []
    for _ in range(10 + count):
        time.sleep(PAUSE)
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return found[10:]


def main() -> None:
    what, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    if what == 'serve':
        serve()
    else:
        print(json.dumps(measure(int(what))))


if __name__ == '__main__':
    main()
