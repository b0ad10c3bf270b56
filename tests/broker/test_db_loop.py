# SPDX-License-Identifier: Apache-2.0
"""A statement that the database server does not answer holds no other green thread: both drivers
wait in Python, where eventlet can go on. SQLite's calls are in tests/functional/test_sqlite.py."""
import os
import select
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

LIMIT = 30.0
# (take, what another then waits for, how many wait)
LOCKS = {
    'mysql': ("SELECT GET_LOCK('loop', 0)", "SELECT GET_LOCK('loop', 60)",
              "SELECT count(*) FROM information_schema.processlist WHERE state = 'User lock'"),
    'postgresql': ('SELECT pg_advisory_lock(7)', 'SELECT pg_advisory_lock(7)',
                   "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")}
PROGRAM = """
from nova_lite import monkey_patch
monkey_patch.patch()
import sys, threading, time
import sqlalchemy as sa
from nova_lite.db import session
session.configure(sys.argv[1])
def wait():
    with session.reader() as s:
        s.execute(sa.text(sys.argv[2]))
thread = threading.Thread(target=wait)
thread.start()
while thread.is_alive():
    print('on', flush=True)
    time.sleep(0.05)
"""


@pytest.fixture
def other(database_url):
    """A connection of ours to the same server, which holds the lock."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.connect() as link:
        link.exec_driver_sql(LOCKS[engine.dialect.name][0])
        yield link


def has_written(program, seconds):
    """Anything that was not read yet, which is read now."""
    stdout = program.stdout.fileno()
    return bool(select.select([stdout], [], [], seconds)[0] and os.read(stdout, 65536))


def test_statement_when_the_server_does_not_answer_then_other_green_threads_go_on(
        database_url, other):
    _, waiting, count = LOCKS[other.dialect.name]
    program = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', PROGRAM, database_url, waiting],
        stdout=subprocess.PIPE, env={**os.environ, 'NOVA_LITE_CONCURRENCY': 'eventlet'})
    try:
        deadline = time.monotonic() + LIMIT
        while not other.exec_driver_sql(count).scalar():
            assert time.monotonic() < deadline and program.poll() is None
            time.sleep(0.05)
        has_written(program, 0)     # before it waited
        assert has_written(program, LIMIT) and has_written(program, LIMIT)
    finally:
        other.close()
        program.stdout.close()
        program.kill()
        program.wait(LIMIT)
