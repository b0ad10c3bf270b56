# SPDX-License-Identifier: Apache-2.0
"""Tables as novaclient draws them, or JSON as the API gave it."""
import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

# a title, and either the key of the value or a function of the row
Column = tuple[str, str | Callable[[dict[str, Any]], Any]]


def print_json(data: Any) -> None:
    json.dump(data, sys.stdout, indent=2, ensure_ascii=False)
    print()


def print_list(rows: Sequence[dict[str, Any]], columns: Sequence[Column], as_json: bool,
               sort_by: str | None = None) -> None:
    """One row an item. ``sort_by`` is the title of a column; JSON keeps the API's order."""
    if as_json:
        print_json(list(rows))
        return
    table = _table([title for title, _ in columns])
    cells = [[_cell(_value(row, key)) for _, key in columns] for row in rows]
    if sort_by is not None:
        index = [title for title, _ in columns].index(sort_by)
        cells.sort(key=lambda row: row[index])
    table.add_rows(cells)
    print(table.get_string())


def print_properties(properties: dict[str, Any], as_json: bool, wrap: int = 0) -> None:
    """One row a property, in alphabetical order. ``wrap``: most characters a line, 0 for any."""
    if as_json:
        print_json(properties)
        return
    table = _table(['Property', 'Value'])
    for name, value in sorted(properties.items()):
        if isinstance(value, (dict, list)):
            value = json.dumps(value, ensure_ascii=False)
        text = _cell(value)
        table.add_row([name, textwrap.fill(text, wrap) if wrap > 0 else text])
    print(table.get_string())


def complain(*lines: str) -> None:
    """To the one who reads errors."""
    print(*lines, sep='\n', file=sys.stderr, flush=True)


def bytes_text(number: float | None) -> str:
    """1610612736 -> '1.5 GiB'; '-' for what is not known."""
    if number is None:
        return '-'
    for unit in ('B', 'KiB', 'MiB', 'GiB'):
        if abs(number) < 1024:
            break
        number /= 1024
    else:
        unit = 'TiB'
    return f'{number:.0f} {unit}' if unit == 'B' else f'{number:.1f} {unit}'


def _table(titles: Iterable[str]) -> Any:
    import prettytable
    table = prettytable.PrettyTable(list(titles))
    table.align = 'l'
    return table


def _value(row: dict[str, Any], key: str | Callable[[dict[str, Any]], Any]) -> Any:
    return key(row) if callable(key) else row.get(key, '')


def _cell(value: Any) -> str:
    # a carriage return would break the frame
    return '-' if value is None else str(value).replace('\r', '')
