# SPDX-License-Identifier: Apache-2.0
"""A task is a list of steps, each with its undo beside it.

Steps are named by the methods of the object that does them. When one fails, its own undo and those
of the steps before it run in reverse order, so an undo must stand being called for a step that did
nothing, and being called twice. An undo that fails is logged and the others still run. Behind
POINT_OF_NO_RETURN nothing is undone: from there the only way is forward. Nor is anything undone
when the database is away: how far the task came is for the record to say, and the record is read
by whoever takes the task up.
"""
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, moments

LOG = logging.getLogger(__name__)

POINT_OF_NO_RETURN = ('point of no return', None)

Steps = tuple[tuple[str, str | None], ...]


def run(steps: Steps, doer: Any, start_at: str | None = None) -> None:
    """Do ``steps`` in order by calling ``doer``'s methods of these names.

    ``start_at`` names the first step to do: those before it count as done. Raises what the failed
    step raised, after the undos.
    """
    undos: list[str] = []
    waiting = start_at is not None
    for do, undo in steps:
        if (do, undo) == POINT_OF_NO_RETURN:
            undos.clear()
            continue
        if undo:
            undos.append(undo)
        waiting = waiting and do != start_at
        if waiting:
            continue
        try:
            _do('step', do, doer)
        except exception.DatabaseUnavailable:
            raise
        except Exception:
            _undo(undos, doer)
            raise


def undo_all(steps: Steps, doer: Any) -> None:
    """Undo a task of which nobody knows how far it came before the point of no return."""
    undos = []
    for do, undo in steps:
        if (do, undo) == POINT_OF_NO_RETURN:
            break
        if undo:
            undos.append(undo)
    _undo(undos, doer)


def _undo(undos: list[str], doer: Any) -> None:
    for undo in reversed(undos):
        try:
            _do('undo', undo, doer)
        except Exception as error:
            LOG.error('Cannot %s, going on with the rest: %s', undo.replace('_', ' '),
                      exception.message_of(error))


def _do(kind: str, name: str, doer: Any) -> None:
    subject = getattr(getattr(doer, 'instance', None), 'uuid', None)
    moments.reach(f'{kind}-{name}-start', subject)
    getattr(doer, name)()
    moments.reach(f'{kind}-{name}-end', subject)
