# SPDX-License-Identifier: Apache-2.0
"""The revisions on real servers: the tables of the models, types and all, and rows of old."""
from tests.fixtures.db_servers import _served, another, database  # noqa: F401
from tests.unit.db.test_schema import (  # noqa: F401
    check_carried_over,
    check_identified,
    check_unfinished,
    test_sync_when_run_then_the_tables_are_those_of_the_models,
)


def test_sync_when_rows_are_there_then_what_they_say_is_carried_over(another):  # noqa: F811
    check_carried_over(another)


def test_sync_when_two_migrations_of_a_server_are_unfinished_then_the_newest_is_the_one(
        another):       # noqa: F811
    check_unfinished(another)


def test_sync_when_a_row_does_not_say_what_it_is_of_then_it_gets_a_word_for_it(
        another):       # noqa: F811
    check_identified(another)
