# SPDX-License-Identifier: Apache-2.0
"""Steps and undos: order, failure, point of no return, resumption."""
import pytest

from nova_lite import exception, step_runner

STEPS = (('one', 'undo_one'), ('two', None), ('three', 'undo_three'),
         step_runner.POINT_OF_NO_RETURN, ('four', None))


class Recorder:
    def __init__(self, *failing):
        self.calls, self._failing = [], failing

    def __getattr__(self, name):
        def call():
            self.calls.append(name)
            if name in self._failing:
                raise ValueError(name)
        return call


def test_run_when_nothing_fails_then_each_step_once_in_order():
    doer = Recorder()
    step_runner.run(STEPS, doer)
    assert doer.calls == ['one', 'two', 'three', 'four']


@pytest.mark.parametrize('failing, calls', [
    ('one', ['one', 'undo_one']),
    ('two', ['one', 'two', 'undo_one']),
    ('three', ['one', 'two', 'three', 'undo_three', 'undo_one']),
    ('four', ['one', 'two', 'three', 'four']),
])
def test_run_when_a_step_fails_then_it_and_those_before_are_undone(failing, calls):
    doer = Recorder(failing)
    with pytest.raises(ValueError, match=failing):
        step_runner.run(STEPS, doer)
    assert doer.calls == calls


def test_run_when_the_database_is_away_then_nothing_is_undone_without_the_record():
    doer = Recorder()

    def two():
        raise exception.DatabaseUnavailable()
    doer.two = two
    with pytest.raises(exception.DatabaseUnavailable):
        step_runner.run(STEPS, doer)
    assert doer.calls == ['one']


def test_run_when_an_undo_fails_then_the_others_still_run_and_the_first_error_counts():
    doer = Recorder('three', 'undo_three')
    with pytest.raises(ValueError, match='^three$'):
        step_runner.run(STEPS, doer)
    assert doer.calls[-1] == 'undo_one'


def test_run_when_started_in_the_middle_then_earlier_steps_are_undone_but_not_done():
    doer = Recorder('three')
    with pytest.raises(ValueError):
        step_runner.run(STEPS, doer, start_at='three')
    assert doer.calls == ['three', 'undo_three', 'undo_one']


def test_undo_all_when_nobody_knows_then_every_undo_before_the_point_of_no_return():
    doer = Recorder()
    step_runner.undo_all(STEPS, doer)
    assert doer.calls == ['undo_three', 'undo_one']
