# SPDX-License-Identifier: Apache-2.0
"""The orders besides moves, as rows of the matrix: how each is given, and what it leads to.

Of each order two moments are rows. *given*: it is in the database and nothing is done; the API
has sent no message yet, and a host that finds it by itself is held before it begins. *middle*: the
hypervisor has done it and nobody has written so, which is where each order has a rule of its own
(migration/order_rules.py). The moment *written*, where the conductor has written it and the host
does not know, is the same piece of code for all, so three stand for them: one that changes the
server, one that makes it and one that removes it. A build has its time with the scheduler besides;
its beginning is that of the whole. At the start of an order there is nothing that *given* does not
have, and at its end nothing is left but the answer.
"""
import concurrent.futures
from collections.abc import Iterable
from typing import Any, NamedTuple

from nova_lite.migration import task_states, vm_states
from tests.chaos.stage import Stage, wait_until
from tests.fixtures.processes import IMAGE_ID

READY_TIMEOUT = 60
GIVEN, MIDDLE, WRITTEN = 'given', 'middle', 'written'


class Order(NamedTuple):
    """``action``: of a server, None for its build and its deletion; ``before`` and ``after``: its
    vm_state, None: there is no server; ``anew``: its guest is started, so its ticks begin anew."""
    action: dict[str, Any] | None
    before: str | None
    after: str | None
    moments: tuple[str, ...] = (GIVEN, MIDDLE)
    anew: bool = False


ACTIVE, STOPPED = vm_states.ACTIVE, vm_states.STOPPED
ORDERS = {
    task_states.SCHEDULING: Order(None, None, ACTIVE, anew=True),
    task_states.SPAWNING: Order(None, None, ACTIVE, (MIDDLE, WRITTEN), anew=True),
    task_states.POWERING_ON: Order({'os-start': None}, STOPPED, ACTIVE, anew=True),
    task_states.POWERING_OFF: Order({'os-stop': None}, ACTIVE, STOPPED, (GIVEN, MIDDLE, WRITTEN),
                                    anew=True),
    task_states.REBOOTING: Order({'reboot': {'type': 'SOFT'}}, ACTIVE, ACTIVE, anew=True),
    task_states.REBOOTING_HARD: Order({'reboot': {'type': 'HARD'}}, ACTIVE, ACTIVE, anew=True),
    task_states.PAUSING: Order({'pause': None}, ACTIVE, vm_states.PAUSED),
    task_states.UNPAUSING: Order({'unpause': None}, vm_states.PAUSED, ACTIVE),
    task_states.SUSPENDING: Order({'suspend': None}, ACTIVE, vm_states.SUSPENDED),
    task_states.RESUMING: Order({'resume': None}, vm_states.SUSPENDED, ACTIVE),
    task_states.DELETING: Order(None, ACTIVE, None, (GIVEN, MIDDLE, WRITTEN)),
}
MOMENTS = {f'order-{task}-{when}': task for task, order in ORDERS.items()
           for when in order.moments}
# what brings a server into a state, from active and back
INTO = {STOPPED: {'os-stop': None}, vm_states.PAUSED: {'pause': None},
        vm_states.SUSPENDED: {'suspend': None}}
WAKING = {STOPPED: {'os-start': None}, vm_states.PAUSED: {'unpause': None},
          vm_states.SUSPENDED: {'resume': None}}


def is_build(task: str) -> bool:
    return bool(task) and ORDERS[task].before is None


def hold_start(task: str, uuid: str) -> str:
    """Name of the order (nova_lite.moments) that holds who carries it out before he begins."""
    return f'order-{task}-start.{uuid}'


def give(stage: Stage, task: str, uuid: str) -> int:
    """Status of the answer, 0 when there was none."""
    if task == task_states.DELETING:
        return stage.ask('DELETE', f'/servers/{uuid}')
    return act(stage, uuid, ORDERS[task].action)


def build(stage: Stage, name: str) -> int:
    return stage.ask('POST', '/servers', {'server': {
        'name': name, 'imageRef': IMAGE_ID, 'flavorRef': stage.flavor, 'networks': 'none'}})


def act(stage: Stage, uuid: str, action: Any) -> int:
    return stage.ask('POST', f'/servers/{uuid}/action', action)


def bring_into(stage: Stage, states: dict[str, str]) -> None:
    """Active servers, by uuid, into the state that is named."""
    _order_all(stage, {uuid: INTO[state] for uuid, state in states.items() if state in INTO},
               states)


def wake(stage: Stage, uuids: Iterable[str]) -> dict[str, int]:
    """Make active what can be; the answers to what was asked for."""
    rows = stage.instances()
    asleep = {uuid: WAKING[rows[uuid]['vm_state']] for uuid in uuids
              if uuid in rows and rows[uuid]['vm_state'] in WAKING}
    return _order_all(stage, asleep, dict.fromkeys(asleep, ACTIVE))


def _order_all(stage: Stage, actions: dict[str, Any], states: dict[str, str]) -> dict[str, int]:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = dict(zip(actions, pool.map(lambda uuid: act(stage, uuid, actions[uuid]),
                                           actions), strict=False))

    def done() -> bool:
        rows = stage.instances()
        return all(rows[uuid]['vm_state'] == states[uuid] and rows[uuid]['task_state'] is None
                   for uuid, code in codes.items() if code == 202)

    wait_until(done, READY_TIMEOUT, interval=0.3)
    return codes
