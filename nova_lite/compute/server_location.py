# SPDX-License-Identifier: Apache-2.0
"""Where a server's guest really is, asked of every host; and an operator's taking that place over.

The API's side. A place is taken only where it is proved: one host has the guest on, and every
other one has been asked and has it not. What is proved is decided by a pure function.
"""
from typing import NamedTuple

from nova_lite import exception, objects, rpc
from nova_lite.compute import presence
from nova_lite.compute.ownership import COMPUTE
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.context import RequestContext
from nova_lite.migration import location, power_state, vm_states
from nova_lite.objects import Instance

UP, DOWN, FORCED_DOWN = 'up', 'down', 'forced down'
# what a server is at a place where its guest is so
STATES = {location.RUNNING: (vm_states.ACTIVE, power_state.RUNNING),
          location.PAUSED: (vm_states.PAUSED, power_state.PAUSED),
          location.SUSPENDED: (vm_states.PAUSED, power_state.SUSPENDED),
          location.OFF: (vm_states.STOPPED, power_state.SHUTDOWN),
          location.SAVED: (vm_states.SUSPENDED, power_state.SHUTDOWN)}
LEFT_OVER = (*location.ENDED, location.MIGRATED, location.LEFT_BEHIND)


class Location(NamedTuple):
    """``answers``: host to its word; ``services``: host to UP, DOWN or FORCED_DOWN; ``place``:
    the host that is proved, None with the ``reasons`` why none is."""
    answers: dict[str, str]
    services: dict[str, str]
    place: str | None
    reasons: list[str]


def prove(answers: dict[str, str], fenced: set[str]) -> tuple[str | None, list[str]]:
    """The host whose guest it is, or None and what speaks against each. ``fenced``: hosts of which
    an operator has said that nothing runs there; their silence counts as absence."""
    def having(*words: str) -> list[str]:
        return sorted(host for host, word in answers.items() if word in words)

    reasons = [f'host {host} does not answer: bring it back or, when it is certainly off, set its '
               'service forced down'
               for host in having(location.NO_ANSWER) if host not in fenced]
    reasons += [f'on host {host} a copy is under way ({answers[host]}): wait until it is over'
                for host in having(location.LEAVING, location.INCOMING)]
    on = having(*location.WHOLE)
    if len(on) > 1:
        reasons.append(f'hosts {" and ".join(on)} have it on: end it on all but one')
    # where nobody has it on, what it wrote last is where it was switched off
    places = on or ([] if having(location.LEFT_BEHIND) else having(*location.ENDED))
    if not places:
        reasons.append('no host has the guest')
    elif len(places) > 1 and not on:
        reasons.append(f'hosts {" and ".join(places)} have it, off: undefine it on all but one')
    return (None, reasons) if reasons else (places[0], [])


def locate(ctxt: RequestContext, instance: Instance) -> Location:
    """Ask every host."""
    system = ctxt.elevated()
    services = {service.host: FORCED_DOWN if service.forced_down else UP if service.up else DOWN
                for service in objects.ServiceList.get_by_filters(system, binary=COMPUTE)}
    answers = presence.locate_on(ComputeAPI(), system, services, instance)
    fenced = {host for host, state in services.items() if state == FORCED_DOWN}
    return Location(answers, services, *prove(answers, fenced))


def accept(ctxt: RequestContext, instance: Instance, host: str) -> tuple[Location, list[str]]:
    """Let the server live on ``host``, and remove what other hosts still have of its definition.
    Returns what was found, and what stays on other hosts. Conflict when the place is not proved or
    the server has changed since it was read."""
    if instance.task_state is not None:
        raise exception.InstanceInvalidState(instance_uuid=instance.uuid, attr='task_state',
                                             state=instance.task_state, method='locate')
    found = locate(ctxt, instance)
    if found.place != host:
        against = '; '.join(found.reasons) or f'host {found.place} has the guest'
        raise exception.Conflict(reason=f'the guest of instance {instance.uuid} is not proved to '
                                        f'be on host {host} alone: {against}')
    system, compute, word = ctxt.elevated(), ComputeAPI(), found.answers[host]
    old = instance.host     # has files, with or without a definition
    objects.InstanceAction.action_start(ctxt, instance.uuid, 'locate', ctxt.request_id)
    if word in location.WHOLE:      # one that came by hand may have no definition that lasts
        compute.keep_guest(system, host=host, instance=instance)
    node = objects.ComputeNode.get_by_host(system, host)
    vm_state, power = STATES[word]
    objects.GuestSighting.take_place(ctxt, instance, host=host, node=node.hypervisor_hostname,
                                     vm_state=vm_state, power_state=power)
    left = [_forget(system, compute, other, instance, host)
            for other, word in sorted(found.answers.items())
            if other != host and (word in LEFT_OVER or (other, word) == (old, location.ABSENT))]
    return found, [remark for remark in left if remark]


def _forget(ctxt: RequestContext, compute: ComputeAPI, host: str, instance: Instance,
            place: str) -> str:
    """What stays there, and what an operator does about it; '' when nothing does."""
    try:
        path = compute.forget_guest(ctxt, host=host, instance=instance)
    except (exception.NovaLiteException, *rpc.UNREACHABLE) as error:
        return f'host {host} keeps its definition: {exception.message_of(error)}'
    # nobody has described the move, so nobody knows whether the disks are copies or the same
    return path and (f'host {host} keeps the files in {path}: where that directory is not the one '
                     f'that host {place} uses (shared storage), remove it once the server is seen '
                     'to have all of its disks there')
