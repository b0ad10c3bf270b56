# SPDX-License-Identifier: Apache-2.0
"""The one word that a client sees for a server's vm_state and task_state, and the way back."""
from collections.abc import Iterable

from nova_lite.migration import task_states, vm_states

DEFAULT = 'default'
MOVING = {task_states.MIGRATING: 'MIGRATING'}
RESTARTING = {task_states.REBOOTING: 'REBOOT', task_states.REBOOTING_HARD: 'HARD_REBOOT'}

# vm_state -> task_state -> status; DEFAULT stands for every task_state that is not named
STATUSES: dict[str, dict[str, str]] = {
    vm_states.ACTIVE: {DEFAULT: 'ACTIVE', **RESTARTING, **MOVING},
    vm_states.BUILDING: {DEFAULT: 'BUILD'},
    vm_states.STOPPED: {DEFAULT: 'SHUTOFF'},
    vm_states.PAUSED: {DEFAULT: 'PAUSED', **MOVING},
    vm_states.SUSPENDED: {DEFAULT: 'SUSPENDED'},
    vm_states.ERROR: {DEFAULT: 'ERROR'},
    vm_states.DELETED: {DEFAULT: 'DELETED'},
}
# Nova's words for what cannot happen here; a filter by one of them finds nothing
NEVER = ('PASSWORD', 'REBUILD', 'RESCUE', 'RESIZE', 'REVERT_RESIZE', 'SHELVED',
         'SHELVED_OFFLOADED', 'SOFT_DELETED', 'VERIFY_RESIZE')
WITH_FAULT = ('ERROR', 'DELETED')
WITH_PROGRESS = ('ACTIVE', 'BUILD', 'MIGRATING', 'REBUILD', 'RESIZE', 'VERIFY_RESIZE')
UNKNOWN = 'UNKNOWN'


def status_of(vm_state: str | None, task_state: str | None) -> str:
    by_task = STATUSES.get(vm_state or '', {DEFAULT: UNKNOWN})
    return by_task.get(task_state or DEFAULT, by_task[DEFAULT])


def is_known(status: str) -> bool:
    return status.upper() in NEVER or any(
        status.upper() in by_task.values() for by_task in STATUSES.values())


def states_of(statuses: Iterable[str]) -> tuple[list[str], list[str]]:
    """The vm_states and the task_states that look like one of ``statuses``, both sorted.

    DEFAULT among the task_states means that any will do, as in Nova: a filter for ACTIVE finds
    the servers that are about to move too.
    """
    wanted = {status.upper() for status in statuses}
    found = [(vm_state, task_state) for vm_state, by_task in STATUSES.items()
             for task_state, status in by_task.items() if status in wanted]
    return sorted({vm for vm, _ in found}), sorted({task for _, task in found})
