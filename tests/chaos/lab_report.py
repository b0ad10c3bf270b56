# SPDX-License-Identifier: Apache-2.0
"""The table of the lab's half of the matrix, as Markdown."""
from tests.chaos import lab_cells
from tests.chaos import ledger as ledgers
from tests.chaos.cells import Cell
from tests.chaos.ledger import Entry, Ledger


def markdown(ledger: Ledger, what: str) -> str:
    """A line for each blow, a column for each phase."""
    phases = [name for name in lab_cells.PHASES
              if any(cell.moment == name for cell in ledger)]
    notes: list[str] = []
    lines = [
        '# The kill matrix with real hosts and guests', '',
        f'Written by `tools/chaos --lab`: {what}. **{ledgers.summary(ledger)}.** '
        'The other half, every moment on simulated hypervisors, is '
        '[kill-matrix.md](kill-matrix.md).', '',
        'Each line is one blow. When it fell, each column had a real guest of its own in that '
        'phase of a live migration. The word says how that migration ended. A cell has passed '
        'when at no time two copies of the guest ran and at no time none was there, the guest '
        'counted on without a gap and found all that it wrote, and in the end it runs where the '
        'record says, the migration has a final status and the server no task, claims add up to '
        'what runs, no file, domain or QEMU is left over, and the server could be moved once '
        'more. A guest whose only QEMU was killed is dead: it has passed when nothing runs and '
        'the record says so.', '',
        f'| actor | fault | {" | ".join(phases)} | run on |',
        '|---' * (len(phases) + 3) + '|']
    for actor, fault in dict.fromkeys((cell.actor, cell.fault) for cell in ledger):
        entries = [ledger.get(Cell(actor, fault, phase)) for phase in phases]
        row = [_word(entry, notes) for entry in entries]
        runs = dict.fromkeys(f'{entry.date} `{entry.commit}`' for entry in entries if entry)
        lines.append(f'| {actor} | {fault} | {" | ".join(row)} | {", ".join(runs)} |')
    lines += ['', *(f'{number}. {note}' for number, note in enumerate(notes, 1))]
    return '\n'.join(lines + ([''] if notes else []))


def _word(outcome: Entry | None, notes: list[str]) -> str:
    if outcome is None:
        return ''
    if not outcome.violations:
        return outcome.end
    notes.append('; '.join(outcome.violations))
    return f'**failed** ({len(notes)})'
