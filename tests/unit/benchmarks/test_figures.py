# SPDX-License-Identifier: Apache-2.0
"""What is said of samples, and that a result survives its file."""
import json
import re

import pytest

from benchmarks import figures
from benchmarks.figures import Figure, Plot, Result, Table


def test_percentile_when_asked_then_the_nearest_rank():
    samples = [float(number) for number in range(100, 0, -1)]
    assert figures.percentile(samples, 0.5) == 50
    assert figures.percentile(samples, 0.99) == 99
    assert figures.percentile(samples, 1) == 100
    assert figures.percentile([7.0], 0.01) == 7


def test_figure_when_there_are_no_samples_then_there_is_none():
    with pytest.raises(ValueError):
        Figure.of([], 'ms')


def test_figure_when_made_then_all_that_is_promised():
    assert Figure.of([3, 1, 2, 10], 'ms') == Figure('ms', 4, 1, 2.5, 10, 10)


def test_ratio_when_asked_then_of_the_medians_and_under_its_name():
    result = Result('one')
    result.add('a', [2, 4, 100])
    result.add('b', [1, 2, 3])
    assert result.ratio('one.ratio', 'a', 'b') == 2
    assert result.ratios == {'one.ratio': 2}


def test_result_when_written_and_read_then_the_same(tmp_path):
    result = Result('one', notes=['A note.'], occasion='2 CPUs')
    result.add('a', [1.5, 2.5], 's')
    result.tables.append(Table('t', ['x'], [[1], ['two']]))
    result.plots.append(Plot('p', 'x', 'y', {'line': [[1, 2.0]]}))
    result.write(tmp_path / 'one.json')
    assert Result.load(json.loads((tmp_path / 'one.json').read_text())) == result


def test_result_when_of_another_version_then_refused():
    with pytest.raises(ValueError, match='run them again'):
        Result.load(Result('one').dump() | {'version': 0})


@pytest.mark.parametrize('value,text', [
    (1234.5, '1234'), (12.34, '12.3'), (1.234, '1.23'), (0.1234, '0.123'), (-12.34, '-12.3'),
    (float('inf'), '-'), (7, '7'), ('word', 'word')])
def test_number_when_shown_then_as_short_as_its_size_allows(value, text):
    assert figures.number(value) == text


def test_text_table_when_shown_then_columns_are_under_their_heads():
    lines = figures.text_table(Table('T', ['name', 'n'], [['long name', 1.0]])).splitlines()
    assert lines[0] == 'T' and set(lines[2]) == {'-'}
    assert lines[1].index(' n') == lines[3].index(' 1.00')


def test_everything_when_shown_then_figures_and_ratios_go_before_tables():
    result = Result('one', tables=[Table('t', [], [])])
    result.add('a', [1])
    result.ratios['r'] = 1.0
    assert [table.title for table in result.everything()] == ['Figures', 'Ratios', 't']


def test_occasion_when_a_run_begins_then_day_code_and_load_are_told():
    assert re.match(r'\d{4}-\d\d-\d\d at (commit [0-9a-f]+|a copy)', figures.occasion())
    assert 'load average' in figures.occasion()
