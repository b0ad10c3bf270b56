# SPDX-License-Identifier: Apache-2.0
"""What the verbs count on from every database."""
import datetime

import sqlalchemy as sa

from nova_lite.db import models, rows, session
from tests.fixtures import db

T = models.Flavor.__table__
FLAVOR = {'flavorid': '1', 'name': 'Straße \N{GRINNING FACE}', 'memory_mb': 64, 'vcpus': 1}


def test_update_when_nothing_would_change_then_the_row_counts_all_the_same(database):
    """A compare-and-swap asks how many rows matched. MariaDB can also count changed ones only."""
    with session.writer() as s:
        row = rows.insert(s, T, FLAVOR)
        for _ in range(2):
            assert rows.update(s, T, {'vcpus': 3}, T.c.id == row['id'], T.c.memory_mb == 64) == 1
        assert rows.update(s, T, {'vcpus': 3}, T.c.id == row['id'], T.c.memory_mb == 65) == 0


def test_insert_when_done_then_text_numbers_and_times_come_back_as_they_were(database):
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.UTC)
    given = {**FLAVOR, 'created_at': moment, 'description': 'x' * 100_000, 'rxtx_factor': 0.25,
             'extra_specs': {'ä': [1, None, 2.5, True], 'nested': {}}, 'disabled': True}
    with session.writer() as s:
        row = rows.insert(s, T, given)
        read = rows.fetch_first(s, T, T.c.id == row['id'])
    assert {name: read[name] for name in given} == given
    assert read['updated_at'] is None and read['deleted'] == 0
    assert row == read      # what the table filled in is known without reading it


def test_names_when_they_differ_in_case_then_they_are_different(database):
    with session.writer() as s:
        for name in ('web', 'Web', 'WEB'):
            rows.insert(s, T, {**FLAVOR, 'flavorid': name, 'name': name})
        assert rows.fetch_first(s, T, T.c.name == 'WEB')['flavorid'] == 'WEB'
        found = rows.fetch_all(s, sa.select(T).where(rows.matches(T.c.name, '^W')))
    assert sorted(row['name'] for row in found) == ['WEB', 'Web']


def test_insert_when_a_unique_key_is_taken_then_its_columns_are_named(database):
    from nova_lite.db import api
    api.insert('flavors', FLAVOR)
    for change, column in (({'flavorid': '2'}, 'name'), ({'name': 'other'}, 'flavorid')):
        try:
            api.insert('flavors', {**FLAVOR, **change})
        except api.DuplicateEntry as error:
            assert column in error.columns
        else:
            raise AssertionError('it was taken')


def test_transaction_when_it_reads_twice_then_it_sees_what_others_commit_between(database):
    """Not on SQLite, where a writer is alone: a conditional UPDATE that found no row is explained
    by reading again."""
    if database.startswith('sqlite'):
        with session.writer() as s:
            rows.insert(s, T, FLAVOR)
        return
    with session.writer() as s:
        assert rows.fetch_all(s, sa.select(T)) == []
        with session.writer() as other:
            rows.insert(other, T, FLAVOR)
        assert len(rows.fetch_all(s, sa.select(T))) == 1


def test_order_when_a_marker_row_is_given_then_null_is_the_least(database):
    ids = []
    with session.writer() as s:
        for number, weight in enumerate((2, None, 1, None)):
            ids.append(rows.insert(s, T, {**FLAVOR, 'flavorid': str(number), 'name': str(number),
                                          'vcpu_weight': weight})['id'])
    order = rows.Order(T, ['vcpu_weight'], ['asc'])
    got = [row['id'] for row in rows.page(sa.select(T), order, None, None)]
    assert got == [ids[1], ids[3], ids[2], ids[0]]
    assert db.race([lambda: rows.page(sa.select(T), order, '1', 2, 'flavorid')]) == [
        [row for row in rows.page(sa.select(T), order, None, None)][1:3]]
