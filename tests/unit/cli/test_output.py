# SPDX-License-Identifier: Apache-2.0
"""Cells: for a person, for a program, and their order."""
import pytest

from nova_lite.cli import output


@pytest.mark.parametrize('number, text', [
    (None, '-'), (0, '0 B'), (1023, '1023 B'), (1536, '1.5 KiB'), (3 << 29, '1.5 GiB'),
    (5 << 40, '5.0 TiB'), (5000 << 40, '5000.0 TiB')])
def test_bytes_text(number, text):
    assert output.bytes_text(number) == text


@pytest.mark.parametrize('title, value, human', [
    ('name', None, '-'), ('name', 'a', 'a'), ('forced_down', False, 'False'),
    ('memory_total_bytes', 2048, '2.0 KiB'), ('Total Memory Bytes', 2048, '2.0 KiB'),
    ('memory_total_bytes', None, '-'), ('memory_mb', 2048, '2048'),
    ('metadata', {'a': 1}, '{"a": 1}'), ('events', [{'a': 1}, {'b': 2}], '{"a": 1}\n{"b": 2}'),
    ('tags', [], '')])
def test_cell_is_readable_for_people_and_exact_for_programs(title, value, human):
    cell = output.cell(title, value)
    assert (cell.human_readable(), cell.machine_readable()) == (human, value)


def test_cells_are_sorted_with_what_is_not_known_last():
    cells = [output.Cell(value) for value in (3, None, 1, None, 2)]
    assert [cell.machine_readable() for cell in sorted(cells)] == [1, 2, 3, None, None]
