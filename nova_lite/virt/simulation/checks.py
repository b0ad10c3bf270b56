# SPDX-License-Identifier: Apache-2.0
"""What the simulated hosts look at before and after a move: CPUs, storage, disk space, arrival.

What they conclude from it is decided by the libvirt driver's own functions.
"""
import json
from typing import Any

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.migration import power_state, storage_rules as checks
from nova_lite.migration.observations import GuestInfo
from nova_lite.virt.simulation import guests, jobs, storage
from nova_lite.virt.simulation.state import (ACTIVE, CRASHED, MIGRATED, NOT_MOVING, PAUSED,
                                             RUNNING, SAVED, SHUTOFF, UNKNOWN, Disk, Guest, Host,
                                             State)

POWER_STATES = {RUNNING: power_state.RUNNING, PAUSED: power_state.PAUSED,
                SHUTOFF: power_state.SHUTDOWN, SAVED: power_state.SHUTDOWN,
                CRASHED: power_state.CRASHED}

# a guest moves to a CPU that has all features of its own
CPU_FEATURES = {'sim-v1': ('base',), 'sim-v2': ('base', 'wide'),
                'sim-v3': ('base', 'wide', 'wider'), 'sim-other': ('strange',)}


def info(state: State, host: str, uuid: str) -> GuestInfo:
    """The guest as the hypervisor of ``host`` sees it. InstanceNotFound."""
    guest = guests.get(state, host, uuid)
    departing = jobs.active(state, uuid, host) is not None
    return GuestInfo(
        POWER_STATES[guest.state], guest.incoming, guest.persistent, guest.reason,
        leaving=(guest.state in ACTIVE and not guest.incoming
                 and (departing or guest.reason not in NOT_MOVING)),
        departing=departing, migrated=(guest.state, guest.reason) == (SHUTOFF, MIGRATED),
        forgotten=(guest.state, guest.reason) == (SHUTOFF, UNKNOWN),
        saved=guest.state == SAVED)


def cpu_info(host: Host) -> dict[str, Any]:
    return {'arch': 'x86_64', 'vendor': 'Simulated', 'model': host.cpu_model,
            'features': list(CPU_FEATURES[host.cpu_model]),
            'topology': {'sockets': 1, 'cores': host.vcpus, 'threads': 1}}


def compare_cpu(state: State, host: str, guest: Guest | None, source_cpu_info: str | None) -> None:
    """MigrationPreCheckError unless ``host`` has what the guest was booted with or, where that
    is not known, what its host has (JSON, as in the host's record), where that is."""
    model = guest.cpu_model if guest else json.loads(source_cpu_info or '{}').get('model')
    if model is None:
        return
    here = state.hosts[host].cpu_model
    missing = set(CPU_FEATURES[model]) - set(CPU_FEATURES[here])
    if missing:
        raise exception.MigrationPreCheckError(
            reason=f'Unacceptable CPU info: {here} of host {host} lacks '
                   f'{", ".join(sorted(missing))} of {model}')


def disk_available_mb(node: Any, over_commit: bool) -> int:
    """MiB that a guest may bring along: what is free, or what is free once every disk has grown
    to its size."""
    free_gb = node.free_disk_gb if over_commit else node.disk_available_least
    return max(0, (free_gb or 0) * 1024 - CONF.reserved_host_disk_mb)


def check_absent(state: State, host: str, uuid: str) -> None:
    guest = guests.find(state, host, uuid)
    if guest is not None:
        raise exception.MigrationPreCheckError(
            reason=f'host {host} already has a guest with the uuid {uuid} ({guest.state})')


def check_source(state: State, host: str, uuid: str, data: Any) -> None:
    """Fill ``data`` with what is shared, and refuse what cannot work."""
    guest = guests.find(state, host, uuid)
    if guest is None or guest.state not in ACTIVE:
        raise exception.MigrationPreCheckError(
            reason=f'instance {uuid} does not run on host {host}: it is '
                   f'{guest.state if guest else "not defined"}')
    if guest.incoming or guest.reason not in NOT_MOVING or jobs.active(state, uuid):
        raise exception.MigrationPreCheckError(reason=f'instance {uuid} is on the move already')
    disks = disk_info(state, host, uuid)
    data.is_shared_instance_path = storage.sees_probe(state, host, data.filename)
    decision = checks.decide_storage(data.block_migration, data.is_shared_instance_path,
                                     bool(disks), storage.path(uuid))
    data.block_migration, data.is_shared_block_storage = decision
    if decision.block:
        checks.check_space(disks, data.disk_over_commit, data.disk_available_mb, uuid)


def disk_info(state: State, host: str, uuid: str) -> list[dict[str, Any]]:
    """The guest's disks in the form of ComputeDriver.get_instance_disk_info()."""
    directory, found = storage.find(state, host, uuid), []
    for disk in directory.disks.values() if directory else ():
        path, base = storage.path(uuid, disk.name), disk.backing_file
        digest = storage.digest(state, host, base) if base else ''
        checks.check_same_base(path, base, disk.base, digest, host)
        found.append({'path': path, 'type': 'qcow2', 'virt_disk_size': disk.size,
                      'disk_size': disk.allocated, 'backing_file': base,
                      'backing_digest': digest})
    return found


def new_disks(state: State, host: str, disk_info: list[dict[str, Any]]) -> list[Disk]:
    """The disks that a block migration makes here. MigrationPreCheckError."""
    found = []
    for row in disk_info:
        base = row['backing_file']
        digest = storage.digest(state, host, base) if base else ''
        checks.check_same_image(base, row.get('backing_digest') or '', digest, host)
        found.append(Disk(row['path'].rpartition('/')[2], row['virt_disk_size'], 0, base, digest))
    return found


def why_not_whole(guest: Guest | None) -> str:
    """What speaks against a guest having arrived; '' when nothing does. One that arrived and then
    shut itself down is whole."""
    if guest is None:
        return 'there is no such guest'
    if guest.incoming:
        return 'its memory is still on the way'
    if guest.state == SHUTOFF and guest.persistent and guest.reason != MIGRATED:
        return ''
    if guest.state not in ACTIVE:
        return f'it is {guest.state}'
    return '' if guest.reason in NOT_MOVING else f'it is {guest.state} ({guest.reason})'
