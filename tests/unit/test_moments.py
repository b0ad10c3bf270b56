# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

from nova_lite import moments, step_runner


@pytest.fixture
def orders(tmp_path, monkeypatch):
    monkeypatch.setattr(moments, 'DIRECTORY', str(tmp_path))
    monkeypatch.setattr(moments, 'POLL', 0.001)
    return tmp_path


def _wait_for(path):
    for _ in range(5000):
        if path.exists():
            return True
        threading.Event().wait(0.001)
    return False


@pytest.mark.parametrize('order', ['here', 'here.one'])
def test_reach_when_ordered_then_the_caller_waits_for_the_word(orders, order):
    (orders / order).touch()
    passed = threading.Event()
    thread = threading.Thread(target=lambda: (moments.reach('here', 'one'), passed.set()))
    thread.start()
    assert _wait_for(orders / f'{order}.met')
    assert not passed.is_set()
    (orders / f'{order}.go').touch()
    thread.join(10)
    assert passed.is_set()
    moments.reach('here', 'one')    # an order holds one caller


def test_reach_when_the_order_is_another_servers_then_it_returns(orders):
    (orders / 'here.other').touch()
    moments.reach('here', 'one')
    assert (orders / 'here.other').exists()


def test_reach_when_nobody_gives_the_word_then_the_wait_ends(orders, monkeypatch):
    monkeypatch.setattr(moments, 'LIMIT', 0.01)
    (orders / 'here').touch()
    moments.reach('here')
    assert (orders / 'here.met').exists()


def test_reach_when_the_order_is_to_fail_then_everybody_fails_until_it_is_taken_back(orders):
    (orders / 'here.one').write_text(moments.RAISE)
    for _ in range(2):
        with pytest.raises(moments.FailPoint):
            moments.reach('here', 'one')
    moments.reach('here', 'other')
    (orders / 'here.one').unlink()
    moments.reach('here', 'one')


def test_reach_when_no_directory_is_named_then_nothing_is_looked_for(monkeypatch):
    monkeypatch.setattr(moments, 'DIRECTORY', None)
    monkeypatch.setattr(moments.os, 'rename', None)
    moments.reach('here')


def test_task_when_it_fails_then_each_step_and_undo_has_its_moments(monkeypatch):
    reached = []
    monkeypatch.setattr(moments, 'reach', lambda name, subject: reached.append(name))

    class Doer:
        def build(self):
            pass

        def tear_down(self):
            pass

        def move(self):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        step_runner.run((('build', 'tear_down'), ('move', None)), Doer())
    assert reached == ['step-build-start', 'step-build-end', 'step-move-start',
                       'undo-tear_down-start', 'undo-tear_down-end']
