# SPDX-License-Identifier: Apache-2.0
"""The table of what was found, as Markdown."""
from collections.abc import Iterable
from pathlib import Path

from tests.chaos import ledger as ledgers
from tests.chaos.cells import Cell
from tests.chaos.ledger import Ledger

Results = dict[Cell, list[str]]

MOST = 8        # cells that are named for the same failure


def summary(results: Results) -> str:
    failed = sum(bool(found) for found in results.values())
    return f'{len(results) - failed} passed, {failed} failed'


def failures(results: Results) -> list[str]:
    """What is wrong, a line each, with the cells of which it is true."""
    cells: dict[str, list[Cell]] = {}
    for cell, found in results.items():
        for what in found:
            cells.setdefault(what, []).append(cell)
    return [f'{", ".join(map(str, mine[:MOST]))}'
            f'{f" and {len(mine) - MOST} more" if mine[MOST:] else ""}: {what}'
            for what, mine in cells.items()]


def keep_logs(directory: Path, group: str, logs: dict[str, str]) -> None:
    """The logs, by process, of a group in which something failed."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in logs.items():
        (directory / f'{group}-{name}.log').write_text(text)


def markdown(ledger: Ledger, what: str) -> str:
    """A section for each actor: a line for each moment, a column for each fault."""
    lines = ['# The kill matrix', '',
             f'Written by `tools/chaos`: {what}. **{ledgers.summary(ledger)}.** '
             'The head of each column says when it was run, and on which commit.', '',
             'Each cell is one live migration that was brought to the moment of its line and held '
             'there; then the fault of its column befell the actor, and the migration was let go. '
             'It has passed when at no time two copies of the guest ran, the guest counted on '
             'without a break, and in the end one copy runs where the record says, the migration '
             'has a final status and the server no task, claims add up to what runs, no file and '
             'no domain is left over, and the server could be moved once more. Rows that begin '
             'with `order-` are other orders than moves: each was carried out, or refused and '
             'left undone, and the server could be moved afterwards. Where an operator\'s hand '
             'destroyed or moved the guest, the record said so or the server was in error with '
             'its reason, and it could be started, or its place taken, and moved.', '']
    for actor in _unique(cell.actor for cell in ledger):
        lines += _section(actor, {cell: entry for cell, entry in ledger.items()
                                  if cell.actor == actor})
    return '\n'.join(lines)


def _section(actor: str, ledger: Ledger) -> list[str]:
    faults = _unique(cell.fault for cell in ledger)
    heads = [f'{fault} ({_runs(ledger, fault)})' for fault in faults]
    lines = [f'## {actor}', '', f'| moment | {" | ".join(heads)} |',
             '|---' * (len(faults) + 1) + '|']
    notes: list[str] = []
    for moment in _unique(cell.moment for cell in ledger):
        row = []
        for fault in faults:
            entry = ledger.get(Cell(actor, fault, moment))
            if entry and entry.violations:
                notes.append('; '.join(entry.violations))
            row.append('' if entry is None else
                       f'**failed** ({len(notes)})' if entry.violations else 'ok')
        lines.append(f'| {moment} | {" | ".join(row)} |')
    lines += ['', *(f'{number}. {note}' for number, note in enumerate(notes, 1))]
    return lines + ([''] if notes else [])


def _runs(ledger: Ledger, fault: str) -> str:
    return ', '.join(_unique(f'{entry.date} `{entry.commit}`' for cell, entry in ledger.items()
                             if cell.fault == fault))


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
