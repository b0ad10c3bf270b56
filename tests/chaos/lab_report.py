# SPDX-License-Identifier: Apache-2.0
"""The table of the lab's half of the matrix, as Markdown."""
from tests.chaos import lab_cells
from tests.chaos.cells import Cell
from tests.chaos.lab_group import Outcome

Outcomes = dict[Cell, Outcome]


def summary(outcomes: Outcomes) -> str:
    failed = sum(bool(outcome.violations) for outcome in outcomes.values())
    return f'{len(outcomes) - failed} passed, {failed} failed'


def markdown(outcomes: Outcomes, what: str, date: str, commit: str) -> str:
    """A line for each blow, a column for each phase."""
    phases = [name for name in lab_cells.PHASES
              if any(cell.moment == name for cell in outcomes)]
    notes: list[str] = []
    lines = [
        '# The kill matrix with real hosts and guests', '',
        f'Written by `tools/chaos --lab` on {date}, commit `{commit}`: {what}. '
        f'**{summary(outcomes)}.** The other half, every moment on simulated hypervisors, is '
        '[kill-matrix.md](kill-matrix.md).', '',
        'Each line is one blow. When it fell, each column had a real guest of its own in that '
        'phase of a live migration. The word says how that migration ended. A cell has passed '
        'when at no time two copies of the guest ran and at no time none was there, the guest '
        'counted on without a gap and found all that it wrote, and in the end it runs where the '
        'record says, the migration has a final status and the server no task, claims add up to '
        'what runs, no file, domain or QEMU is left over, and the server could be moved once '
        'more. A guest whose only QEMU was killed is dead: it has passed when nothing runs and '
        'the record says so.', '',
        f'| actor | fault | {" | ".join(phases)} |', '|---' * (len(phases) + 2) + '|']
    for actor, fault in dict.fromkeys((cell.actor, cell.fault) for cell in outcomes):
        row = [_word(outcomes.get(Cell(actor, fault, phase)), notes) for phase in phases]
        lines.append(f'| {actor} | {fault} | {" | ".join(row)} |')
    lines += ['', *(f'{number}. {note}' for number, note in enumerate(notes, 1))]
    return '\n'.join(lines + ([''] if notes else []))


def _word(outcome: Outcome | None, notes: list[str]) -> str:
    if outcome is None:
        return ''
    if not outcome.violations:
        return outcome.end
    notes.append('; '.join(outcome.violations))
    return f'**failed** ({len(notes)})'
