# SPDX-License-Identifier: Apache-2.0
"""Faults on order: what goes wrong, at which step, for whom and how often.

A step is a method of the driver (``pre_live_migration``) or a moment of a copy
(``live_migration@start``, ``@N`` per cent of the bytes, ``@switch-over``, ``@finish``). An order
comes from a test or a demo by way of World.script(), or rides on a server as its metadata
``sim:fail=STEP`` or ``sim:fail=STEP/ACTION``.
"""
import errno
import os
import uuid as uuids

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.simulation.state import Fault, Shared, State

METADATA_KEY = 'sim:fail'
MOVE = 'live_migration'
START, SWITCHOVER, FINISH = 'start', 'switch-over', 'finish'

FAIL = 'fail'                             # an error of no known class, as libvirt's are
REFUSE = 'refuse'                         # MigrationPreCheckError
HANG = 'hang'                             # nothing happens until the fault is released
LOSE_LINK = 'lose_link'                   # the link between the two hosts goes down
POWER_OFF = 'power_off'                   # the guest shuts itself down
KILL_DESTINATION = 'kill_destination'     # the process of the incoming half dies

METHOD_ACTIONS = (FAIL, REFUSE, HANG)
MOMENT_ACTIONS = (FAIL, HANG, LOSE_LINK, POWER_OFF, KILL_DESTINATION)


class SimulatedFault(Exception):
    """An ordered failure: a class that nobody knows, as an error of libvirt would be."""


def order(state: Shared, step: str, action: str = FAIL, host: str = '', uuid: str = '',
          error: str = '', times: int = 0) -> Fault:
    """Put a fault on order. ``host`` and ``uuid`` narrow it down; ``error`` names a class of
    nova_lite.exception to raise, or an error of the system such as ENOSPC; ``times`` is how often
    (0: always). ValueError says what there is when ``step`` or ``action`` does not exist."""
    _check(step, action)
    fault = Fault(str(uuids.uuid4()), step, action, host, uuid, error, times)
    state.faults[fault.id] = fault
    return fault


def order_by_metadata(state: Shared, metadata: dict[str, str] | None, uuid: str) -> None:
    """Put on order what a server's metadata asks for, unless it is on order already. Words that
    make no sense are left alone: they are a user's."""
    text = (metadata or {}).get(METADATA_KEY, '')
    step, _, action = text.partition('/')
    if text and not any(fault.step == step and fault.uuid == uuid
                        for fault in state.faults.values()):
        try:
            order(state, step, action or FAIL, uuid=uuid)
        except ValueError:
            pass


def meet(state: State | Shared, step: str, host: str, uuid: str,
         met: list[str] | None = None) -> Fault | None:
    """The fault to act on when ``step`` is reached, counted as hit; None when all is well.
    ``met`` lists the faults that a copy has met before, and gets this one."""
    for fault in state.faults.values():
        if fault.step == step and _applies(fault, host, uuid) and fault.id not in (met or ()):
            fault.hits += 1
            if met is not None:
                met.append(fault.id)
            return fault
    return None


def error_of(fault: Fault, host: str) -> Exception:
    """What a fault that FAILs raises."""
    words = f'simulated failure of {fault.step} on {host}'
    if (number := getattr(errno, fault.error or 'none', None)) is not None:
        return OSError(number, os.strerror(number), words)
    return (getattr(exception, fault.error) if fault.error else SimulatedFault)(words)


def next_percent(state: State | Shared, host: str, uuid: str, met: list[str]) -> int | None:
    """The nearest per cent of a copy at which a fault waits."""
    waiting = [int(moment) for fault in state.faults.values()
               for name, _, moment in [fault.step.partition('@')]
               if name == MOVE and moment.isdecimal()
               and fault.id not in met and _applies(fault, host, uuid)]
    return min(waiting, default=None)


def _applies(fault: Fault, host: str, uuid: str) -> bool:
    return (fault.host in ('', host) and fault.uuid in ('', uuid) and not fault.released
            and (not fault.times or fault.hits < fault.times))


def _check(step: str, action: str) -> None:
    name, at, moment = step.partition('@')
    if at:
        percent = moment.isdecimal() and 1 <= int(moment) <= 100
        if name != MOVE or not (percent or moment in (START, SWITCHOVER, FINISH)):
            raise ValueError(f'{step!r}: use {MOVE}@start, @1 to @100, @switch-over or @finish')
    elif name not in driver.ComputeDriver.__abstractmethods__:
        raise ValueError(f'{step!r} is no method of the driver')
    actions = MOMENT_ACTIONS if at else METHOD_ACTIONS
    if action not in actions:
        raise ValueError(f'{action!r} cannot happen at {step}: use one of {", ".join(actions)}')
