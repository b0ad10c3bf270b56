# SPDX-License-Identifier: Apache-2.0
"""The cells of the matrix: who, what, when."""
import itertools
import math
import random
from typing import NamedTuple

from nova_lite.compute.live_migration_source import Move
from nova_lite.conductor.tasks.live_migrate import LiveMigrationTask
from nova_lite.migration.migration_states import LIVE_MIGRATION, TRANSITIONS
from tests.chaos import orders

KILL_SOON, KILL_LATE, TERM, STOP = 'kill', 'kill-15s', 'term', 'stop-20s'
CUT_SHORT, CUT_LONG = 'cut-5s', 'cut-45s'
PROCESS_FAULTS = (KILL_SOON, KILL_LATE, TERM, STOP)
LINK_FAULTS = (CUT_SHORT, CUT_LONG)
# the clock of a process that is started anew; a bad value in its file, and SIGHUP
CLOCK_AHEAD, CLOCK_BEHIND, BAD_OPTION = 'clock+5min', 'clock-5min', 'bad-option'
CLOCK_FAULTS = (CLOCK_AHEAD, CLOCK_BEHIND)
READ_ONLY, NO_CONNECTIONS = 'read-only', 'max-connections'
SUSPEND, DESTROY, MIGRATE = 'suspend', 'destroy', 'migrate'    # virsh's own names
BY_HAND = 'virsh'

# actor: what can befall it
ACTORS: dict[str, tuple[str, ...]] = {
    'api': (*PROCESS_FAULTS, BAD_OPTION),
    'conductor': (*PROCESS_FAULTS, BAD_OPTION, *CLOCK_FAULTS),
    'scheduler': (*PROCESS_FAULTS, BAD_OPTION),
    'source-compute': (*PROCESS_FAULTS, BAD_OPTION, *CLOCK_FAULTS),
    'destination-compute': (*PROCESS_FAULTS, BAD_OPTION, *CLOCK_FAULTS),
    'source-libvirtd': PROCESS_FAULTS,
    'destination-libvirtd': PROCESS_FAULTS,
    # nobody starts a QEMU that died again, so it dies once and in one way
    'destination-qemu': (KILL_SOON, STOP),
    'rabbitmq': PROCESS_FAULTS,
    'database': (*PROCESS_FAULTS, READ_ONLY, NO_CONNECTIONS),
    'link-hosts': LINK_FAULTS,
    'link-broker': LINK_FAULTS,
    BY_HAND: (SUSPEND, DESTROY, MIGRATE),
}
FAULTS = tuple(dict.fromkeys(fault for faults in ACTORS.values() for fault in faults))

# how a migration is made to pass a moment
PLAIN, FAILING, REFUSED, ABORTED, POSTCOPY, LOSING = (
    'plain', 'failing', 'refused', 'aborted', 'post-copy', 'losing')
EVENTS = {'accept': PLAIN, 'queue': PLAIN, 'prepare': PLAIN, 'run': PLAIN, 'complete': PLAIN,
          'postcopy': POSTCOPY, 'reject': REFUSED, 'fail': FAILING, 'cancel': ABORTED,
          'lose': LOSING}
# ... and what is no migration at all, but another order (orders.py)
ORDERED = 'ordered'
# the driver's step in which a step of a task spends its time; the other steps are one statement
# or one message, which the edges have
MIDDLES = {
    'find_destination': ('check_can_live_migrate_destination',),
    'prepare_destination': ('pre_live_migration',),
    'move_guest': ('live_migration@50', 'live_migration@switch-over', 'live_migration@finish'),
    'confirm_at_destination': ('post_live_migration_at_destination',),
    'clean_source': ('post_live_migration_at_source',),
    'rollback_at_destination': ('rollback_live_migration_at_destination',),
    'rollback_at_source': ('rollback_live_migration_at_source',),
}


class Moment(NamedTuple):
    """``order``: of nova_lite.moments, or ``step``: of the simulated driver; ``way``: how a
    migration comes there; ``task``: of an order that is none."""
    name: str
    way: str
    order: str = ''
    step: str = ''
    task: str = ''


class Cell(NamedTuple):
    actor: str
    fault: str
    moment: str

    def __str__(self) -> str:
        return ':'.join(self)


def _moments() -> dict[str, Moment]:
    found = []
    for event in TRANSITIONS[LIVE_MIGRATION]:
        # who accepts is the database's client itself, and who prepares has a list of servers:
        # neither has anything between the statement and its answer that could be told apart
        whens = ('start', 'end') if event in ('accept', 'prepare') else ('start', 'middle', 'end')
        found += [Moment(f'edge-{event}-{when}', EVENTS[event], f'edge-{event}-{when}')
                  for when in whens]
    for do, undo in (*LiveMigrationTask.STEPS, *Move.STEPS):
        undo_way = REFUSED if undo == 'release_destination' else FAILING
        for kind, name, way in (('step', do, PLAIN), ('undo', undo, undo_way)):
            if name is None or name == 'point of no return':
                continue
            found.append(Moment(f'{kind}-{name}-start', way, f'{kind}-{name}-start'))
            for step in MIDDLES.get(name, ()):
                at = step.partition('@')[2]
                found.append(Moment(f'{kind}-{name}-middle' + (f'@{at}' if at else ''), way,
                                    step=step))
            found.append(Moment(f'{kind}-{name}-end', way, f'{kind}-{name}-end'))
    found += [Moment(name, ORDERED, name, task=task) for name, task in orders.MOMENTS.items()]
    return {moment.name: moment for moment in found}


MOMENTS = _moments()


def moments_of(actor: str) -> list[str]:
    """The hand goes to guests under migration. What it does under another order is that order's
    matter: each rule of migration/order_rules.py has its test."""
    return [name for name, moment in MOMENTS.items() if not (actor == BY_HAND and moment.task)]


def every() -> list[Cell]:
    return [Cell(actor, fault, moment) for actor, faults in ACTORS.items()
            for fault, moment in itertools.product(faults, moments_of(actor))]


def parse(text: str) -> list[Cell]:
    """The cells of ACTOR[:FAULT[:MOMENT]]. ValueError when there is none."""
    wanted = text.split(':')
    found = [cell for cell in every() if list(cell)[:len(wanted)] == wanted]
    if not found:
        raise ValueError(f'no cell {text}; actors: {", ".join(ACTORS)}; faults: '
                         f'{", ".join(FAULTS)}; moments: '
                         f'{", ".join(MOMENTS)}')
    return found


def groups(cells: list[Cell]) -> dict[tuple[str, str], list[Cell]]:
    """The cells that run together, by actor and fault."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.actor, cell.fault), []).append(cell)
    return found


def share(wanted: list[Cell], parts: int, seed: int) -> list[Cell]:
    """One of ``parts`` at random: whole groups, since most of the time goes into a group."""
    pairs = list(groups(wanted))
    chosen = random.Random(seed).sample(pairs, math.ceil(len(pairs) / parts))
    return [cell for cell in wanted if cell[:2] in chosen]
