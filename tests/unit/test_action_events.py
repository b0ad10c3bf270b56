# SPDX-License-Identifier: Apache-2.0
"""Events of an action beside the work that they tell of."""
import threading

import pytest

from nova_lite import action_events, exception, objects

LIMIT = 10


class Record:
    """In place of the events' table: what was written, in order; a write waits until it may."""

    def __init__(self, monkeypatch):
        self.written: list[tuple[str, str | None]] = []
        self.may_start, self.may_finish = threading.Event(), threading.Event()
        self.started, self.finished = threading.Event(), threading.Event()
        monkeypatch.setattr(objects.InstanceActionEvent, 'event_start', self._start)
        monkeypatch.setattr(objects.InstanceActionEvent, 'event_finish', self._finish)
        monkeypatch.setattr(objects.InstanceActionEventList, 'write', self._write)

    def _start(self, _ctxt, _uuid, event, host):
        self.started.set()
        assert self.may_start.wait(LIMIT)
        self.written.append(('start', None))

    def _finish(self, _ctxt, _uuid, event, host, result, **more):
        self._end('finish', result)

    def _write(self, _ctxt, steps):
        assert all(0 <= step['ended'] <= step['began'] for step in steps)
        self._end('write', ' '.join(step['result'] for step in steps))

    def _end(self, how, result):
        assert self.may_finish.wait(LIMIT)
        self.written.append((how, result))
        self.finished.set()


@pytest.fixture
def record(monkeypatch):
    return Record(monkeypatch)


@pytest.fixture
def lasting(monkeypatch):
    """Every step lasts long enough to be seen before its end."""
    monkeypatch.setattr(action_events, 'BRIEF', 0)


def test_reporter_when_the_work_is_brief_then_it_is_written_once(record):
    record.may_finish.set()
    with action_events.reporter(None, 'compute_x', 'uuid', 'src'):
        assert record.written == []
    assert record.written == [('write', 'Success')]


def test_reporter_when_brief_steps_end_late_then_they_are_written_together(record):
    record.may_finish.set()
    for _ in range(3):
        with action_events.reporter(None, 'compute_x', 'uuid', 'src', late=True):
            pass
    assert record.written == []
    assert record.finished.wait(LIMIT)
    assert record.written == [('write', 'Success Success Success')]


def test_flush_when_a_process_ends_then_what_waits_is_written(record, monkeypatch):
    monkeypatch.setattr(action_events, 'TOGETHER', 3600)
    record.may_finish.set()
    with action_events.reporter(None, 'compute_x', 'uuid', 'src', late=True):
        pass
    action_events.flush(LIMIT)
    assert record.written == [('write', 'Success')]


def test_flush_when_a_process_ends_then_an_end_that_is_being_written_is_waited_for(
        record, being_written):
    action_events.flush(LIMIT)
    assert record.written == [('start', None), ('finish', 'Success')]


@pytest.fixture
def patient(monkeypatch):
    """What waits to be written waits for ever, if nobody takes it along."""
    monkeypatch.setattr(action_events, 'TOGETHER', 3600)
    late = action_events._Late()
    monkeypatch.setattr(action_events, '_late', late)
    yield
    assert late.flush(LIMIT)


@pytest.fixture
def being_written(record, lasting, patient):
    """A step that is over, whose end will be written in a moment."""
    record.may_start.set()
    with action_events.reporter(None, 'compute_x', 'uuid', 'src', late=True):
        assert record.started.wait(LIMIT)
    ending = threading.Timer(0.05, record.may_finish.set)
    ending.start()
    yield
    ending.join()


def brief_step(event, uuid='uuid'):
    with action_events.reporter(None, event, uuid, 'src', late=True):
        pass


def test_told_with_the_end_when_steps_wait_then_the_end_takes_those_of_its_server(
        record, patient):
    record.may_finish.set()
    for event, uuid in (('compute_a', 'uuid'), ('compute_b', 'other'), ('compute_c', 'uuid')):
        brief_step(event, uuid)
    with action_events.told_with_the_end('uuid') as steps:
        assert [(step['event'], step['result']) for step in steps] == [
            ('compute_a', 'Success'), ('compute_c', 'Success')]
    action_events.flush(LIMIT)
    assert record.written == [('write', 'Success')]     # the other server's


def test_told_with_the_end_when_the_end_is_not_written_then_they_wait_on(record, patient):
    record.may_finish.set()
    brief_step('compute_a')
    with pytest.raises(exception.DatabaseUnavailable):
        with action_events.told_with_the_end('uuid'):
            raise exception.DatabaseUnavailable()
    action_events.flush(LIMIT)
    assert record.written == [('write', 'Success')]


def test_told_with_the_end_when_the_step_of_now_fails_then_its_error_is_told_once(
        record, patient):
    record.may_finish.set()
    error = exception.Invalid(reason='no room')
    with pytest.raises(exception.Invalid):
        with action_events.reporter(None, 'conductor_x', 'uuid', 'src'):
            with action_events.told_with_the_end('uuid', error) as [step]:
                assert (step['event'], step['result']) == ('conductor_x', 'Error')
                assert 'no room' in step['details'] and 'Invalid' in step['traceback']
            raise error
    assert record.written == []


def test_told_with_the_end_when_a_step_is_being_written_then_the_end_comes_after_it(
        record, being_written):
    with action_events.told_with_the_end('uuid') as steps:
        assert steps == [] and record.written == [('start', None), ('finish', 'Success')]


def test_reporter_when_somebody_waits_for_a_step_then_what_waits_is_written_with_it(
        record, patient):
    record.may_finish.set()
    brief_step('compute_a')
    with action_events.reporter(None, 'compute_b', 'uuid', 'src'):
        pass
    assert record.written == [('write', 'Success Success')]


def test_reporter_when_the_start_is_slow_then_the_work_does_not_wait_but_the_finish_does(
        record, lasting):
    record.may_finish.set()
    with action_events.reporter(None, 'compute_x', 'uuid', 'src'):
        assert record.started.wait(LIMIT)
        assert record.written == []
        record.may_start.set()
    assert record.written == [('start', None), ('finish', 'Success')]


def test_reporter_when_late_then_the_success_is_written_after_the_answer_and_in_order(
        record, lasting):
    with action_events.reporter(None, 'compute_x', 'uuid', 'src', late=True):
        assert record.started.wait(LIMIT)
    assert record.written == []
    record.may_finish.set()
    record.may_start.set()
    assert record.finished.wait(LIMIT)
    assert record.written == [('start', None), ('finish', 'Success')]


def test_reporter_when_the_work_fails_then_the_error_is_written_before_it_is_told(record):
    record.may_finish.set()
    with pytest.raises(exception.Invalid):
        with action_events.reporter(None, 'compute_x', 'uuid', 'src', late=True):
            raise exception.Invalid(reason='no')
    assert record.written == [('write', 'Error')]


@pytest.mark.parametrize('brief', [0, LIMIT])
def test_reporter_when_nothing_can_be_written_then_the_work_is_done(monkeypatch, brief):
    def fail(*_args, **_kwargs):
        raise exception.DatabaseUnavailable()

    monkeypatch.setattr(action_events, 'BRIEF', brief)
    for name in ('event_start', 'event_finish'):
        monkeypatch.setattr(objects.InstanceActionEvent, name, fail)
    monkeypatch.setattr(objects.InstanceActionEventList, 'write', fail)
    done = []
    with action_events.reporter(None, 'compute_x', 'uuid', 'src'):
        done.append(True)
    assert done
