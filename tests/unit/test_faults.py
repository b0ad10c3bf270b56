# SPDX-License-Identifier: Apache-2.0
"""The error table: every error has a row, and a remote one finds the same row."""
import inspect

import oslo_messaging as messaging
import pytest

from nova_lite import exception, faults
from nova_lite.migration import migration_states

ERRORS = [cls for _, cls in inspect.getmembers(exception, inspect.isclass)
          if issubclass(cls, exception.NovaLiteException)]


def make(cls):
    return cls(message='boom')


@pytest.mark.parametrize('cls', ERRORS)
def test_fault_for_when_the_error_is_ours_then_the_code_is_that_of_its_family(cls):
    fault = faults.fault_for(make(cls))
    assert 400 <= fault.code < 600
    for family, code in ((exception.NotFound, 404), (exception.Forbidden, 403),
                         (exception.Conflict, 409)):
        if issubclass(cls, family) and cls is not exception.ComputeHostNotFound:
            assert fault.code == code


@pytest.mark.parametrize('cls', ERRORS)
def test_fault_for_when_the_error_came_by_rpc_then_the_row_is_the_same(cls):
    remote = type(cls.__name__ + '_Remote', (cls,), {})
    assert faults.fault_for(make(remote)) == faults.fault_for(make(cls))


@pytest.mark.parametrize('error, code, event', [
    (exception.ComputeHostNotFound(host='x'), 400, 'reject'),
    (exception.MaxRetriesExceeded(reason='x'), 400, 'reject'),
    (exception.UnexpectedTaskStateError(message='x'), 409, None),
    (exception.LiveMigrationAborted(reason='x'), 500, 'cancel'),
    (ValueError('x'), 500, 'lose'),
])
def test_fault_for_when_rows_compete_then_the_nearest_class_wins(error, code, event):
    assert faults.fault_for(error) == (code, event)


def test_faults_when_walked_then_every_event_is_an_edge():
    for fault in faults.FAULTS.values():
        assert fault.event is None or fault.event in migration_states.EVENTS


def test_event_for_when_the_row_has_none_then_nobody_knows():
    assert faults.event_for(exception.InstanceNotFound(instance_id='x')) == 'lose'


def test_message_of_when_remote_then_without_the_traceback():
    remote = type('NotFound_Remote', (exception.NotFound,), {'__str__': lambda self: 'a\nTrace'})
    assert exception.message_of(remote('gone')) == 'gone'
    assert exception.message_of(ValueError()) == 'ValueError'
    inner = messaging.RemoteError('Gone', 'the host', ['Traceback (most recent call last):\n'])
    assert exception.message_of(messaging.RemoteError('RemoteError', inner, ['Traceback'])) == (
        'Remote error: RemoteError Remote error: Gone the host')
