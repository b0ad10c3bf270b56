# SPDX-License-Identifier: Apache-2.0
"""What proves where a guest is."""
import pytest

from nova_lite.compute.server_location import STATES, prove
from nova_lite.migration import location

(RUNNING, PAUSED, SUSPENDED, LEAVING, LEFT_BEHIND, INCOMING, OFF, SAVED, MIGRATED, ABSENT,
 SILENT) = location.WORDS


@pytest.mark.parametrize(('a', 'b', 'place'), [
    (MIGRATED, RUNNING, 'b'), (MIGRATED, PAUSED, 'b'), (RUNNING, ABSENT, 'a'),
    (LEFT_BEHIND, RUNNING, 'b'), (OFF, RUNNING, 'b'), (SAVED, SUSPENDED, 'b'),
    # it is off where it was last
    (MIGRATED, OFF, 'b'), (ABSENT, OFF, 'b'), (MIGRATED, SAVED, 'b')])
def test_prove_when_one_host_has_the_guest_then_it_is_there(a, b, place):
    assert prove({'a': a, 'b': b}, set()) == (place, [])


@pytest.mark.parametrize(('a', 'b', 'why'), [
    (RUNNING, RUNNING, 'hosts a and b have it on'), (RUNNING, PAUSED, 'hosts a and b have it on'),
    (LEAVING, INCOMING, 'on host a a copy is under way'),
    (RUNNING, SILENT, 'host b does not answer'), (ABSENT, MIGRATED, 'no host has the guest'),
    (LEFT_BEHIND, ABSENT, 'no host has the guest'), (LEFT_BEHIND, OFF, 'no host has the guest'),
    (OFF, OFF, 'hosts a and b have it, off'), (OFF, SAVED, 'hosts a and b have it, off')])
def test_prove_when_it_may_be_elsewhere_then_says_what_speaks_against_it(a, b, why):
    place, reasons = prove({'a': a, 'b': b}, set())
    assert place is None and why in '; '.join(reasons)


def test_prove_when_a_silent_host_is_fenced_then_it_has_nothing():
    assert prove({'a': RUNNING, 'b': SILENT}, {'b'}) == ('a', [])


def test_prove_when_walked_then_no_place_is_proved_beside_a_copy_that_may_run():
    for a in location.WORDS:
        for b in location.WORDS:
            place, _ = prove({'a': a, 'b': b}, set())
            other = {'a': b, 'b': a}.get(place)
            assert place is None or other not in (RUNNING, PAUSED, SUSPENDED, LEAVING, INCOMING,
                                                  SILENT)
            assert place is None or {'a': a, 'b': b}[place] in STATES
