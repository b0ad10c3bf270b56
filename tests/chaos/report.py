# SPDX-License-Identifier: Apache-2.0
"""The table of what was found, as Markdown."""
from collections.abc import Iterable

from tests.chaos.cells import Cell

Results = dict[Cell, list[str]]


def summary(results: Results) -> str:
    failed = sum(bool(found) for found in results.values())
    return f'{len(results) - failed} passed, {failed} failed'


def markdown(results: Results, what: str, date: str, commit: str) -> str:
    """A section for each actor: a line for each moment, a column for each fault."""
    lines = ['# The kill matrix', '',
             f'Written by `tools/chaos` on {date}, commit `{commit}`: {what}. '
             f'**{summary(results)}.**', '',
             'Each cell is one live migration that was brought to the moment of its line and held '
             'there; then the fault of its column befell the actor, and the migration was let go. '
             'It has passed when at no time two copies of the guest ran, the guest counted on '
             'without a break, and in the end one copy runs where the record says, the migration '
             'has a final status and the server no task, claims add up to what runs, no file and '
             'no domain is left over, and the server could be moved once more.', '']
    for actor in _unique(cell.actor for cell in results):
        lines += _section(actor, {cell: found for cell, found in results.items()
                                  if cell.actor == actor})
    return '\n'.join(lines)


def _section(actor: str, results: Results) -> list[str]:
    faults = _unique(cell.fault for cell in results)
    lines = [f'## {actor}', '', f'| moment | {" | ".join(faults)} |',
             '|---' * (len(faults) + 1) + '|']
    notes: list[str] = []
    for moment in _unique(cell.moment for cell in results):
        row = []
        for fault in faults:
            found = results.get(Cell(actor, fault, moment))
            if found:
                notes.append('; '.join(found))
            row.append('' if found is None else f'**failed** ({len(notes)})' if found else 'ok')
        lines.append(f'| {moment} | {" | ".join(row)} |')
    lines += ['', *(f'{number}. {note}' for number, note in enumerate(notes, 1))]
    return lines + ([''] if notes else [])


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
