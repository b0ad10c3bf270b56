# SPDX-License-Identifier: Apache-2.0
"""Is all well with one real server? Pure: what was read goes in, the violations come out.

What libvirt and the hosts' directories say is put into the words of the simulated world, so both
halves of the matrix are judged by the same rules.
"""
from typing import Any, NamedTuple

from nova_lite.virt.simulation import state
from tests.chaos import verdict

# libvirt's word for a domain's state -> the simulated world's
STATES = {'running': state.RUNNING, 'idle': state.RUNNING, 'paused': state.PAUSED,
          'in shutdown': state.RUNNING, 'shut off': state.SHUTOFF, 'crashed': state.SHUTOFF}


class Host(NamedTuple):
    """What one host has. ``domains``: state by uuid, None while its libvirtd does not answer;
    ``files``: names of its instances' directories; ``emulators``: uuids that have a QEMU."""
    domains: dict[str, str] | None
    files: set[str]
    emulators: set[str]


class Seen(NamedTuple):
    """What there is of one server. ``dead``: its QEMU was killed while the guest ran in it."""
    uuid: str
    migration: dict[str, Any] | None
    instance: dict[str, Any] | None
    hosts: dict[str, Host]
    claims: set[tuple[str, str]]
    migrations: set[str]
    dead: bool = False


def violations(seen: Seen) -> list[str]:
    silent = [name for name, host in seen.hosts.items() if host.domains is None]
    if silent:
        return [f'libvirtd of {name} does not answer' for name in silent]
    if seen.instance is None:
        return ['its record is gone']
    ended_in_doubt = seen.dead and (seen.migration or {}).get('status') == 'error'
    found = verdict.violations(verdict.Seen(
        seen.uuid, seen.migration, seen.instance, _world(seen), seen.claims, seen.migrations,
        # of a guest that died between two hosts an operator decides what to keep
        dead=seen.dead, lost=ended_in_doubt))
    if seen.dead and seen.instance['vm_state'] == 'active':
        found.append('it is dead, and the record says that it is active')
    if ended_in_doubt and not seen.migration['reason']:
        found.append('its migration is error without a reason')
    return found + _emulators(seen)


def end(seen: Seen) -> str:
    """How it ended, in a word, for the table."""
    status = (seen.migration or {}).get('status') or 'refused'
    if not seen.dead:
        return status
    return f'{status}, server {seen.instance["vm_state"]}: its QEMU was killed'


def _world(seen: Seen) -> dict[str, Any]:
    copies = {name: {'host': name, 'state': STATES.get(host.domains[seen.uuid], state.SHUTOFF)}
              for name, host in seen.hosts.items() if seen.uuid in host.domains}
    return {'guests': {seen.uuid: copies},
            'storages': {name: dict.fromkeys(host.files, {}) for name, host in seen.hosts.items()}}


def _emulators(seen: Seen) -> list[str]:
    """A QEMU that its libvirtd does not know of would run on unseen."""
    return [f'left over on {name}: a QEMU process without a domain'
            for name, host in seen.hosts.items()
            if seen.uuid in host.emulators
            and host.domains.get(seen.uuid, 'shut off') in ('shut off', 'crashed')]
