# SPDX-License-Identifier: Apache-2.0
"""tools/chaos --lab: blow after blow on one lab, which is made anew when a cell has failed."""
import argparse
import collections
import random
import time
import traceback
from pathlib import Path

import libvirt

from tests.chaos import cells, lab_cells, lab_report, lab_stage, report
from tests.chaos import ledger as ledgers
from tests.chaos.cells import Cell
from tests.chaos.lab_group import LabGroup, Outcome
from tests.chaos.ledger import Entry

WHAT = 'libvirt, QEMU, RabbitMQ, MariaDB, the processes and the network are real'

Outcomes = dict[Cell, Outcome]

LONGEST = 200       # characters of an error in the table


def plan(options: argparse.Namespace) -> list[list[Cell]]:
    """The cells of each blow: one fault of each actor, or what was asked for."""
    wanted = lab_cells.every() if options.all else lab_cells.usual()
    if options.cell:
        wanted = [cell for text in options.cell for cell in lab_cells.parse(text)]
    which = random.Random(options.seed).randrange(options.share)
    wanted = lab_cells.share(wanted, options.share, which)
    return list(cells.groups(list(dict.fromkeys(wanted))).values())


def main(options: argparse.Namespace) -> int:
    libvirt.registerErrorHandler(lambda _context, _error: None, None)   # or it prints each one
    outcomes: Outcomes = {}
    when = ledgers.now()
    try:
        run(options, outcomes)
    except KeyboardInterrupt:
        _write(options, outcomes, when)
        print(f'interrupted: {ledgers.summary(outcomes)}')
        return 130
    _write(options, outcomes, when)
    print(ledgers.summary(outcomes))
    return 1 if any(outcome.violations for outcome in outcomes.values()) or not outcomes else 0


def _write(options: argparse.Namespace, outcomes: Outcomes, when: tuple[str, str]) -> None:
    ledger = ledgers.load(options.ledger)
    ledger |= {cell: Entry(*outcome, *when) for cell, outcome in outcomes.items()}
    ledgers.save(options.ledger, ledger)
    if options.write is None:
        return
    what = WHAT if options.share == 1 else f'one actor of {options.share}; {WHAT}'
    if missing := [cell for cell in lab_cells.usual() if cell not in ledger]:
        what += f'; {len(missing)} of the {len(lab_cells.usual())} usual cells were not run'
    order = {cell: number for number, cell in enumerate(lab_cells.every())}
    options.write.parent.mkdir(parents=True, exist_ok=True)
    options.write.write_text(lab_report.markdown(
        dict(sorted(ledger.items(), key=lambda item: order[item[0]])), what))


def run(options: argparse.Namespace, outcomes: Outcomes) -> None:
    waiting = collections.deque(plan(options))
    while waiting:
        try:
            _on_one_stage(waiting, outcomes, options.keep_logs)
        except Exception as error:
            if not waiting:
                raise       # the lab could not be taken down
            traceback.print_exc()
            why = f'the harness: {type(error).__name__}: {str(error)[:LONGEST]}'
            _note(outcomes, {cell: Outcome([why]) for cell in waiting.popleft()}, 0)


def _on_one_stage(waiting: collections.deque, outcomes: Outcomes, logs: Path | None) -> None:
    with lab_stage.opened() as stage:
        clean = True
        while clean and waiting:
            began, clean = time.monotonic(), False
            try:
                found = LabGroup(stage, waiting[0]).run()
                clean = not any(outcome.violations for outcome in found.values())
            finally:
                if not clean and logs:
                    first = waiting[0][0]
                    report.keep_logs(logs, f'{first.actor}-{first.fault}', stage.logs())
            waiting.popleft()
            _note(outcomes, found, time.monotonic() - began)


def _note(outcomes: Outcomes, found: Outcomes, seconds: float) -> None:
    outcomes.update(found)
    first = next(iter(found))
    print(f'{first.actor}:{first.fault}: {ledgers.summary(found)} ({seconds:.0f} s)',
          flush=True)
    for cell, outcome in found.items():
        print(f'  {cell.moment}: {"; ".join(outcome.violations) or outcome.end}', flush=True)
