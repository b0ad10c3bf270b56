# SPDX-License-Identifier: Apache-2.0
import types

import pytest

from tests.lab import watcher

HOSTS = [types.SimpleNamespace(name=name, libvirt_uri='') for name in ('one', 'two')]


class Told(watcher.Watcher):
    """Is told what the hosts answer, question by question; the last answers stay."""

    def __init__(self, answers):
        super().__init__(HOSTS)
        self._answers = {name: list(said) for name, said in answers.items()}

    def _running_on(self, name):
        said = self._answers[name]
        return said.pop(0) if len(said) > 1 else said[0]


@pytest.mark.parametrize('one, two', [
    ([{'u'}, set()], [{'u'}]),          # it left while the hosts were asked
    ([set()], [{'u'}, set()]),
    ([{'u'}], [set()]),
])
def test_look_when_a_guest_moves_between_two_questions_then_nothing_is_wrong(one, two):
    told = Told({'one': one, 'two': two})
    told._look()
    assert told.violations == []


def test_look_when_a_guest_runs_on_both_then_says_where():
    told = Told({'one': [{'u'}], 'two': [{'u'}]})
    told._look()
    assert told.violations == ['guest u runs on one and two']
