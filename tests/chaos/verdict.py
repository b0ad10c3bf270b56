# SPDX-License-Identifier: Apache-2.0
"""Is all well with one server? Pure: what was read goes in, the violations come out."""
from typing import Any, NamedTuple

from nova_lite.compute.migration_states import FINAL
from nova_lite.virt.simulation.state import RUNNING, SHUTOFF


class Seen(NamedTuple):
    """What is there of one server. ``world``: the simulated world as in its file. ``dead``: its
    QEMU was killed while it ran, so there is no guest to be alive. ``lost``: the destination was
    made to swear that it has no guest, so error is the right word."""
    uuid: str
    migration: dict[str, Any] | None
    instance: dict[str, Any]
    world: dict[str, Any]
    claims: set[tuple[str, str]]
    migrations: set[str]            # uuids of all that this server ever had
    dead: bool = False
    lost: bool = False


def violations(seen: Seen) -> list[str]:
    found = []
    if seen.migration is not None and seen.migration['status'] not in FINAL:
        found.append(f"its migration is still {seen.migration['status']}")
    if seen.instance['task_state'] is not None:
        found.append(f"task_state is {seen.instance['task_state']}")
    if seen.instance['vm_state'] != 'active' and not (seen.dead or seen.lost):
        reason = (seen.migration or {}).get('reason')
        found.append(f"vm_state is {seen.instance['vm_state']} ({reason})")
    # a migration in error is one that nobody can judge: what is there is kept for an operator
    kept = seen.lost or (seen.dead and (seen.migration or {}).get('status') == 'error')
    return found + _guests(seen) + ([] if kept else _files(seen) + _claims(seen))


def _guests(seen: Seen) -> list[str]:
    host = seen.instance['host']
    copies = seen.world['guests'].get(seen.uuid, {})
    running = sorted(name for name, copy in copies.items() if copy['state'] == RUNNING)
    found = []
    if seen.dead:
        if running:
            found.append(f'it was dead and runs on {running}')
    elif len(running) != 1:
        found.append(f'it runs on {running or "no host"}')
    elif running != [host] and not seen.lost:
        found.append(f'the record says {host}, and it runs on {running[0]}')
    if not seen.lost:
        found += [f"left over on {name}: a domain that is {copy['state']}"
                  for name, copy in copies.items()
                  if name != host and copy['state'] in (SHUTOFF, 'paused')]
    return found


def _files(seen: Seen) -> list[str]:
    host = seen.instance['host']
    found = [f'left over on {storage}: its files'
             for storage, directories in seen.world['storages'].items()
             if seen.uuid in directories and storage != host]
    mine = seen.world['storages'].get(host, {}).get(seen.uuid)
    if mine is None:
        found.append(f'its files on {host} are gone')
    return found


def _claims(seen: Seen) -> list[str]:
    found = []
    hosts = sorted(host for consumer, host in seen.claims if consumer == seen.uuid)
    if hosts != [seen.instance['host']]:
        found.append(f"claimed on {hosts}, it is on {seen.instance['host']}")
    found += [f'a claim of its migration is left on {host}'
              for consumer, host in sorted(seen.claims) if consumer in seen.migrations]
    return found
