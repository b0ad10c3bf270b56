# SPDX-License-Identifier: Apache-2.0
"""Files of the simulated world: each host sees one storage, and hosts may see the same one.

Only what a migration depends on is kept of a file: its sizes, what it is based on, and a word that
stands for its content, so that a guest on a disk that nobody copied is noticed.
"""
import hashlib
import uuid as uuids

from nova_lite import exception
from nova_lite.virt.simulation.state import Directory, Disk, State

GIB = 1024 ** 3
ALLOCATED_SHARE = 4       # a fresh root disk takes a quarter of its size


def find(state: State, host: str, uuid: str) -> Directory | None:
    return _storage(state, host).get(uuid)


def make(state: State, host: str, uuid: str, disks: list[Disk], made_for: str = '') -> None:
    """Make the guest's directory. DestinationDiskExists when there is one of another making; one
    that the same migration has made before is taken as it is."""
    present = find(state, host, uuid)
    if present is not None and not (made_for and present.made_for == made_for):
        raise exception.DestinationDiskExists(path=path(uuid))
    if present is None:
        _storage(state, host)[uuid] = Directory({disk.name: disk for disk in disks}, made_for)


def remove(state: State, host: str, uuid: str) -> None:
    _storage(state, host).pop(uuid, None)


def list_incoming(state: State, host: str) -> list[tuple[str, str]]:
    """(guest, migration) of each directory that was made for a guest which has not arrived."""
    return [(uuid, directory.made_for) for uuid, directory in _storage(state, host).items()
            if directory.made_for]


def new_disks(root_gb: int, ephemeral_gb: int, image_disk: str | None) -> list[Disk]:
    """The disks of a new guest: a root disk over its image's, if there is one of the two, and an
    ephemeral one."""
    disks = []
    if image_disk or root_gb:
        disks.append(_new_disk('disk', max(1, root_gb), image_disk or ''))
    if ephemeral_gb:
        disks.append(_new_disk('disk.eph0', ephemeral_gb, ''))
    return disks


def _new_disk(name: str, size_gb: int, backing_file: str) -> Disk:
    size = size_gb * GIB
    return Disk(name, size, size // ALLOCATED_SHARE, backing_file, content=str(uuids.uuid4()))


def copy_contents(state: State, source: str, dest: str, uuid: str) -> None:
    """A block migration has arrived."""
    there, here = find(state, dest, uuid), find(state, source, uuid)
    if there is not None and here is not None:
        for name, disk in here.disks.items():
            there.disks[name].content = disk.content
            there.disks[name].allocated = disk.allocated


def room(state: State, host: str) -> int:
    """Bytes that are left on the host's storage once every disk has grown to its size."""
    promised = sum(disk.size for directory in _storage(state, host).values()
                   for disk in directory.disks.values())
    return state.hosts[host].local_gb * GIB - promised


def digest(state: State, host: str, image: str) -> str:
    """Of a file in the image directory of ``host``: the same on all hosts until it is replaced."""
    return state.hosts[host].images.get(image) or hashlib.sha256(image.encode()).hexdigest()


def replace_image(state: State, host: str, image: str) -> None:
    """Put another file of the same size in its place."""
    state.hosts[host].images[image] = hashlib.sha256(uuids.uuid4().bytes).hexdigest()


def path(uuid: str, name: str = '') -> str:
    return f'/simulated/{uuid}/{name}'.rstrip('/')


def path_here(state: State, host: str, uuid: str) -> str:
    """Of the guest's directory; '' when there is none on the host."""
    return path(uuid) if find(state, host, uuid) is not None else ''


def put_probe(state: State, host: str) -> str:
    """Leave a file of a name that no other has in the instances directory of ``host``."""
    name = f'probe-{uuids.uuid4()}'
    state.probes.setdefault(state.hosts[host].storage, []).append(name)
    return name


def sees_probe(state: State, host: str, name: str) -> bool:
    return name in state.probes.get(state.hosts[host].storage, [])


def remove_probe(state: State, host: str, name: str) -> None:
    names = state.probes.get(state.hosts[host].storage, [])
    if name in names:
        names.remove(name)


def _storage(state: State, host: str) -> dict[str, Directory]:
    return state.storages.setdefault(state.hosts[host].storage, {})
