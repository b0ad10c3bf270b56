# SPDX-License-Identifier: Apache-2.0
"""The states of a migration: one table of edges for each migration_type, read by the one writer,
``Migration.advance``.

Each edge says what the same database transaction does to the instance and to the claims, so that
no reader ever sees a finished migration of a server that is still ``migrating``. Run this module
to print the table: ``python -m nova_lite.migration.migration_states``.
"""
from typing import NamedTuple

from nova_lite.migration import tables

# migration_type; the words are Nova's
LIVE_MIGRATION = 'live-migration'

ACCEPTED = 'accepted'
QUEUED = 'queued'
PREPARING = 'preparing'
RUNNING = 'running'
POSTCOPY = 'running (post-copy)'
COMPLETED = 'completed'
FAILED = 'failed'
ERROR = 'error'
CANCELLED = 'cancelled'

UNFINISHED = (ACCEPTED, QUEUED, PREPARING, RUNNING, POSTCOPY)
FINAL = (COMPLETED, FAILED, ERROR, CANCELLED)
# beyond the queue: the source works on it, and it takes a place at either end
BEGUN = (PREPARING, RUNNING, POSTCOPY)
# what GET /servers/{id}/migrations lists (Nova leaves out the post-copy status; a guest in
# post-copy is very much in progress, so we list it)
IN_PROGRESS = (QUEUED, *BEGUN)


class After(NamedTuple):
    """What happens to the instance and the claims in the transaction of an edge.

    ``release``: task_state becomes NULL (where it is ``migrating``) and progress 0.
    ``moved``: host and node become the destination's.
    ``error``: vm_state becomes ``error``.
    ``claims``: 'keep'; 'move' (the migration's claim becomes the instance's, the one at the source
    goes); 'drop' (the migration's claim goes).
    """
    name: str
    release: bool = False
    moved: bool = False
    error: bool = False
    claims: str = 'keep'


BUSY = After('still migrating')
STAYS = After('stays at the source', release=True, claims='drop')
MOVED = After('lives at the destination', release=True, moved=True, claims='move')
LOST = After('an operator must look', release=True, error=True)


class Transition(NamedTuple):
    event: str
    sources: tuple[str | None, ...]
    to: str
    after: After
    writer: str


_LIVE_MIGRATION = (
    Transition('accept', (None,), ACCEPTED, BUSY, 'api'),
    Transition('queue', (ACCEPTED,), QUEUED, BUSY, 'source'),
    Transition('prepare', (QUEUED,), PREPARING, BUSY, 'source'),
    Transition('run', (PREPARING,), RUNNING, BUSY, 'source'),
    Transition('postcopy', (RUNNING,), POSTCOPY, BUSY, 'source'),
    Transition('complete', (RUNNING, POSTCOPY), COMPLETED, MOVED, 'source, conductor'),
    Transition('reject', (ACCEPTED,), ERROR, STAYS, 'conductor'),
    Transition('fail', (ACCEPTED, QUEUED, PREPARING, RUNNING), FAILED, STAYS,
               'source, conductor'),
    Transition('cancel', (ACCEPTED, QUEUED, PREPARING, RUNNING), CANCELLED, STAYS, 'source'),
    Transition('lose', UNFINISHED, ERROR, LOST, 'anyone'),
)

# by migration_type, by event
TRANSITIONS: dict[str, dict[str, Transition]] = {
    migration_type: {edge.event: edge for edge in edges}
    for migration_type, edges in ((LIVE_MIGRATION, _LIVE_MIGRATION),)}
EVENTS = frozenset(event for edges in TRANSITIONS.values() for event in edges)


def transition(migration_type: str, event: str) -> Transition:
    """The edge that ``event`` is for a migration of that type. LookupError when it is none."""
    return TRANSITIONS[migration_type][event]


def pformat(migration_type: str = LIVE_MIGRATION) -> str:
    """The table of a type as text, one edge a line: the picture that the README shows."""
    rows = [('event', 'from', 'to', 'the server', 'written by')]
    for edge in TRANSITIONS[migration_type].values():
        sources = ', '.join(source or '(new)' for source in edge.sources)
        rows.append((edge.event, sources, edge.to, edge.after.name, edge.writer))
    lines = tables.lines_of(rows)
    return '\n'.join([lines[0], '-' * max(map(len, lines)), *lines[1:]])


if __name__ == '__main__':
    print(pformat())
