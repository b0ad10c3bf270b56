# SPDX-License-Identifier: Apache-2.0
"""What became of each cell, on which day and commit; kept in a file, a matrix may be run in parts.
"""
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.chaos.cells import Cell
from tests.fixtures import checkout

TOP = Path(__file__).parents[2]


class Entry(NamedTuple):
    """``violations``: none, it has passed; ``end``: how the migration ended, where that is told.
    """
    violations: list[str]
    end: str = ''
    date: str = ''
    commit: str = ''


Ledger = dict[Cell, Entry]


def now() -> tuple[str, str]:
    """Date and commit of a run that begins; a table that an earlier run wrote changes nothing."""
    commit, changed = checkout.commit(TOP, 'doc/kill-matrix*.md') or ('unknown', False)
    return (datetime.datetime.now(datetime.UTC).date().isoformat(),
            f'{commit}-dirty' if changed else commit)


def load(path: Path | None) -> Ledger:
    if path is None or not path.exists():
        return {}
    return {Cell(*text.split(':', 2)): Entry(**entry)
            for text, entry in json.loads(path.read_text()).items()}


def save(path: Path | None, ledger: Ledger) -> None:
    if path is not None:
        path.write_text(json.dumps({str(cell): entry._asdict()
                                    for cell, entry in ledger.items()}, indent=1))


def summary(results: Mapping[Cell, Entry]) -> str:
    failed = sum(bool(entry.violations) for entry in results.values())
    return f'{len(results) - failed} passed, {failed} failed'
