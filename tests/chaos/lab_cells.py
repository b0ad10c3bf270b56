# SPDX-License-Identifier: Apache-2.0
"""The cells of the matrix with real hosts and guests: every actor, in every phase."""
import itertools
from typing import NamedTuple

from tests.chaos import cells
from tests.chaos.cells import ABORTED, PLAIN, POSTCOPY, Cell

# those of the simulated matrix, but for what is only a setting or a hand there
FAULTS = (*cells.PROCESS_FAULTS, *cells.LINK_FAULTS)
ACTORS = {actor: mine for actor, faults in cells.ACTORS.items()
          if (mine := tuple(fault for fault in faults if fault in FAULTS))}


class Phase(NamedTuple):
    """``order``: of nova_lite.moments, where the migration is held (in ``copying`` libvirt itself
    takes its time); ``status``: what it is there; ``way``: how it comes there."""
    name: str
    order: str
    status: str
    way: str = PLAIN


PHASES = {phase.name: phase for phase in (
    Phase('accepted', 'edge-accept-end', 'accepted'),
    Phase('checked', 'step-find_destination-end', 'accepted'),
    Phase('queued', 'edge-prepare-start', 'queued'),
    Phase('preparing', 'step-prepare_destination-start', 'preparing'),
    Phase('prepared', 'step-prepare_destination-end', 'preparing'),
    Phase('copying', '', 'running'),
    Phase('post-copy', 'edge-postcopy-end', 'running (post-copy)', POSTCOPY),
    Phase('rolling-back', 'undo-rollback_at_destination-start', 'running', ABORTED),
    Phase('arrived', 'step-confirm_at_destination-start', 'running'),
    Phase('cleaning', 'step-clean_source-start', 'running'),
)}

# one fault of each actor, so that each fault has its turn; the others run when they are named
USUAL = {
    'api': cells.TERM,
    'conductor': cells.KILL_SOON,
    'scheduler': cells.STOP,
    'source-compute': cells.KILL_SOON,
    'destination-compute': cells.KILL_LATE,
    'source-libvirtd': cells.KILL_SOON,
    'destination-libvirtd': cells.KILL_LATE,
    'destination-qemu': cells.KILL_SOON,
    'rabbitmq': cells.KILL_LATE,
    'database': cells.STOP,
    'link-hosts': cells.CUT_LONG,
    'link-broker': cells.CUT_SHORT,
}


def usual() -> list[Cell]:
    return [Cell(actor, fault, phase) for actor, fault in USUAL.items() for phase in PHASES]


def every() -> list[Cell]:
    return [Cell(actor, fault, phase) for actor, faults in ACTORS.items()
            for fault, phase in itertools.product(faults, PHASES)]


def parse(text: str) -> list[Cell]:
    """The cells of ACTOR[:FAULT[:PHASE]]; without a fault, the actor's usual one. ValueError."""
    wanted = text.split(':')
    found = [cell for cell in (usual() if len(wanted) == 1 else every())
             if list(cell)[:len(wanted)] == wanted]
    if not found:
        raise ValueError(f'no cell {text}; actors and their faults: '
                         + '; '.join(f'{actor} {" ".join(ACTORS[actor])}' for actor in ACTORS)
                         + f'; phases: {", ".join(PHASES)}')
    return found


def share(wanted: list[Cell], parts: int, which: int = 0) -> list[Cell]:
    """One of ``parts`` shares: whole groups, since most of the time goes into a group."""
    number = {actor: place for place, actor in enumerate(ACTORS)}
    return [cell for cell in wanted if number[cell.actor] % parts == which]
