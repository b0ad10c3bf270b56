# SPDX-License-Identifier: Apache-2.0
"""Tables of rules as text, for who reads them: the states of a migration, and what is done with a
migration or an order that is found."""
from collections.abc import Sequence


def lines_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row, in columns as wide as their longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ['  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]


def words(named: tuple[str, ...], everything: tuple[str, ...]) -> str:
    """The cell for what a rule names: ``any`` where that is everything there is."""
    return 'any' if named == everything else ', '.join(named)
