# SPDX-License-Identifier: Apache-2.0
"""Walking a table in one test, where the rows do not disturb one another: what the test stands on
is made once, and all the rows that fail are told."""
from collections.abc import Callable, Iterable
from typing import Any


def walk(table: Iterable[Any], check: Callable[..., None]) -> None:
    """Call ``check`` with each row: its items, or the row itself when it is no tuple."""
    wrong = []
    for row in table:
        try:
            check(*row) if isinstance(row, tuple) else check(row)
        except AssertionError as error:
            wrong.append(f'{row}: {error}')
    assert not wrong, '\n'.join(wrong)
