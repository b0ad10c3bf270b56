# SPDX-License-Identifier: Apache-2.0
"""tools/chaos: one cell, random ones, or the whole matrix, on simulated hypervisors or in a lab.

Exit code 0 only when every cell has passed. The last line says how many have.
"""
import argparse
import logging
import queue
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests import run as test_run
from tests.chaos import cells, report, storm
from tests.chaos import ledger as ledgers
from tests.chaos import stage as stages
from tests.chaos.group import Group
from tests.chaos.ledger import Entry
from tests.chaos.report import Results

# random cells that share one blow: few, so that a run meets many actors and faults
AT_RANDOM = 16
LOGS = Path('.tox/output/chaos')     # of a storm, which says what it has done in any case

Work = tuple[str, str, Callable[[Group], Results], Callable[[str], Results]]


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='tools/chaos', description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--all', action='store_true',
                      help='the whole matrix (the default; with --lab one fault of each actor)')
    what.add_argument('--cell', action='append', metavar='ACTOR[:FAULT[:MOMENT]]',
                      help='these cells only; may be given again')
    what.add_argument('--random', type=int, metavar='N', help='N cells at random moments')
    what.add_argument('--storm', type=float, metavar='SECONDS',
                      help='requests of all kinds and kills at random for so long, then quiet: '
                           'is all well?')
    where = parser.add_mutually_exclusive_group()
    where.add_argument('--simulated', action='store_true',
                       help='on simulated hypervisors (the default)')
    where.add_argument('--lab', action='store_true',
                       help='with real libvirt and QEMU, every actor in every phase; as root')
    parser.add_argument('--seed', type=int,
                        help='of --random, --share and --storm; by default a new one')
    parser.add_argument('--share', type=int, default=1, metavar='N',
                        help='one actor and fault of N, by --seed; with --lab one actor of N')
    parser.add_argument('--lanes', type=int, default=2, help='whole deployments side by side')
    parser.add_argument('--write', type=Path, metavar='FILE', help='the table, as Markdown')
    parser.add_argument('--ledger', type=Path, metavar='FILE',
                        help='add what is found to this file, and write the table of all in it')
    parser.add_argument('--keep-logs', type=Path, metavar='DIRECTORY',
                        help='logs of the groups in which a cell failed')
    parser.add_argument('--verbose', action='store_true', help='how long what took')
    options = parser.parse_args(argv)
    if options.lab and (options.random or options.storm):
        parser.error('--random and --storm are for simulated hypervisors')
    return options


def plan(options: argparse.Namespace) -> list[Work]:
    """What is to be done on a stage, group by group."""
    if options.random:
        return _random(options.random, options.seed)
    wanted = cells.every()
    if options.cell:
        wanted = [cell for text in options.cell for cell in cells.parse(text)]
    wanted = cells.share(wanted, options.share, options.seed)
    return [(actor, fault, lambda group, mine=mine: group.run(mine),
             lambda why, mine=mine: {cell: [why] for cell in mine})
            for (actor, fault), mine in cells.groups(wanted).items()]


def _random(count: int, seed: int) -> list[Work]:
    dice = random.Random(seed)
    pairs = [(actor, fault) for actor, faults in cells.ACTORS.items() for fault in faults]
    works: list[Work] = []
    while count > 0:
        actor, fault = dice.choice(pairs)
        size, own = min(count, AT_RANDOM), dice.randrange(2 ** 32)
        count -= size
        works.append((actor, fault,
                      lambda group, size=size, own=own: group.run_at_random(size, own),
                      lambda why, actor=actor, fault=fault, size=size: {
                          cells.Cell(actor, fault, f'{number}: not run'): [why]
                          for number in range(size)}))
    return works


class Lane(threading.Thread):
    """Takes one group after the other, on a stage that is made anew after a failure."""

    def __init__(self, works: queue.Queue, results: Results, logs: Path | None) -> None:
        super().__init__(daemon=True)
        self._works, self._results, self._logs = works, results, logs
        self._next: Work | None = None

    def run(self) -> None:
        while self._take():
            try:
                self._on_one_stage()
            except Exception:
                why = f'the harness: {traceback.format_exc()}'
                if self._next is None:
                    print(f'a stage could not be closed; {why}', flush=True)
                    continue
                self._note(self._next[3](why), 0)
                self._next = None

    def _take(self) -> bool:
        if self._next is None:
            try:
                self._next = self._works.get_nowait()
            except queue.Empty:
                return False
        return True

    def _on_one_stage(self) -> None:
        pool: list[str] = []
        with stages.opened() as stage:
            clean = True
            while clean and self._take():
                actor, fault, run, _ = self._next
                began = time.monotonic()
                clean = False
                try:
                    results = run(Group(stage, pool, actor, fault))
                    clean = not any(results.values())
                finally:
                    if not clean and self._logs:
                        report.keep_logs(self._logs, f'{actor}-{fault}', stage.logs())
                self._next = None
                self._note(results, time.monotonic() - began)

    def _note(self, results: Results, seconds: float) -> None:
        self._results.update(results)
        first = next(iter(results))
        print(f'{first.actor}:{first.fault}: {report.summary(results)} ({seconds:.0f} s)',
              flush=True)
        for line in report.failures(results):
            print(f'  {line}', flush=True)


def main() -> int:
    options = parse()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2 ** 32)
    if options.random or options.share > 1:
        chosen = f'--random {options.random}' if options.random else f'--share {options.share}'
        print(f'{chosen} --seed {options.seed}', flush=True)
    logging.basicConfig(format='%(message)s')
    logging.getLogger('tests.chaos').setLevel(logging.INFO if options.verbose else logging.WARNING)
    test_run.begin()
    if options.lab:
        from tests.chaos import lab_main  # needs libvirt, which the simulated half does not
        return lab_main.main(options)
    if options.storm:
        return storm.main(options.storm, options.seed, options.keep_logs or LOGS)
    works, results, when = queue.Queue(), {}, ledgers.now()
    for work in (planned := plan(options)):
        works.put(work)
    lanes = [Lane(works, results, options.keep_logs)
             for _ in range(min(options.lanes, len(planned)))]
    try:
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    except KeyboardInterrupt:
        results = dict(results)     # what the lanes find from here is that all is being closed
        works.queue.clear()         # or a lane would open another stage for the next
        stages.close_all()
        _write(options, results, when)
        print(f'interrupted: {report.summary(results)}')
        return 130
    _write(options, results, when)
    print(*report.failures(results), report.summary(results), sep='\n')
    return 1 if any(results.values()) or not results else 0


def _write(options: argparse.Namespace, results: Results, when: tuple[str, str]) -> None:
    ledger = ledgers.load(options.ledger)
    ledger |= {cell: Entry(found, '', *when) for cell, found in results.items()}
    ledgers.save(options.ledger, ledger)
    if options.write is None:
        return
    what = '' if options.share == 1 else f'one group of {options.share}, --seed {options.seed}; '
    what += 'processes, RabbitMQ and MariaDB are real, the hypervisors simulated'
    if options.random:
        what += f'; --random {options.random} --seed {options.seed}'
    elif missing := [cell for cell in cells.every() if cell not in ledger]:
        what += f'; {len(missing)} of {len(cells.every())} cells were not run'
    order = {cell: number for number, cell in enumerate(cells.every())}
    ordered = dict(sorted(ledger.items(), key=lambda item: order.get(item[0], len(order))))
    options.write.parent.mkdir(parents=True, exist_ok=True)
    options.write.write_text(report.markdown(ordered, what))


if __name__ == '__main__':
    sys.exit(main())
