# SPDX-License-Identifier: Apache-2.0
"""Files of the simulated hosts: real ones, small, in the world's directory.

The driver works on them by its own code. Simulated is what a laptop does not have: a directory of
its own for each host under one name, disks that are as large as they say, and qemu-img. A disk is
the header of a qcow2 file, and a word that stands for its content, so that a guest on a disk that
nobody copied is noticed.
"""
import os
import shutil
import struct
import uuid as uuids
from typing import Protocol

from nova_lite.conf import CONF
from nova_lite.virt.libvirt import storage
from nova_lite.virt.libvirt.storage import DiskFacts
from nova_lite.virt.simulation import definition
from nova_lite.virt.simulation.state import ACTIVE, Guest, Host, State

GIB = 1024 ** 3
ALLOCATED_SHARE = 4       # a disk takes a quarter of its size
HEADER = 104              # bytes of a qcow2 header of version 3
CONTENT = 4096            # where in a disk's file the word is
PROBE = '.probe-'


class Hosts(Protocol):
    """What of a World is needed here."""
    path: str

    def host(self, name: str) -> Host: ...


class SimulatedStorage(storage.Storage):
    """The files that ``host`` sees."""

    def __init__(self, world: Hosts, host: str) -> None:
        self._world, self._host = world, host

    def real(self, path: str) -> str:
        if path == CONF.instances_path or path.startswith(f'{CONF.instances_path}/'):
            return directory(self._world.path, self._world.host(self._host).storage,
                             path[len(CONF.instances_path) + 1:])
        if path.startswith(f'{CONF.images.path}/'):
            own = os.path.join(self._world.path, 'images', self._host, os.path.basename(path))
            return own if os.path.exists(own) else path
        return path

    def capacity(self) -> tuple[int, int]:
        root, total = self.real(CONF.instances_path), self._world.host(self._host).local_gb * GIB
        used = 0
        for name in os.listdir(root):
            used += sum(facts.allocated for facts in disks(root, name).values())
        return total, total - used

    def read_disk(self, path: str) -> DiskFacts:
        return facts_of(self.real(path))

    def create_disk(self, path: str, fmt: str, size: int, backing: str = '',
                    backing_format: str = '') -> None:
        write_disk(self.real(path), size, backing)

    def supports_direct_io(self, directory: str) -> bool:
        return True


def write_disk(path: str, size: int, backing: str = '') -> None:
    """An empty disk: with a word of its own."""
    name = backing.encode()
    header = struct.pack('>4sIQIIQ', b'QFI\xfb', 3, HEADER if name else 0, len(name), 16, size)
    with open(path, 'wb') as file:
        file.write(header.ljust(HEADER, b'\0') + name)
        file.seek(CONTENT)
        file.write(str(uuids.uuid4()).encode())


def create_beside(root: str, storage_name: str, other: str, uuid: str) -> bool:
    """qemu-img create of a guest's disks on another storage, where it has no files; whether there
    was anything to do."""
    here, there = (directory(root, name, uuid) for name in (storage_name, other))
    if not os.path.isdir(here) or os.path.isdir(there):
        return False
    os.mkdir(there)
    for name, facts in disks(directory(root, storage_name), uuid).items():
        write_disk(os.path.join(there, name), facts.virtual_size, facts.backing_file)
    return True


def directory(root: str, name: str, below: str = '') -> str:
    """Where the storage ``name`` of a world lies, or what is ``below`` in it."""
    return os.path.join(root, 'storages', name, below).rstrip('/')


def facts_of(path: str) -> DiskFacts:
    facts = storage.read_disk(path)
    return facts._replace(allocated=facts.virtual_size // ALLOCATED_SHARE)


def disks(root: str, uuid: str) -> dict[str, DiskFacts]:
    """The disks in a guest's directory by name."""
    found = {}
    try:
        for entry in os.scandir(os.path.join(root, uuid)):
            if entry.name.split('.')[0] == 'disk':
                found[entry.name] = facts_of(entry.path)
    except OSError:
        pass    # there is none, or it goes just now
    return found


def of_guest(state: State, guest: Guest) -> str:
    """The directory of a guest's files on its host."""
    return directory(state.root, guest.storage or state.hosts[guest.host].storage, guest.uuid)


def missing(state: State, guest: Guest, names: list[str] | None = None) -> str:
    """A disk of the guest that is not there; '' when all are."""
    for name in names if names is not None else definition.disk_names(guest.xml).values():
        path = os.path.join(of_guest(state, guest), name)
        if not os.path.exists(path):
            return path
    return ''


def backing(state: State, guest: Guest, name: str) -> tuple[str, str]:
    """(path, format) of what a disk lies on."""
    path = os.path.join(of_guest(state, guest), name)
    try:
        below = storage.read_disk(path).backing_file
    except OSError:
        return '', ''
    try:
        return below, storage.read_disk(below).format if below else ''
    except OSError:
        return below, 'raw'


def copy_contents(state: State, source: Guest, dest: Guest, names: list[str]) -> None:
    """A block migration has arrived."""
    for name in names:
        one, other = (os.path.join(of_guest(state, guest), name) for guest in (source, dest))
        if os.path.exists(one) and one != other:
            shutil.copyfile(one, other)


def content(root: str, storage_name: str, uuid: str, name: str = 'disk') -> str:
    """The word on a disk; '' where there is none."""
    try:
        with open(os.path.join(directory(root, storage_name, uuid), name), 'rb') as file:
            file.seek(CONTENT)
            return file.read().decode()
    except FileNotFoundError:
        return ''


def removed_under(state: State) -> list[str]:
    """Running guests whose disks are gone, in words."""
    return [f'the files of guest {guest.uuid} were removed under it on {guest.host}'
            for copies in state.guests.values() for guest in copies.values()
            if guest.state in ACTIVE and not guest.incoming and missing(state, guest)]


def everywhere(root: str, uuid: str) -> dict[str, dict[str, str]]:
    """Content of each disk of a guest by its name, by storage."""
    found = {}
    for name in os.listdir(os.path.join(root, 'storages')):
        path = directory(root, name, uuid)
        if os.path.isdir(path):
            found[name] = {disk: content(root, name, uuid, disk) for disk in os.listdir(path)
                           if disk.split('.')[0] == 'disk'}
    return found


def other_image(root: str, host: str, name: str) -> str:
    """Put another file of the same size in an image's place, on one host. Returns its path."""
    path = os.path.join(root, 'images', host, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(os.urandom(os.path.getsize(os.path.join(CONF.images.path, name))))
    return path


def probes(root: str) -> list[str]:
    """Probes that checks have left in any of the storages."""
    return [entry for name in os.listdir(os.path.join(root, 'storages'))
            for entry in os.listdir(directory(root, name)) if entry.startswith(PROBE)]
