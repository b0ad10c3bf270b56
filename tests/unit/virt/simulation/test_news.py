# SPDX-License-Identifier: Apache-2.0
"""Each process hears of which hosts another one has news, and of nothing twice."""
import pytest

from nova_lite.virt.simulation import news
from nova_lite.virt.simulation.news import News


@pytest.fixture
def pair(tmp_path):
    return News(str(tmp_path)), News(str(tmp_path))


def test_news_when_another_writes_are_read_once(pair):
    one, other = pair
    assert other.read() == {}
    one.write({'a host': 7, 'b': 1})
    one.write({'b': 2})
    assert other.read() == {'a host': 7, 'b': 2}
    assert other.read() == {}


def test_news_when_skipped_are_past(pair):
    one, other = pair
    one.write({'a': 1})
    other.skip()
    one.write({'b': 1})
    assert other.read() == {'b': 1}


def test_news_when_a_line_is_not_yet_whole_then_it_is_read_when_it_is(pair, tmp_path):
    one, other = pair
    one.write({'a': 1})
    with open(tmp_path / 'news', 'ab', buffering=0) as file:
        file.write(b'12 b')
        assert other.read() == {'a': 1}
        assert other.read() == {}
        file.write(b'c\n')
    assert other.read() == {'bc': 12}


def test_news_when_there_are_too_many_then_begin_anew_and_any_host_may_have_some(
        pair, monkeypatch):
    one, other = pair
    monkeypatch.setattr(news, 'LONGEST', 20)
    for number in range(5):
        one.write({'a': number})
    other.skip()
    for number in (5, 6):
        one.write({'b': number})
    assert other.read() is None
    one.write({'c': 1})
    assert other.read() == {'c': 1}
