# SPDX-License-Identifier: Apache-2.0
"""Short ways to act in a simulated world."""
import os

from nova_lite.virt.libvirt.abi import Migrate
from nova_lite.virt.simulation import files, guests, hypervisor, jobs

UUID = '00000000-0000-4000-8000-000000000001'
USUAL = (Migrate.LIVE | Migrate.PEER2PEER | Migrate.UNDEFINE_SOURCE | Migrate.PERSIST_DEST
         | Migrate.POSTCOPY)


class Clock:
    """Real time as a test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def xml(uuid=UUID, dirty_rate=0.0, memory_mb=1000, disks=()):
    """A definition; ``disks``: names of their files."""
    elements = ''.join(
        f"<disk type='file' device='disk'><source file='/i/{uuid}/{name}'/><target dev='{name}'/>"
        '</disk>' for name in disks)
    return (f"<domain><uuid>{uuid}</uuid><memory unit='MiB'>{memory_mb}</memory><vcpu>1</vcpu>"
            "<metadata><n:instance xmlns:n='urn:nova-lite:instance:1'>"
            f"<n:property key='sim:dirty_rate'>{dirty_rate}</n:property>"
            f"<n:property key='sim:working_set'>{memory_mb}</n:property></n:instance></metadata>"
            f'<devices>{elements}</devices></domain>')


def make_disks(world, host, uuid=UUID, disks=('disk',)):
    """Disks of 1 GiB in the guest's directory on the host."""
    path = files.directory(world.path, world.host(host).storage, uuid)
    os.makedirs(path, exist_ok=True)
    for name in disks:
        files.write_disk(os.path.join(path, name), files.GIB)


def boot(world, host='src', uuid=UUID, dirty_rate=0.0, memory_mb=1000, disks=()):
    if disks:
        make_disks(world, host, uuid, disks)
    with world.change(host) as now:
        guests.define(now, host, xml(uuid, dirty_rate, memory_mb, disks))
        hypervisor.start(now, host, uuid)


def move(world, uuid=UUID, source='src', dest='dst', block=False, bandwidth=0, more=Migrate(0)):
    flags = USUAL | more | (Migrate.NON_SHARED_INC if block else Migrate(0))
    with world.change(source, also=dest) as now:
        jobs.start(now, uuid, source, dest, jobs.Terms(flags, bandwidth))


def control(world, call, *arguments, **named):
    with world.change() as now:
        call(now, *arguments, **named)
