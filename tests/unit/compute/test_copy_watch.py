# SPDX-License-Identifier: Apache-2.0
"""No end is made of a copy while its job may run, whatever fails in the watching."""
from types import SimpleNamespace

import oslo_messaging
import pytest

from nova_lite import exception
from nova_lite.compute import copy_watch
from nova_lite.migration import power_state, recovery
from nova_lite.migration.observations import GuestInfo, Outcome
from nova_lite.virt import driver as virt_driver

HERE = GuestInfo(power_state.RUNNING)
LEAVING = GuestInfo(power_state.RUNNING, leaving=True)
OFF = GuestInfo(power_state.SHUTDOWN)
GONE = exception.InstanceNotFound(instance_id='u')
AWAY = exception.HypervisorUnavailable(host='here', reason='refused')
DEFECT = ValueError('defect')


class PlayedDriver:
    """``looks``: what is seen of the guest, ``ends``: how each attempt to watch goes; the last
    ones for ever."""

    def __init__(self, looks, ends):
        self._looks, self._ends, self.calls = list(looks), list(ends), []

    @staticmethod
    def _next(items):
        item = items[0] if len(items) == 1 else items.pop(0)
        if isinstance(item, Exception):
            raise item
        return item

    def get_info(self, instance):
        return self._next(self._looks)

    def begin(self):
        self.calls.append('begin')
        return self._next(self._ends)

    def adopt(self):
        self.calls.append('adopt')
        return self._next(self._ends)

    def live_migration_abort(self, instance):
        self.calls.append('abort')


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(copy_watch, 'INTERVAL', 0.001)


def see_through(looks, *ends, destination=recovery.ABSENT):
    driver, said = PlayedDriver(looks, ends), []
    watch = copy_watch.CopyWatch(driver, SimpleNamespace(uuid='u'), lambda: destination,
                                 said.append)
    try:
        outcome = watch.see_through(driver.begin, driver.adopt)
    except Exception as error:
        outcome = error
    return outcome, driver.calls, said


@pytest.mark.parametrize('outcome', [
    Outcome(virt_driver.COMPLETED), Outcome(virt_driver.FAILED, 'broke'),
    Outcome(virt_driver.BROKEN), Outcome(virt_driver.CANCELLED)])
def test_copy_when_it_is_watched_to_its_end_then_that_is_it(outcome):
    assert see_through([HERE], outcome) == (outcome, ['begin'], [])


def test_copy_when_watching_fails_and_the_guest_leaves_then_is_ended_and_seen_to_its_end():
    outcome, calls, said = see_through(
        [LEAVING], DEFECT, Outcome(virt_driver.FAILED, 'the guest runs at the source'))
    assert calls == ['begin', 'abort', 'adopt']
    assert outcome.status == virt_driver.FAILED and 'ValueError' in outcome.reason
    assert 'ValueError' in said[0]


def test_copy_when_watching_fails_and_the_guest_arrives_then_completed():
    outcome, calls, _ = see_through([LEAVING], DEFECT, Outcome(virt_driver.COMPLETED))
    assert outcome.status == virt_driver.COMPLETED and calls == ['begin', 'abort', 'adopt']


@pytest.mark.parametrize('look', [OFF, GONE])
def test_copy_when_watching_fails_and_the_guest_is_not_here_then_its_end_is_looked_for(look):
    outcome, calls, _ = see_through([look], DEFECT, Outcome(virt_driver.LOST))
    assert outcome.status == virt_driver.LOST and calls[-1] == 'adopt'


def test_copy_when_it_never_began_then_the_error_is_the_callers():
    error = exception.InvalidHostname(hostname='?')
    assert see_through([HERE], error) == (error, ['begin'], [])


def test_copy_when_a_defect_let_it_not_begin_then_failed():
    outcome, calls, _ = see_through([HERE], DEFECT)
    assert isinstance(outcome, exception.LiveMigrationFailed) and calls == ['begin']


def test_copy_when_the_hypervisor_is_away_then_nothing_is_ended_and_nothing_is_lost():
    outcome, calls, said = see_through(
        [AWAY], Outcome(virt_driver.LOST, 'refused'), AWAY, AWAY, Outcome(virt_driver.COMPLETED))
    assert outcome.status == virt_driver.COMPLETED
    assert calls == ['begin', 'adopt', 'adopt', 'adopt'] and len(said) == 3


def test_copy_when_the_hypervisor_is_away_and_the_guest_has_arrived_then_it_is_over():
    lost = Outcome(virt_driver.LOST, 'refused')
    assert see_through([AWAY], lost, destination=recovery.RUNS) == (lost, ['begin'], [])


# -- waiting for a host -----------------------------------------------------------------------
TIMEOUT = oslo_messaging.MessagingTimeout('no answer')
SILENCES = [
    # seconds before, the attempt's own, how it ended, seconds afterwards
    (10.0, 20.0, TIMEOUT, 30.0),
    (10.0, 20.0, AWAY, 30.0),
    # this process stood still, or the other side was long at work before it fell silent
    (10.0, 900.0, TIMEOUT, 70.0),
    # it could not ask, or nothing could be written: a fresh period
    (290.0, 20.0, oslo_messaging.MessageDeliveryFailure(), 0.0),
    (290.0, 20.0, exception.DatabaseUnavailable(), 0.0),
]


@pytest.mark.parametrize('before, took, error, after', SILENCES)
def test_silence_when_who_asks_was_blind_then_it_counts_anew(
        monkeypatch, before, took, error, after):
    monkeypatch.setattr(copy_watch, 'CONF', SimpleNamespace(rpc_response_timeout=60))
    assert copy_watch.silence(before, took, error) == after


def test_insist_when_the_broker_was_away_for_longer_than_the_host_may_be_then_it_goes_on(
        monkeypatch):
    monkeypatch.setattr(copy_watch, 'INTERVAL', 0.0)
    monkeypatch.setattr(copy_watch, 'CONF', SimpleNamespace(
        rpc_response_timeout=60, lost_host_timeout=0))
    attempts, said = [oslo_messaging.MessageDeliveryFailure()] * 3, []

    def act():
        if attempts:
            raise attempts.pop()
        return 'an answer'

    assert copy_watch.insist(act, 'waiting', said.append) == 'an answer'
    assert len(said) == 3
    attempts.append(TIMEOUT)
    with pytest.raises(exception.LiveMigrationLost, match='waiting'):
        copy_watch.insist(act, 'waiting', said.append)
