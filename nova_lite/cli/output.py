# SPDX-License-Identifier: Apache-2.0
"""Cells: as a person reads them in a table, as the API gave them in every other format."""
import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

from cliff import columns

# a title, and either the key of the value or a function of the row
Column = tuple[str, str | Callable[[dict[str, Any]], Any]]


class Cell(columns.FormattableColumn):
    """A value of any type. None comes last when a table is sorted."""

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Cell) or self._value is None:
            return False
        return other._value is None or self._value < other._value

    def human_readable(self) -> str:
        value = self._value
        if isinstance(value, list):
            return '\n'.join(Cell(each).human_readable() for each in value)
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False)
        return '-' if value is None else str(value)


class Bytes(Cell):
    def human_readable(self) -> str:
        return bytes_text(self._value)


def cell(title: str, value: Any) -> Cell:
    """Numbers of bytes are known by their name, as 'memory_total_bytes'."""
    if isinstance(value, Cell):
        return value
    counted = title.lower().endswith('bytes') and isinstance(value, (int, float))
    return Bytes(value) if counted else Cell(value)


def value(row: dict[str, Any], key: str | Callable[[dict[str, Any]], Any]) -> Any:
    return key(row) if callable(key) else row.get(key, '')


def print_json(data: Any, stream: TextIO) -> None:
    json.dump(data, stream, indent=2, ensure_ascii=False)
    print(file=stream)


def complain(*lines: str) -> None:
    """To the one who reads errors."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)


def bytes_text(number: float | None) -> str:
    """1610612736 -> '1.5 GiB'; '-' for what is not known."""
    if number is None:
        return '-'
    for unit in ('B', 'KiB', 'MiB', 'GiB'):     # noqa: B007 (read behind the loop)
        if abs(number) < 1024:
            break
        number /= 1024
    else:
        unit = 'TiB'
    return f'{number:.0f} {unit}' if unit == 'B' else f'{number:.1f} {unit}'
