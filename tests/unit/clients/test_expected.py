# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from tests.clients.tempest import expected, runner

DOCUMENT = Path(__file__).parents[3] / 'doc' / 'tempest.md'


def results():
    """A run in which everything comes out as it is listed."""
    found = [runner.Result(test, runner.PASSED) for test in expected.PASSING]
    for outcome, rows in ((runner.FAILED, expected.FAILING), (runner.SKIPPED, expected.SKIPPED)):
        found += [runner.Result(test, outcome, f'it says {row.words} here')
                  for row in rows for test in row.tests]
    return found


def test_document_when_read_then_has_the_table_and_nothing_else_in_its_form():
    table = [line for line in DOCUMENT.read_text().splitlines() if line.startswith('|')]
    assert table == list(expected.lines())


def test_check_when_all_is_as_listed_then_passes():
    tests = [result.test for result in results()]
    assert len(tests) == len(set(tests))
    expected.check(results())


@pytest.mark.parametrize('outcome', [runner.PASSED, runner.FAILED, runner.SKIPPED])
def test_check_when_a_test_is_missing_or_new_then_fails(outcome):
    found = results()
    one = next(result for result in found if result.outcome == outcome)
    with pytest.raises(AssertionError):
        expected.check([result for result in found if result is not one])
    with pytest.raises(AssertionError):
        expected.check([*found, one._replace(test='Other.test_new')])


@pytest.mark.parametrize('outcome', [runner.FAILED, runner.SKIPPED])
def test_check_when_a_test_does_not_pass_for_another_reason_then_fails(outcome):
    found = results()
    place = next(place for place, result in enumerate(found) if result.outcome == outcome)
    found[place] = found[place]._replace(reason='the lab is broken')
    with pytest.raises(AssertionError):
        expected.check(found)


@pytest.mark.parametrize('before, after', [
    (runner.PASSED, runner.FAILED), (runner.PASSED, runner.SKIPPED),
    (runner.FAILED, runner.PASSED), (runner.SKIPPED, runner.PASSED)])
def test_check_when_a_test_comes_out_otherwise_then_fails(before, after):
    found = results()
    place = next(place for place, result in enumerate(found) if result.outcome == before)
    found[place] = found[place]._replace(outcome=after)
    with pytest.raises(AssertionError):
        expected.check(found)
