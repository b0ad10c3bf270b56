# SPDX-License-Identifier: Apache-2.0
"""Asking many hosts where a guest is."""
from nova_lite.compute import presence
from nova_lite.migration import location


def test_ask_when_hosts_answer_fail_or_talk_nonsense_then_only_words_count():
    class Compute:
        def locate_guest(self, ctxt, host, instance):
            if host == 'gone':
                raise OSError('no route')
            return {'has': location.RUNNING, 'newer': 'teleported'}.get(host, location.ABSENT)

    hosts = ['has', 'gone', 'newer', *(f'h{number}' for number in range(50))]
    answers = presence.locate_on(Compute(), None, hosts, Named())
    assert set(answers) == set(hosts)
    assert answers.pop('has') == location.RUNNING
    assert answers.pop('gone') == answers.pop('newer') == location.NO_ANSWER
    assert set(answers.values()) == {location.ABSENT}


class Named:
    uuid = '00000000-0000-4000-8000-000000000001'
