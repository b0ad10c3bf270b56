# SPDX-License-Identifier: Apache-2.0
"""After a storm: is all well? Pure: what was read goes in, the violations come out."""
from collections.abc import Iterable
from typing import Any, NamedTuple

from nova_lite.migration.migration_states import FINAL
from nova_lite.virt.simulation.state import RUNNING
from tests.chaos.verdict import COPIES

USED = {'vcpus': 'vcpus_used', 'memory_mb': 'memory_mb_used', 'disk_gb': 'local_gb_used'}

Row = dict[str, Any]


class Scene(NamedTuple):
    """Rows of the database, those of the living, and the simulated world as in its file."""
    instances: dict[str, Row]
    migrations: list[Row]
    claims: list[Row]
    nodes: list[Row]
    world: dict[str, Any]
    faults: dict[str, str] = {}     # newest fault of a server


def violations(scene: Scene) -> dict[str, list[str]]:
    """By server, and by host for what is about a host."""
    found: dict[str, list[str]] = {}

    def note(whose: str, lines: Iterable[str]) -> None:
        if told := list(lines):
            found.setdefault(whose, []).extend(told)

    for uuid, instance in scene.instances.items():
        note(uuid, _record(scene, uuid, instance))
        note(uuid, _copies(scene, uuid, instance))
        note(uuid, _places(scene, uuid, instance['host']))
    world = scene.world
    gone = {*world['guests'], *(uuid for files in world['storages'].values() for uuid in files)}
    for uuid in gone - set(scene.instances):
        note(uuid, _left_of_deleted(scene, uuid))
    living = set(scene.instances)
    for claim in scene.claims:
        if claim['consumer_uuid'] not in living:
            note(claim['consumer_uuid'], [f"a claim of a migration, or of a server that is no "
                                          f"more, is left on {claim['host']}"])
    for node in scene.nodes:
        note(node['host'], _totals(scene, node))
    return found


def _record(scene: Scene, uuid: str, instance: Row) -> list[str]:
    found = [f"its migration {row['id']} is still {row['status']}"
             for row in scene.migrations
             if row['instance_uuid'] == uuid and row['status'] not in FINAL]
    if instance['task_state'] is not None:
        found.append(f"task_state is {instance['task_state']}")
    if instance['vm_state'] not in COPIES:
        found.append(f"vm_state is {instance['vm_state']} ({scene.faults.get(uuid)})")
    return found


def _copies(scene: Scene, uuid: str, instance: Row) -> list[str]:
    copies = {host: copy['state'] for host, copy in scene.world['guests'].get(uuid, {}).items()
              if copy['state'] is not None}
    running = sorted(host for host, state in copies.items() if state == RUNNING)
    found = [f'it runs on {" and ".join(running)}'] if len(running) > 1 else []
    host, wanted = instance['host'], COPIES.get(instance['vm_state'])
    if wanted and copies.get(host) not in wanted:
        found.append(f"it is {instance['vm_state']} on {host}, where its guest is "
                     f"{copies.get(host)}; all: {copies}")
    found += [f'left over on {other}: a domain that is {state}'
              for other, state in copies.items() if other != host]
    return found


def _places(scene: Scene, uuid: str, host: str | None) -> list[str]:
    files = sorted(storage for storage, held in scene.world['storages'].items() if uuid in held)
    claimed = sorted(claim['host'] for claim in scene.claims if claim['consumer_uuid'] == uuid)
    wanted = [host] if host else []
    found = [] if files == wanted else [f'its files are on {files}, it is on {host}']
    return found + ([] if claimed == wanted else [f'claimed on {claimed}, it is on {host}'])


def _left_of_deleted(scene: Scene, uuid: str) -> list[str]:
    return [*(f"deleted, and a domain that is {copy['state']} is on {host}"
              for host, copy in scene.world['guests'].get(uuid, {}).items()),
            *(f'deleted, and its files are on {storage}'
              for storage, held in scene.world['storages'].items() if uuid in held)]


def _totals(scene: Scene, node: Row) -> list[str]:
    """What is used is what the servers take that are there."""
    servers = [row for row in scene.instances.values() if row['host'] == node['host']]
    sizes = {'vcpus': 'vcpus', 'memory_mb': 'memory_mb', 'disk_gb': 'root_gb'}
    found = []
    for what in USED:
        counted = sum(row[sizes[what]] or 0 for row in servers)
        claimed = sum(claim[what] for claim in scene.claims if claim['host'] == node['host'])
        if claimed != counted:
            found.append(f'{what}: {claimed} are claimed, its servers have {counted}')
    return found
