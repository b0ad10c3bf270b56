# SPDX-License-Identifier: Apache-2.0
"""An operator's hand: what ``virsh`` does to guests past nova-lite, and what he does afterwards.

The hand goes to the host that has the guest at that moment. What the hypervisor refuses is left
as it is, as an operator would leave it.
"""
import contextlib
from collections.abc import Callable, Iterable

from nova_lite.migration import vm_states
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import guests, jobs
from nova_lite.virt.simulation.state import ACTIVE, RUNNING, State
from nova_lite.virt.simulation.virsh import Virsh
from tests.chaos import cells
from tests.chaos.stage import SOURCE, Stage, wait_until

COPIED = 40         # s that a copy by hand may take
BOOTED = 30         # s that a hard reboot may take
# What a server may be then: its record tells what its guest is, or an operator has to look at it.
# libvirt itself starts a guest that was suspended while it was copied, where it arrives.
WANTED = {cells.SUSPEND: (vm_states.PAUSED, vm_states.ACTIVE),
          cells.DESTROY: (vm_states.STOPPED, vm_states.ERROR),
          cells.MIGRATE: (vm_states.ACTIVE, vm_states.ERROR)}


def make(stage: Stage, fault: str, uuids: Iterable[str],
         touched: set[str]) -> tuple[Callable[[], object], Callable[[], object]]:
    """``touched`` gets the servers of which the hypervisor did as it was told."""
    hand = Hand(stage, fault, touched)
    return lambda: hand.hurt(uuids), hand.heal


def wanted(fault: str, lost: bool) -> tuple[str | None, ...]:
    """The vm_states that are right for a server which the hand has touched. ``lost``: its
    migration was made to lose it."""
    return (*WANTED[fault], vm_states.ERROR) if lost else WANTED[fault]


class Hand:
    """``_made``: the host on which disks were created for a copy by hand, by server."""

    def __init__(self, stage: Stage, fault: str, touched: set[str]) -> None:
        self._stage, self._fault, self._touched = stage, fault, touched
        self._made: dict[str, str] = {}

    def hurt(self, uuids: Iterable[str]) -> None:
        for uuid in uuids:
            with contextlib.suppress(libvirtError):
                self._do(uuid)
                self._touched.add(uuid)

    def heal(self) -> None:
        """What was done by hand stays done; disks that no copy has come to are removed."""
        wait_until(self._is_over, COPIED)
        with self._stage.world.look() as state:
            unused = {uuid: host for uuid, host in self._made.items()
                      if guests.find(state, host, uuid) is None}
        for uuid, host in unused.items():
            self._stage.world.remove_files(host, uuid)

    def _do(self, uuid: str) -> None:
        with self._stage.world.look() as state:
            host = _whereabouts(state, uuid)
        virsh = Virsh(self._stage.world, host)
        if self._fault == cells.SUSPEND:
            virsh.suspend(uuid)
        elif self._fault == cells.DESTROY:
            virsh.destroy(uuid)
        else:
            other, = set(self._stage.hosts) - {host}
            self._create_disks(uuid, host, other)
            virsh.migrate(uuid, other, undefinesource=True, persistent=True, copy_storage=True)

    def _create_disks(self, uuid: str, host: str, other: str) -> None:
        """qemu-img create, as ``--copy-storage-all`` wants it, where there is nothing yet."""
        if self._stage.world.create_disks(host, other, uuid):
            self._made[uuid] = other

    def _is_over(self) -> bool:
        """Are the copies over that were begun by hand?"""
        with self._stage.world.look() as state:
            return not any(jobs.active(state, uuid) for uuid in self._made)


def _whereabouts(state: State, uuid: str) -> str:
    copies = state.guests.get(uuid, {}).values()
    for copy in sorted(copies, key=lambda copy: copy.state != RUNNING):
        if copy.state in ACTIVE and not (copy.incoming and copy.state != RUNNING):
            return copy.host
    return SOURCE


# -- afterwards --------------------------------------------------------------------------------
def accept(stage: Stage, uuids: Iterable[str]) -> dict[str, str]:
    """Of servers that an operator has to look at: take the place that is proved, and remove the
    disks that nobody uses any more. What was said where that was refused."""
    found = {}
    for uuid in uuids:
        place, words = _place(stage, uuid)
        if place is None:
            _boot_anew(stage, uuid)
            place, words = _place(stage, uuid)
        if place is None:
            found[uuid] = f'its place is not proved: {words}'
            continue
        code, answer = stage.answer('POST', f'/servers/{uuid}/location',
                                    {'location': {'host': place}})
        if code != 200:
            found[uuid] = f'its place {place} is not taken: {code} {answer}'
            continue
        for host in set(stage.hosts) - {place}:
            stage.world.remove_files(host, uuid)
    return found


def _place(stage: Stage, uuid: str) -> tuple[str | None, str]:
    code, answer = stage.answer('GET', f'/servers/{uuid}/location')
    return (answer['location']['place'] if code == 200 else None), f'{code} {answer}'


def _boot_anew(stage: Stage, uuid: str) -> None:
    """No host has a guest that was destroyed while its memory was on two of them. What is left
    is its disks, from which a hard reboot starts it where its record is."""
    if stage.ask('POST', f'/servers/{uuid}/action', {'reboot': {'type': 'HARD'}}) == 202:
        wait_until(lambda: (row := stage.instances()[uuid])['task_state'] is None
                   and row['vm_state'] == vm_states.ACTIVE, BOOTED, interval=0.3)
