# SPDX-License-Identifier: Apache-2.0
"""Who is silent, by the heartbeats of the conductors beside those of the service itself."""
import datetime

import pytest

from nova_lite import servicegroup

DOWN_TIME = 60.0
NOON = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)


def at(second):
    return NOON + datetime.timedelta(seconds=second)


def conductor(last, since, before=None):
    return {'last_seen_up': at(last), 'seen_since': None if since is None else at(since),
            'seen_before': None if before is None else at(before)}


STEADY = conductor(-5, -5000)

# conductors, period, the oldest heartbeat that counts as a sign of life (s from now)
CASES = {
    'steady: the period itself': ([STEADY], 60, -60),
    'no conductor was ever there: the period itself': ([], 60, -60),
    'the first start of all is no outage': ([conductor(-5, -10)], 60, -60),
    'an outage is just over: who was up when it began is up': (
        [conductor(-1, -1, -400)], 60, -460),
    'an outage is over for less than the period': ([conductor(-1, -59, -400)], 60, -460),
    'an outage is over for the period: it is forgotten': ([conductor(-1, -61, -400)], 60, -60),
    'for a longer period it is not': ([conductor(-1, -61, -400)], 300, -700),
    'nothing is heard now: an outage that lasts': ([conductor(-400, -5000)], 60, -460),
    'the conductors are gone one after the other: the last one tells': (
        [conductor(-400, -5000), conductor(-500, -5000)], 60, -460),
    'one conductor was away, another was there all the time': (
        [conductor(-1, -1, -400), STEADY], 60, -60),
    'a dead conductor proves nothing': ([conductor(-31, -5000), conductor(-1, -1, -400)],
                                        60, -460),
    'a row from before the columns': ([conductor(-1, None)], 60, -61),
}


@pytest.mark.parametrize('case', CASES)
def test_cutoff_when_nothing_could_be_heard_then_nobody_was_silent(case):
    conductors, period, oldest = CASES[case]
    heard = servicegroup.hearing(NOON, conductors, DOWN_TIME)
    assert heard.cutoff(period) == at(oldest)


def test_hearing_when_no_conductor_reports_then_deaf():
    assert servicegroup.hearing(NOON, [conductor(-31, -5000)], DOWN_TIME).deaf
    assert not servicegroup.hearing(NOON, [conductor(-29, -5000)], DOWN_TIME).deaf
