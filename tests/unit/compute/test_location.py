# SPDX-License-Identifier: Apache-2.0
"""What a hypervisor's word on a guest means for where the guest is."""
import pytest

from nova_lite.compute import location, power_state
from nova_lite.virt.driver import GuestInfo


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


def test_ask_when_hosts_answer_fail_or_talk_nonsense_then_only_words_count():
    class Compute:
        def locate_guest(self, ctxt, host, instance):
            if host == 'gone':
                raise OSError('no route')
            return {'has': location.RUNNING, 'newer': 'teleported'}.get(host, location.ABSENT)

    hosts = ['has', 'gone', 'newer', *(f'h{number}' for number in range(50))]
    answers = location.ask(Compute(), None, hosts, Named())
    assert set(answers) == set(hosts)
    assert answers.pop('has') == location.RUNNING
    assert answers.pop('gone') == answers.pop('newer') == location.NO_ANSWER
    assert set(answers.values()) == {location.ABSENT}


class Named:
    uuid = '00000000-0000-4000-8000-000000000001'
