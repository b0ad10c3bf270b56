# SPDX-License-Identifier: Apache-2.0
"""What is printed of the cells that failed."""
from tests.chaos import report
from tests.chaos.cells import Cell


def test_failures_when_cells_fail_alike_are_one_line():
    found = {Cell('api', 'kill', f'm{number}'): ['lost'] for number in range(report.MOST + 2)}
    found |= {Cell('api', 'kill', 'well'): [], Cell('api', 'term', 'm1'): ['lost twice']}
    same, other = report.failures(found)
    assert same.startswith('api:kill:m0, api:kill:m1, ')
    assert same.endswith(f'api:kill:m{report.MOST - 1} and 2 more: lost')
    assert other == 'api:term:m1: lost twice'
