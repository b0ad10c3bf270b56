# SPDX-License-Identifier: Apache-2.0
"""Results go into their places of the document and touch nothing else."""
import pytest

from benchmarks import __main__, report
from benchmarks.figures import Result, Table

TEXT = 'Before.\n<!-- begin one -->\nold\n<!-- end one -->\nAfter.\n'


def test_put_when_there_is_a_place_then_only_that_is_replaced():
    once = report.put(TEXT, 'one', 'new')
    assert once == 'Before.\n<!-- begin one -->\nnew\n<!-- end one -->\nAfter.\n'
    assert report.put(once, 'one', 'new') == once


def test_put_when_there_is_no_place_then_the_error_shows_what_is_missing():
    with pytest.raises(ValueError, match='begin two'):
        report.put(TEXT, 'two', 'new')


def test_put_when_the_words_look_like_a_pattern_then_they_stay():
    assert r'\1 \g<0>' in report.put(TEXT, 'one', r'\1 \g<0>')


def test_update_when_run_then_the_document_has_the_figures(tmp_path):
    document = tmp_path / 'performance.md'
    document.write_text(TEXT)
    result = Result('one', occasion='2 CPUs', tables=[Table('T', ['a|b', 'n'], [['x|y', 1.5]])])
    report.update(document, [result])
    text = document.read_text()
    assert '| x\\|y | 1.50 |' in text and 'Measured on 2 CPUs.' in text and 'old' not in text


@pytest.mark.parametrize('name', __main__.BENCHES)
def test_document_when_a_benchmark_exists_then_it_has_a_place_there(name):
    text = report.DOCUMENT.read_text()
    assert report.put(text, name, 'new') != text
