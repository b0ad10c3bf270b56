# SPDX-License-Identifier: Apache-2.0
"""What a newcomer follows to read one live migration: ``python -m tests.trace [--files]``.

One migration runs in this process, as the functional level does it: asked for by REST, without a
host, on simulated hypervisors, without anything going wrong. Printed are the calls from the API's
action to the end of the record, each below its caller, and how many they are, through how many
files and lines, with how many changes of layer. What counts is told in follow.py.
"""
import argparse
import os
import tempfile
from pathlib import Path

os.environ['NOVA_LITE_CONCURRENCY'] = 'threading'      # of green threads nothing can be recorded

from nova_lite import monkey_patch  # noqa: E402

monkey_patch.patch()

import nova_lite  # noqa: E402
from nova_lite.db import schema, session  # noqa: E402
from tests.fixtures.conf import Options  # noqa: E402
from tests.fixtures.rpc import connected  # noqa: E402
from tests.fixtures.services import Cloud  # noqa: E402
from tests.trace import follow  # noqa: E402
from tests.trace.record import Recorder  # noqa: E402

ROOT = 'api/controllers/migrate_server.py:migrate_live'
TIMEOUT = 30.0


def record(recorder: Recorder) -> None:
    """Boot a server, and record how it moves."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        session.configure(f'sqlite:///{directory}/nova-lite.sqlite')
        schema.sync()
        options = Options()
        options.read_file(directory)
        with connected() as notifications:
            cloud = Cloud(options, directory, notifications)
            with recorder:
                try:
                    server = cloud.boot('src')
                    answer = server.live_migrate()
                    assert answer.status == 202, answer.body
                    server.wait_status('completed')
                    recorder.wait_for(ROOT, TIMEOUT)
                finally:
                    cloud.stop()    # what is still to be written is written then
        session.dispose()


def show(calls: list[follow.Call]) -> None:
    depth, begun = {ROOT: 0}, set()
    print(ROOT)
    for call in calls:
        begun.add(call.caller)
        again = '  (see above)' if call.callee in depth else ''
        depth.setdefault(call.callee, depth[call.caller] + 1)
        print(f'{"  " * (depth[call.caller] + 1)}{call.callee}{again}')


def main() -> None:
    parser = argparse.ArgumentParser(prog='tools/trace', description=(__doc__ or '').partition(
        '\n\n')[2], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--files', action='store_true',
                        help='print the files that the trace leads through, and nothing else')
    wanted = parser.parse_args()
    recorder = Recorder()
    recorder.install()
    record(recorder)
    sources = follow.Sources(Path(nova_lite.__file__).parent)
    calls = follow.trace(recorder.stacks, ROOT, sources)
    if wanted.files:
        print('\n'.join(follow.files(calls)))
        return
    show(calls)
    found = follow.figures(calls, sources)
    print(f'{found.calls} calls through {found.files} files ({found.lines} lines), '
          f'{found.changes} changes of layer')


if __name__ == '__main__':
    main()
