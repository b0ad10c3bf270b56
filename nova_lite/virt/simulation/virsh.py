# SPDX-License-Identifier: Apache-2.0
"""What an operator does to simulated guests by hand, past nova-lite, under virsh's own names.

It acts on the hypervisor alone: no compute is told of it, and none has to be alive.
"""
from nova_lite.virt.libvirt.abi import Migrate
from nova_lite.virt.simulation import errors, guests, hypervisor, jobs
from nova_lite.virt.simulation.state import ACTIVE
from nova_lite.virt.simulation.world import World


class Virsh:
    """virsh on ``host``. Every method: libvirtError, as libvirt has it."""

    def __init__(self, world: World, host: str) -> None:
        self._world, self.host = world, host

    def migrate(self, uuid: str, dest: str, undefinesource: bool = False,
                persistent: bool = False, bandwidth: float = 0,
                copy_storage: bool = False) -> None:
        """``migrate --live --p2p``: returns when the copy has begun. By default the source keeps
        a definition, off since it has migrated, and the destination has none that outlives the
        guest. ``copy_storage``: onto disks that are there already."""
        flags = Migrate.LIVE | Migrate.PEER2PEER
        for wanted, flag in ((undefinesource, Migrate.UNDEFINE_SOURCE),
                             (persistent, Migrate.PERSIST_DEST),
                             (copy_storage, Migrate.NON_SHARED_INC)):
            flags |= flag if wanted else Migrate(0)
        with self._world.change(self.host, also=dest) as state:
            jobs.start(state, uuid, self.host, dest, jobs.Terms(flags, bandwidth))

    def wait_migrated(self, uuid: str, timeout: float = 30.0) -> None:
        """Wait until no copy of the guest away from here is under way."""
        self._world.wait_for(lambda state: jobs.active(state, uuid, self.host) is None, timeout,
                             f'end of the migration of {uuid}')

    def domjobabort(self, uuid: str) -> None:
        with self._world.change(self.host) as state:
            jobs.abort(state, uuid, self.host)

    def start(self, uuid: str) -> None:
        with self._world.change(self.host) as state:
            hypervisor.start(state, self.host, uuid)

    def suspend(self, uuid: str) -> None:
        with self._world.change(self.host) as state:
            hypervisor.suspend(state, self.host, uuid)

    def resume(self, uuid: str) -> None:
        with self._world.change(self.host) as state:
            hypervisor.resume(state, self.host, uuid)

    def destroy(self, uuid: str) -> None:
        """Pull the plug; the definition stays where it outlives the guest."""
        with self._world.change(self.host) as state:
            hypervisor.destroy(state, self.host, uuid)

    def undefine(self, uuid: str) -> None:
        """Of a guest that is off."""
        with self._world.change(self.host) as state:
            if guests.get(state, self.host, uuid).state in ACTIVE:
                raise errors.invalid('domain is active')
            hypervisor.undefine(state, self.host, uuid)
