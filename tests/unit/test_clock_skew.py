# SPDX-License-Identifier: Apache-2.0
"""A host's clock against the database's, by the way there and back of a heartbeat."""
import logging

import pytest

from nova_lite.clock_skew import ClockSkew

MEASURES = [
    # sent, in the database, received (s by the clock of each), skew
    (100.0, 100.1, 100.2, 0.0), (400.0, 100.0, 400.0, 300.0), (100.0, 400.5, 101.0, -300.0),
    # too long under way, or the clock was set meanwhile
    (100.0, 101.0, 102.5, None), (100.0, 90.0, 80.0, None),
]


@pytest.mark.parametrize('sent, database, received, seconds', MEASURES)
def test_measure_when_an_answer_comes_then_the_way_is_taken_out(sent, database, received, seconds):
    skew = ClockSkew()
    skew.measure(sent, database, received)
    assert skew.seconds == (None if seconds is None else pytest.approx(seconds))


def test_measure_when_the_clock_is_off_then_it_is_said_once_and_once_that_it_is_over(caplog):
    caplog.set_level(logging.INFO)
    skew = ClockSkew()
    for database in (100.0, 98.1, 97.0, 90.0, 100.0, 100.0, 103.0):
        skew.measure(100.0, database, 100.0)
    words = [record.getMessage() for record in caplog.records]
    assert [word.split('clock ')[1] for word in words] == [
        "is 3.0 s ahead of the database's: is its time service running?",
        "agrees with the database's again",
        "is 3.0 s behind the database's: is its time service running?"]
