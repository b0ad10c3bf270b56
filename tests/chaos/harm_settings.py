# SPDX-License-Identifier: Apache-2.0
"""What ends no process: a wrong clock, a bad option in its file, a database that refuses."""
import signal
from collections.abc import Callable
from pathlib import Path

import pymysql

from nova_lite.lab.servers import MariaDB
from tests.chaos import cells
from tests.fixtures.processes import Deployment

Acts = tuple[Callable[[], object], Callable[[], object]]

# of Debian's package libfaketime; the time that passes stays true
FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
OFFSETS = {cells.CLOCK_AHEAD: '+300s', cells.CLOCK_BEHIND: '-300s'}
# read by all processes, and no number
BAD = '\n[DEFAULT]\nreport_interval = often\n'
CONNECTIONS = 10    # the fewest that MariaDB lets one set


def wrong_clock(deployed: Deployment, name: str, fault: str) -> Acts:
    """Kill the process; the next one has a clock of its own, until it is replaced in turn."""
    if not Path(FAKETIME).exists():
        raise RuntimeError(f'{FAKETIME} is missing: apt-get install libfaketime')

    def start_anew(environment: dict[str, str]) -> None:
        deployed.signal(name, signal.SIGKILL)
        deployed.more_environment[name] = environment
        deployed.start(name)

    def heal() -> None:
        start_anew({})
        deployed.wait_for(lambda: deployed.is_ready(name), f'{name} to be ready')

    return lambda: start_anew({'LD_PRELOAD': FAKETIME, 'FAKETIME': OFFSETS[fault],
                               'FAKETIME_DONT_FAKE_MONOTONIC': '1'}), heal


def bad_option(deployed: Deployment, name: str) -> Acts:
    file = deployed.directory / f'{name}.conf'
    good = file.read_text()

    def put(text: str) -> None:
        file.write_text(text)
        deployed.signal(name, signal.SIGHUP)

    def heal() -> None:
        ended = deployed.processes[name].poll()
        assert ended is None, f'{name} ended with {ended} at a bad option: {deployed.log(name)}'
        assert 'report_interval' in deployed.whole_log(name), f'{name} has not read its file'
        put(good)

    return lambda: put(good + BAD), heal


def refusing(database: MariaDB, fault: str) -> Acts:
    """The database lives, and answers no write, or no connection."""
    link = pymysql.connect(unix_socket=str(database.data / 'mariadb.sock'), user='root',
                           autocommit=True)
    held: list[pymysql.Connection] = []

    def do(*statements: str) -> None:
        with link.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def take_all_places() -> None:
        do(f'SET GLOBAL max_connections = {CONNECTIONS}', f"KILL USER '{database.user}'")
        while len(held) < CONNECTIONS:
            try:
                held.append(pymysql.connect(
                    host=database.address, port=database.port, user=database.user,
                    password=database.password))
            except pymysql.err.OperationalError:
                return      # others were quicker

    def heal() -> None:
        do('SET GLOBAL max_connections = 400', 'SET GLOBAL read_only = 0')
        for one in (*held, link):
            one.close()

    if fault == cells.READ_ONLY:
        return lambda: do('SET GLOBAL read_only = 1'), heal
    return take_all_places, heal
