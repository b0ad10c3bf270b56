# SPDX-License-Identifier: Apache-2.0
"""What a hypervisor's word on a guest means for where the guest is."""
from pathlib import Path

import pytest

from nova_lite.migration import location, order_rules, power_state, recovery, tables
from nova_lite.migration.observations import GuestInfo


@pytest.mark.parametrize(('info', 'word'), [
    (None, location.ABSENT),
    (GuestInfo(power_state.RUNNING), location.RUNNING),
    (GuestInfo(power_state.PAUSED), location.PAUSED),
    (GuestInfo(power_state.SUSPENDED), location.SUSPENDED),
    (GuestInfo(power_state.RUNNING, leaving=True, departing=True), location.LEAVING),
    (GuestInfo(power_state.PAUSED, leaving=True), location.LEFT_BEHIND),
    (GuestInfo(power_state.PAUSED, incoming=True), location.INCOMING),
    (GuestInfo(power_state.SHUTDOWN), location.OFF),
    (GuestInfo(power_state.CRASHED), location.OFF),
    (GuestInfo(power_state.SHUTDOWN, saved=True), location.SAVED),
    (GuestInfo(power_state.SHUTDOWN, leaving=True), location.OFF),
    (GuestInfo(power_state.SHUTDOWN, migrated=True), location.MIGRATED)])
def test_word_when_a_hypervisor_has_spoken_tells_what_there_is(info, word):
    assert location.word_for(info) == word


def test_words_when_the_tables_put_them_together_then_each_has_its_place_in_both():
    assert set(recovery.GUEST) == set(order_rules.GUEST) == set(location.WORDS)
    assert set(recovery.GUEST.values()) == {*recovery.AT_SOURCE, *recovery.AT_DESTINATION}
    assert set(order_rules.GUEST.values()) == set(order_rules.GUESTS)
    halves = {word for word in location.WORDS if order_rules.GUEST[word] in order_rules.ELSEWHERE}
    assert halves == set(location.HALF)


def test_words_when_the_document_lists_them_are_these():
    document = Path(location.__file__).parents[2] / 'doc' / 'recovery.md'
    rows = [(word, recovery.GUEST[word], order_rules.GUEST[word]) for word in location.WORDS]
    lines = tables.lines_of([('guest', 'in a move', 'in an order'), *rows])
    assert '\n'.join(lines) in document.read_text()
