# SPDX-License-Identifier: Apache-2.0
"""Two processes that know nothing of each other, one row, and a server that goes away."""
import multiprocessing
from typing import Any

from nova_lite import context, exception, objects
from nova_lite.db import session
from tests.fixtures import db
from tests.fixtures.db import _sqlite  # noqa: F401
from tests.fixtures.db_servers import _served, ctxt, database  # noqa: F401

ROUNDS = 25
spawning = multiprocessing.get_context('spawn')


def contend(url: str, instance_uuid: str, migration_ids: list[int], start: Any,
            results: Any) -> None:
    """Take the server's task state and an edge of each migration, in step with the other."""
    session.configure(url)
    admin = context.RequestContext(is_admin=True, overwrite=False)
    won = []
    for migration_id in migration_ids:
        instance = objects.Instance.get_by_uuid(admin, instance_uuid)
        migration = objects.Migration.get_by_id(admin, migration_id)
        start.wait(60)
        wins = ''
        try:
            instance.task_state = 'pausing'
            instance.save(expected_task_state=None)
            wins += 's'
        except exception.UnexpectedTaskStateError:
            pass
        try:
            migration.advance('queue')
            wins += 'a'
        except exception.InvalidMigrationState:
            pass
        start.wait(60)
        if 's' in wins:
            instance.task_state = None
            instance.save(expected_task_state='pausing')
        start.wait(60)
        won.append(wins)
    results.put(won)
    session.dispose()


def check_race(ctxt: Any, url: str) -> None:        # noqa: F811
    instance = db.make_instance(ctxt, task_state=None)
    ids = [db.make_migration(ctxt, db.make_instance(ctxt)).id for _ in range(ROUNDS)]
    start, results = spawning.Barrier(2), spawning.Queue()
    processes = [spawning.Process(target=contend, daemon=True,
                                  args=(url, instance.uuid, ids, start, results))
                 for _ in range(2)]
    for process in processes:
        process.start()
    try:
        one, two = (results.get(timeout=90) for _ in processes)
    finally:
        for process in processes:
            process.join(10)
            process.kill()
    for first, second in zip(one, two, strict=False):
        # each prize goes to exactly one of the two
        assert sorted(first + second) == ['a', 's'], (one, two)


def test_race_when_two_processes_contend_on_a_server_then_one_wins(ctxt, database):   # noqa: F811
    check_race(ctxt, database)


def test_race_when_two_processes_contend_on_sqlite_then_one_wins(ctxt, _sqlite):      # noqa: F811
    check_race(ctxt, _sqlite)


def test_save_when_the_server_was_restarted_then_the_next_call_works(
        request, ctxt, database):       # noqa: F811
    kind = '_mariadb' if database.startswith('mysql') else '_postgresql'
    server = request.getfixturevalue(kind)
    instance = db.make_instance(ctxt)
    server.stop()
    server.start()
    instance.progress = 77
    instance.save(expected_task_state='migrating')
    assert objects.Instance.get_by_uuid(ctxt, instance.uuid).progress == 77
