# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor lets one do to a guest, except migrate it (that is jobs.py).

A guest that is being copied may be paused, stopped or destroyed: the job learns of it.
"""
from oslo_utils import timeutils

from nova_lite import exception
from nova_lite.virt.simulation import guests, jobs, storage
from nova_lite.virt.simulation.state import (ACTIVE, BY_USER, NOT_MOVING, RUNNING, SAVED,
                                             SHUTOFF, Guest, State)


def uptime(state: State, host: str) -> str:
    """As uptime(1) says it, since the world began: nobody is logged in, and each guest that runs
    keeps its CPUs busy."""
    hours, minutes = divmod(int(state.now) // 60, 60)
    busy = sum(guest.vcpus for guest in guests.on_host(state, host) if guest.state == RUNNING)
    return (f'{timeutils.utcnow():%H:%M:%S} up {hours // 24} days, {hours % 24:2}:{minutes:02},  '
            f'0 users,  load average: ' + ', '.join([f'{busy:.2f}'] * 3))


def start(state: State, host: str, uuid: str) -> None:
    """Boot it or, where its memory was saved, let it go on from there, its counter too."""
    guest = guests.get(state, host, uuid)
    if guest.state == SAVED:
        guests.run(state, guest)
    elif guest.state not in ACTIVE:
        guests.boot(state, guest)


def shut_off(state: State, host: str, uuid: str) -> None:
    """Idempotent, also where there is no such guest."""
    guest = guests.find(state, host, uuid)
    if guest is not None and guest.state in ACTIVE:
        _end(state, guest, 'shut down')


def reboot(state: State, host: str, uuid: str) -> None:
    """Power it off, if it is on, and on again with fresh memory."""
    shut_off(state, host, uuid)
    guests.boot(state, guests.get(state, host, uuid))


def pause(state: State, host: str, uuid: str) -> None:
    """A guest may be paused while it is copied: nothing is written any more, so the copy ends."""
    guest = guests.get(state, host, uuid)
    if guest.state not in ACTIVE or guest.incoming:
        raise _wrong(guest, 'pause')
    guests.stand(state, guest, BY_USER)
    jobs.guest_stopped(state, guest)


def unpause(state: State, host: str, uuid: str) -> None:
    guest = guests.get(state, host, uuid)
    if guest.state not in ACTIVE or guest.incoming or guest.reason not in NOT_MOVING:
        raise _wrong(guest, 'unpause')
    guests.run(state, guest)
    jobs.guest_went_on(state, guest)


def save(state: State, host: str, uuid: str) -> None:
    """Put the memory on disk and end the guest. Nothing to do when it is off."""
    guest = guests.get(state, host, uuid)
    if guest.state in ACTIVE and not guest.incoming:
        _end(state, guest, to=SAVED)


def destroy(state: State, host: str, uuid: str, asked: bool) -> None:
    """End the guest and forget it. ``asked``: somebody wanted the guest to be gone; otherwise it
    must not have been the only one."""
    guest = guests.find(state, host, uuid)
    if guest is None:
        return
    others = [copy for copy in state.guests[uuid].values()
              if copy.host != host and copy.state in ACTIVE and not copy.incoming]
    if guest.state in ACTIVE and not guest.incoming and not asked and not others:
        guests.violate(state, f'the only copy of guest {uuid} was destroyed on {host}')
    _end(state, guest)
    guests.remove(state, host, uuid)


def clear_source(state: State, host: str, uuid: str) -> None:
    """Forget a guest that has moved away: its definition or, where the end of the copy was not
    heard of here, the half that stands still. Idempotent; refuses a guest that lives here."""
    guest = guests.find(state, host, uuid)
    if guest is None:
        return
    if guest.state in ACTIVE and guest.reason in NOT_MOVING:
        raise _wrong(guest, 'clear')
    destroy(state, host, uuid, asked=False)


def roll_back(state: State, host: str, uuid: str, made_for: str, on_shared: bool) -> None:
    """Remove what came of a migration to this host that failed: the half, and the files that were
    ``made_for`` it, or were prepared ``on_shared`` storage. What others have here is left alone;
    a guest that has arrived is refused. Idempotent."""
    directory = storage.find(state, host, uuid)
    made_here = directory is not None and directory.made_for == made_for
    if made_here or on_shared:
        drop_half(state, host, uuid)
    if made_here:
        remove_files(state, host, uuid, asked=False)


def drop_half(state: State, host: str, uuid: str) -> None:
    guest = guests.find(state, host, uuid)
    if guest is None:
        return
    if not guest.incoming or guest.state == RUNNING:
        raise _wrong(guest, 'roll back')
    _end(state, guest)
    guests.remove(state, host, uuid)


def remove_files(state: State, host: str, uuid: str, asked: bool) -> None:
    """Remove the guest's directory as ``host`` sees it. Idempotent."""
    users = [copy.host for copy in state.guests.get(uuid, {}).values()
             if copy.state in ACTIVE
             and state.hosts[copy.host].storage == state.hosts[host].storage]
    if users and not asked and storage.find(state, host, uuid) is not None:
        guests.violate(state, f'the files of guest {uuid} were removed under it on {users[0]}')
    storage.remove(state, host, uuid)


def _wrong(guest: Guest, method: str) -> exception.InstanceInvalidState:
    state = f'{guest.state} ({guest.reason})' if guest.reason else guest.state
    return exception.InstanceInvalidState(instance_uuid=guest.uuid, attr='power_state',
                                          state=state, method=method)


def _end(state: State, guest: Guest, reason: str = '', to: str = SHUTOFF) -> None:
    """The guest is off: its memory is gone, and with it a copy that was being made."""
    jobs.guest_ended(state, guest)
    guests.freeze(state, guest)
    guest.state, guest.reason = to, reason
    if not guest.persistent:    # without a definition nothing of it is left
        guests.remove(state, guest.host, guest.uuid)
