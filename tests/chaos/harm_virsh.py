# SPDX-License-Identifier: Apache-2.0
"""An operator's hand: what ``virsh`` does to guests past nova-lite, and what he does afterwards.

The hand goes to the host that has the guest at that moment. What the hypervisor refuses is left
as it is, as an operator would leave it.
"""
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from nova_lite import exception
from nova_lite.compute import vm_states
from nova_lite.virt.simulation import jobs, storage
from nova_lite.virt.simulation.state import ACTIVE, RUNNING, State
from nova_lite.virt.simulation.virsh import Virsh
from tests.chaos import cells
from tests.chaos.stage import SOURCE, Stage, wait_until

COPIED = 40         # s that a copy by hand may take
# What a server may be then: its record tells what its guest is, or an operator has to look at it.
# libvirt itself starts a guest that was suspended while it was copied, where it arrives.
WANTED = {cells.SUSPEND: (vm_states.PAUSED, vm_states.ACTIVE),
          cells.DESTROY: (vm_states.STOPPED, vm_states.ERROR),
          cells.MIGRATE: (vm_states.ACTIVE, vm_states.ERROR)}


def make(stage: Stage, fault: str, uuids: Iterable[str],
         touched: set[str]) -> tuple[Callable[[], object], Callable[[], object]]:
    """``touched`` gets the servers of which the hypervisor did as it was told."""
    def hurt() -> None:
        for uuid in uuids:
            with contextlib.suppress(exception.NovaLiteException):
                _do(stage, fault, uuid)
                touched.add(uuid)

    return hurt, (lambda: _wait_copied(stage, touched)) if fault == cells.MIGRATE else _nothing


def _nothing() -> None:
    """What was done by hand stays done."""


def _do(stage: Stage, fault: str, uuid: str) -> None:
    with stage.world.look() as state:
        host = _whereabouts(state, uuid)
    virsh = Virsh(stage.world, host)
    if fault == cells.SUSPEND:
        virsh.suspend(uuid)
    elif fault == cells.DESTROY:
        virsh.destroy(uuid)
    else:
        other, = set(stage.hosts) - {host}
        made = _create_disks(stage, uuid, host, other)
        try:
            virsh.migrate(uuid, other, undefinesource=True, persistent=True, copy_storage=True)
        except exception.NovaLiteException:
            if made:
                with stage.world.change() as state:
                    storage.remove(state, other, uuid)
            raise


def _whereabouts(state: State, uuid: str) -> str:
    copies = state.guests.get(uuid, {}).values()
    for copy in sorted(copies, key=lambda copy: copy.state != RUNNING):
        if copy.state in ACTIVE and not (copy.incoming and copy.state != RUNNING):
            return copy.host
    return SOURCE


def _create_disks(stage: Stage, uuid: str, host: str, other: str) -> bool:
    """qemu-img create, as ``--copy-storage-all`` wants it, where there is nothing yet."""
    with stage.world.change() as state:
        files = storage.find(state, host, uuid)
        if files is None or storage.find(state, other, uuid) is not None:
            return False
        storage.make(state, other, uuid, [replace(disk, content='')
                                          for disk in files.disks.values()])
        return True


def _wait_copied(stage: Stage, uuids: set[str]) -> None:
    def over() -> bool:
        with stage.world.look() as state:
            return not any(jobs.active(state, uuid) for uuid in uuids)

    wait_until(over, COPIED)


# -- afterwards --------------------------------------------------------------------------------
def accept(stage: Stage, uuids: Iterable[str]) -> dict[str, str]:
    """Of servers that an operator has to look at: take the place that is proved, and remove the
    disks that nobody uses any more. What was said where that was refused."""
    found = {}
    for uuid in uuids:
        code, answer = stage.answer('GET', f'/servers/{uuid}/location')
        place = answer['location']['place'] if code == 200 else None
        if place is None:
            found[uuid] = f'its place is not proved: {code} {answer}'
            continue
        code, answer = stage.answer('POST', f'/servers/{uuid}/location',
                                    {'location': {'host': place}})
        if code not in (200, 202):
            found[uuid] = f'its place {place} is not taken: {code} {answer}'
            continue
        with stage.world.change() as state:
            for host in set(stage.hosts) - {place}:
                storage.remove(state, host, uuid)
    return found
