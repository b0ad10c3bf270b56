# SPDX-License-Identifier: Apache-2.0
"""What a hypervisor's word on a guest means for where the guest is."""
import pytest

from nova_lite.migration import location, power_state
from nova_lite.migration.observations import GuestInfo


@pytest.mark.parametrize(('info', 'word'), [
    (None, location.ABSENT),
    (GuestInfo(power_state.RUNNING), location.RUNNING),
    (GuestInfo(power_state.PAUSED), location.PAUSED),
    (GuestInfo(power_state.SUSPENDED), location.PAUSED),      # to RAM: it has its memory
    (GuestInfo(power_state.RUNNING, leaving=True, departing=True), location.LEAVING),
    (GuestInfo(power_state.PAUSED, leaving=True), location.LEFT_BEHIND),
    (GuestInfo(power_state.PAUSED, incoming=True), location.INCOMING),
    (GuestInfo(power_state.SHUTDOWN), location.OFF),
    (GuestInfo(power_state.CRASHED), location.OFF),
    (GuestInfo(power_state.SHUTDOWN, migrated=True), location.MIGRATED)])
def test_word_when_a_hypervisor_has_spoken_tells_what_there_is(info, word):
    assert location.word_for(info) == word
