# SPDX-License-Identifier: Apache-2.0
"""Is all well with one server? Pure: what was read goes in, the violations come out."""
from typing import Any, NamedTuple

from nova_lite.migration import vm_states
from nova_lite.migration.migration_states import FINAL
from nova_lite.virt.simulation.state import PAUSED, RUNNING, SAVED, SHUTOFF

# what the hypervisor of its host may say of a server in this state; None: it has no such guest
COPIES = {vm_states.ACTIVE: (RUNNING,), vm_states.PAUSED: (PAUSED,),
          vm_states.STOPPED: (SHUTOFF, None), vm_states.SUSPENDED: (SAVED, None)}


class Seen(NamedTuple):
    """What is there of one server. ``instance``: None when there is no such server any more.
    ``world``: the simulated world as in its file. ``dead``: its QEMU was killed while it ran, so
    there is no guest to be alive. ``lost``: the destination was made to swear that it has no
    guest, so error is the right word. ``wanted``: the vm_states that are right, None for a server
    that is no more, error for one that an operator has to look at."""
    uuid: str
    migration: dict[str, Any] | None
    instance: dict[str, Any] | None
    world: dict[str, Any]
    claims: set[tuple[str, str]]
    migrations: set[str]            # uuids of all that this server ever had
    dead: bool = False
    lost: bool = False
    wanted: tuple[str | None, ...] = (vm_states.ACTIVE,)
    fault: str = ''                 # newest of the server


def violations(seen: Seen) -> list[str]:
    if seen.instance is None:
        return ([] if None in seen.wanted else ['there is no such server']) + _left(seen)
    found = []
    if seen.migration is not None and seen.migration['status'] not in FINAL:
        found.append(f"its migration is still {seen.migration['status']}")
    if seen.instance['task_state'] is not None:
        found.append(f"task_state is {seen.instance['task_state']}")
    if seen.instance['vm_state'] not in seen.wanted and not (seen.dead or seen.lost):
        reason = (seen.migration or {}).get('reason')
        found.append(f"vm_state is {seen.instance['vm_state']} ({reason})")
    # a migration in error is one that nobody can judge: what is there is kept for an operator
    if seen.instance['vm_state'] == vm_states.ERROR and vm_states.ERROR in seen.wanted:
        return found + _for_an_operator(seen)
    kept = seen.lost or (seen.dead and (seen.migration or {}).get('status') == 'error')
    return found + _guests(seen) + ([] if kept else _files(seen) + _claims(seen))


def _for_an_operator(seen: Seen) -> list[str]:
    """Nothing is removed that he may need, and he is told why."""
    running = sorted(host for host, copy in seen.world['guests'].get(seen.uuid, {}).items()
                     if copy['state'] == RUNNING)
    found = [f'it runs on {running}'] if len(running) > 1 else []
    return found if seen.fault else [*found, 'it is in error, and nothing says why']


def _guests(seen: Seen) -> list[str]:
    host = seen.instance['host']
    copies = seen.world['guests'].get(seen.uuid, {})
    running = sorted(name for name, copy in copies.items() if copy['state'] == RUNNING)
    found = []
    if seen.dead:
        if running:
            found.append(f'it was dead and runs on {running}')
    elif (vm_state := seen.instance['vm_state']) in seen.wanted and vm_state != vm_states.ACTIVE:
        state = copies.get(host, {}).get('state')
        if running or state not in COPIES[vm_state]:
            found.append(f'it is {vm_state}, runs on {running or "no host"}, and is {state} on '
                         f'{host}')
    elif len(running) != 1:
        found.append(f'it runs on {running or "no host"}')
    elif running != [host] and not seen.lost:
        found.append(f'the record says {host}, and it runs on {running[0]}')
    if not seen.lost:
        found += [f"left over on {name}: a domain that is {copy['state']}"
                  for name, copy in copies.items()
                  if name != host and copy['state'] in (SHUTOFF, SAVED, PAUSED)]
    return found


def second(migration: dict[str, Any], wrong: list[str]) -> list[str]:
    """What is wrong after a migration that nothing befell; ``wrong``: the violations by then."""
    unlike = [] if migration['status'] == 'completed' else [
        f"a second migration is {migration['status']}: {migration['reason']}"]
    return unlike + [f'after a second migration {what}' for what in wrong]


def _left(seen: Seen) -> list[str]:
    """Of a server that is no more."""
    return [*(f"deleted, and a domain that is {copy['state']} is on {host}"
              for host, copy in seen.world['guests'].get(seen.uuid, {}).items()),
            *(f'deleted, and its files are on {storage}'
              for storage, directories in seen.world['storages'].items()
              if seen.uuid in directories),
            *(f'deleted, and a claim is left on {host}'
              for consumer, host in sorted(seen.claims)
              if consumer == seen.uuid or consumer in seen.migrations)]


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
