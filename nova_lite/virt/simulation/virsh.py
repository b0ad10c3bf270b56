# SPDX-License-Identifier: Apache-2.0
"""What an operator does to simulated guests by hand, past nova-lite, under virsh's own names.

It acts on the hypervisor alone: no compute is told of it, and none has to be alive.
"""
from nova_lite import exception
from nova_lite.virt.simulation import guests, hypervisor, jobs
from nova_lite.virt.simulation.state import ACTIVE, State
from nova_lite.virt.simulation.world import World

DEFAULT_DOWNTIME_MS = 300


class Virsh:
    """virsh on ``host``. Every method: InstanceNotFound where the host knows no such guest,
    HypervisorUnavailable where its hypervisor is down."""

    def __init__(self, world: World, host: str) -> None:
        self._world, self.host = world, host

    def migrate(self, uuid: str, dest: str, undefinesource: bool = False,
                persistent: bool = False, bandwidth: float = 0,
                copy_storage: bool = False) -> None:
        """``migrate --live --p2p``: returns when the copy has begun. By default the source keeps
        a definition, off since it has migrated, and the destination has none that outlives the
        guest. ``copy_storage``: onto disks that are there already. LiveMigrationFailed for what
        libvirt refuses at once."""
        with self._world.change(self.host) as state:
            job = jobs.start(state, uuid, self.host, dest, block=copy_storage, bandwidth=bandwidth,
                             downtime_ms=DEFAULT_DOWNTIME_MS)
            job.undefine, job.persist = undefinesource, persistent

    def wait_migrated(self, uuid: str, timeout: float = 30.0) -> None:
        """Wait until no copy of the guest away from here is under way."""
        self._world.wait_for(lambda state: jobs.active(state, uuid, self.host) is None, timeout,
                             f'end of the migration of {uuid}')

    def domjobabort(self, uuid: str) -> None:
        """NoActiveMigrationForInstance, InstanceInvalidState."""
        with self._world.change(self.host) as state:
            jobs.abort(state, uuid, self.host)

    def start(self, uuid: str) -> None:
        with self._world.change(self.host) as state:
            hypervisor.start(state, self.host, uuid)

    def suspend(self, uuid: str) -> None:
        with self._world.change(self.host) as state:
            hypervisor.pause(state, self.host, uuid)

    def resume(self, uuid: str) -> None:
        with self._world.change(self.host) as state:
            hypervisor.unpause(state, self.host, uuid)

    def destroy(self, uuid: str) -> None:
        """Pull the plug; the definition stays where it outlives the guest."""
        with self._world.change(self.host) as state:
            self._known(state, uuid)
            hypervisor.shut_off(state, self.host, uuid)

    def undefine(self, uuid: str) -> None:
        """InstanceInvalidState for a guest that is on."""
        with self._world.change(self.host) as state:
            guest = self._known(state, uuid)
            if guest.state in ACTIVE:
                raise exception.InstanceInvalidState(
                    instance_uuid=uuid, attr='power_state', state=guest.state, method='undefine')
            guests.remove(state, self.host, uuid)

    def _known(self, state: State, uuid: str) -> guests.Guest:
        return guests.get(state, self.host, uuid)
