# SPDX-License-Identifier: Apache-2.0
"""From a trace to tables: what is counted, and in which words."""
import pytest

from benchmarks import floor, steps


def event(kind, by, process='conductor', what='', wanting=''):
    return {'kind': kind, 'by': by, 'process': process, 'what': what, 'wanting': wanting}


def test_tables_when_made_then_a_call_is_two_messages_and_heartbeats_are_left_out():
    totals, by_step, messages, statements = steps.tables([
        event('sql', 'Move.run', what='SELECT a \nFROM t', wanting='Migration.save'),
        event('call', 'Move.run', 'compute-h1', 'conductor.object_action'),
        event('cast', 'API.live_migrate', 'api', 'conductor.live_migrate_instance'),
        event('notification', 'Move.run', 'compute-h1', 'x'), event('sql', 'Service._report'),
        event('driver', 'live_migration'), event('sql', 'index', 'api')])
    assert totals.rows == [[1, 1, 1, 1, 3]]
    assert [row[:6] for row in by_step.rows] == [
        ['conductor', 'Move.run', 1, 0, 0, 0], ['compute', 'Move.run', 0, 1, 0, 1],
        ['api', 'API.live_migrate', 0, 0, 1, 0], ['all', '', 1, 1, 1, 1]]
    assert messages.rows == [['compute', 'Move.run', 'call conductor.object_action'],
                             ['api', 'API.live_migrate', 'cast conductor.live_migrate_instance']]
    assert [row[:3] for row in statements.rows] == [['conductor', 'Move.run', 'Migration.save']]


@pytest.mark.parametrize('statement,text', [
    ('SELECT a, b FROM t WHERE x = 1', 'SELECT ... FROM t WHERE x = 1'),
    ('INSERT INTO t (a, b) VALUES (1, 2)', 'INSERT INTO t'),
    ('UPDATE t SET a=%(a)s, b=%(b)s WHERE t.id = 1', 'UPDATE t SET a, b WHERE t.id = 1'),
    ('DELETE FROM t', 'DELETE FROM t')])
def test_short_when_a_statement_is_shown_then_without_its_values(statement, text):
    assert steps.short(statement) == text


def test_short_when_it_is_long_then_cut():
    assert len(steps.short('DELETE FROM t WHERE ' + 'x' * 500)) == 160


def test_on_the_way_when_counted_then_only_what_the_copy_waits_for():
    def at(moment, *args, **kwargs):
        return {**event(*args, **kwargs), 'at': moment}

    counts = floor.on_the_way([
        at(1, 'sql', 'a', what='SELECT 1', wanting='X.get'),
        at(1, 'sql', 'b', what='SELECT 1', wanting='X.save'),
        at(1, 'sql', 'b', what='UPDATE x', wanting='X.save'),
        at(2, 'call', 'a'), at(2, 'cast', 'a'), at(3, 'call', '_try'), at(3, 'sql', '_try'),
        {**at(9, 'driver', '', what='live_migration'), 'began': 4}, at(5, 'call', 'a')])
    assert counts == {floor.CALL: 1.5, floor.READ: 1, floor.WRITE: 1, floor.MORE: 1}
    rows = floor.table(counts, {floor.CALL: 4.0, floor.READ: 1.0, floor.WRITE: 2.0,
                                floor.MORE: 0.5}).rows
    assert rows[-1] == ['all', '', '', 9.5]
