# SPDX-License-Identifier: Apache-2.0
import pytest
from oslo_db import exception as db_exc

from nova_lite import exception
from nova_lite.db import retry, session
from tests.unit.db.test_session import hosts, insert


@pytest.mark.parametrize('error', [db_exc.DBDeadlock(), db_exc.DBConnectionError()],
                         ids=lambda error: type(error).__name__)
def test_retried_when_the_database_gives_up_on_it_then_run_again_as_a_whole(database, error):
    runs = []

    @retry.retried
    def work():
        runs.append(1)
        with session.writer() as s:
            insert(s, 'a')
            if len(runs) < 3:
                raise error
            return hosts(s)

    assert work() == ['a'] and len(runs) == 3


def test_retried_when_the_error_is_ours_then_not_again():
    runs = []

    @retry.retried
    def work():
        runs.append(1)
        raise exception.InstanceNotFound(instance_id='x')

    with pytest.raises(exception.InstanceNotFound):
        work()
    assert len(runs) == 1


@pytest.mark.parametrize('error, runs', [(db_exc.DBDeadlock(), retry.LEAST_ATTEMPTS),
                                         (db_exc.DBConnectionError(), 1)],
                         ids=['another was in the way', 'away'])
def test_retried_when_this_process_is_slow_then_a_collision_is_tried_again(
        database, monkeypatch, error, runs):
    """One deadlock was told as a database that is away when the attempt had taken long."""
    monkeypatch.setattr(retry, 'RETRY_SECONDS', 0.0)
    monkeypatch.setattr(retry, 'FIRST_PAUSE', 0.001)
    ran = []

    @retry.retried
    def work():
        ran.append(1)
        with session.writer():
            raise error

    with pytest.raises(exception.DatabaseUnavailable):
        work()
    assert len(ran) == runs


def test_attempted_when_run_again_then_it_is_told_so_and_when_it_all_began():
    attempts = []

    @retry.attempted
    def work(attempt, answer):
        attempts.append(attempt)
        if len(attempts) < 3:
            raise exception.DatabaseUnavailable()
        return answer

    assert work('done') == 'done'
    assert [attempt.again for attempt in attempts] == [False, True, True]
    assert len({attempt.stamp for attempt in attempts}) == 1


def test_once_more_on_duplicate_when_the_row_came_from_elsewhere_then_it_is_looked_for_once():
    runs = []

    @retry.once_more_on_duplicate
    def work(found_at):
        runs.append(1)
        if len(runs) < found_at:
            raise db_exc.DBDuplicateEntry()
        return 'found'

    assert work(2) == 'found'
    runs.clear()
    with pytest.raises(db_exc.DBDuplicateEntry):
        work(4)
    assert len(runs) == 2
