# SPDX-License-Identifier: Apache-2.0
"""Copies of guests in the simulated world, and what must never be.

A guest has a clock of its own that stands while it does not run, so the ticks that it counts show
whether it was stopped, started anew or run twice. What no orchestrator may ever do is done all the
same, as a real hypervisor would, and written down as a violation.
"""
import uuid as uuids

from nova_lite.virt.simulation import definition, errors
from nova_lite.virt.simulation.state import PAUSED, RUNNING, SHUTOFF, UNKNOWN, Guest, State


def find(state: State, host: str, uuid: str) -> Guest | None:
    return state.guests.get(uuid, {}).get(host)


def get(state: State, host: str, uuid: str) -> Guest:
    """Raises libvirtError (NO_DOMAIN) when the host knows no such guest."""
    guest = find(state, host, uuid)
    if guest is None:
        raise errors.no_domain(uuid)
    return guest


def on_host(state: State, host: str) -> list[Guest]:
    return [copies[host] for copies in state.guests.values() if host in copies]


def running_on(state: State, uuid: str) -> list[str]:
    """Those of the hosts at hand on which the guest runs, which should be one at most."""
    return [host for host, guest in state.guests.get(uuid, {}).items() if guest.state == RUNNING]


def add(state: State, guest: Guest) -> None:
    state.guests.setdefault(guest.uuid, {})[guest.host] = guest


def remove(state: State, host: str, uuid: str) -> None:
    copies = state.guests.get(uuid, {})
    copies.pop(host, None)
    if not copies:
        state.guests.pop(uuid, None)


def run(state: State, guest: Guest, at: float | None = None) -> None:
    """Let the guest's clock go, from ``at`` (default: now) on."""
    if guest.since is None:
        guest.since = state.now if at is None else at
    guest.state, guest.reason = RUNNING, ''
    check(state, guest.uuid)


def stand(state: State, guest: Guest, reason: str, at: float | None = None) -> None:
    """Stop the guest's clock with its memory kept, at ``at`` (default: now)."""
    freeze(state, guest, at)
    guest.state, guest.reason = PAUSED, reason


def freeze(state: State, guest: Guest, at: float | None = None) -> None:
    """Stop the guest's clock and nothing else."""
    if guest.since is not None:
        guest.ran = guest.uptime(state.now if at is None else at)
        guest.since = None


def forget_why_off(state: State, host: str) -> None:
    """As libvirtd when it is restarted."""
    for guest in on_host(state, host):
        if guest.state == SHUTOFF:
            guest.reason = UNKNOWN


def boot(state: State, guest: Guest) -> None:
    """Run the guest with fresh memory: a new counter from 0."""
    guest.boot_id, guest.ran, guest.since, guest.memory_ok = str(uuids.uuid4()), 0.0, None, True
    guest.cpu_model = state.hosts[guest.host].cpu_model
    run(state, guest)


def check(state: State, uuid: str) -> None:
    """Write down when two copies of a guest run: each one loses what the other writes."""
    hosts = running_on(state, uuid)
    if len(hosts) > 1:
        violate(state, two(uuid, hosts))
        for host in hosts:
            state.guests[uuid][host].memory_ok = False


def two(uuid: str, hosts: list[str]) -> str:
    return f'guest {uuid} runs on {" and ".join(sorted(hosts))}'


def violate(state: State, what: str) -> None:
    if what not in state.violations:
        state.violations.append(what)


def define(state: State, host: str, xml: str) -> Guest:
    """Keep a definition; of a guest that is there already it replaces the former one."""
    said = definition.read(xml)
    guest = find(state, host, said.uuid)
    if guest is None:
        guest = Guest(said.uuid, host, SHUTOFF, xml)
        add(state, guest)
    guest.xml, guest.persistent = xml, True
    guest.memory_mb, guest.vcpus = said.memory_mb, said.vcpus
    guest.dirty_rate, guest.working_set = said.dirty_rate, min(said.memory_mb, said.working_set)
    return guest
