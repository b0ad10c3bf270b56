# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor lets one do to a guest, except migrate it (that is jobs.py).

A guest that is being copied may be paused, stopped or destroyed: the job learns of it. What is not
possible raises libvirtError, as libvirt would.
"""
from nova_lite.virt.simulation import errors, files, guests, jobs
from nova_lite.virt.simulation.state import (
    ACTIVE,
    BY_USER,
    BY_USER_MEANWHILE,
    DESTROYED,
    NOT_MOVING,
    SAVED,
    SHUT_DOWN,
    SHUTOFF,
    Guest,
    State,
)


def start(state: State, host: str, uuid: str, force_boot: bool = False) -> None:
    """Boot it or, where its memory was saved, let it go on from there, its counter too, unless
    ``force_boot``."""
    guest = guests.get(state, host, uuid)
    if guest.state in ACTIVE:
        raise errors.invalid('domain is already running')
    guest.storage = state.hosts[host].storage
    missing = files.missing(state, guest)
    if missing:
        raise errors.failed(f"Cannot access storage file '{missing}': No such file or directory")
    if guest.state == SAVED and not force_boot:
        guests.run(state, guest)
    else:
        guests.boot(state, guest)


def shut_down(state: State, host: str, uuid: str) -> None:
    """A simulated guest obeys at once."""
    _end(state, _active(state, host, uuid), SHUT_DOWN)


def destroy(state: State, host: str, uuid: str) -> None:
    """Pull the plug; the definition stays where it outlives the guest."""
    _end(state, _active(state, host, uuid), DESTROYED)


def suspend(state: State, host: str, uuid: str) -> None:
    """A guest may be stopped while it is copied: nothing is written any more, so the copy ends."""
    guest = _active(state, host, uuid)
    if guest.incoming or guest.reason not in (*NOT_MOVING, BY_USER_MEANWHILE):
        raise errors.invalid(f'domain is paused ({guest.reason})')
    moving = jobs.active(state, uuid, host)
    guests.stand(state, guest, BY_USER_MEANWHILE if moving and guest.reason == '' else BY_USER)
    jobs.guest_stopped(state, guest)


def resume(state: State, host: str, uuid: str) -> None:
    guest = _active(state, host, uuid)
    if guest.incoming or guest.reason not in (*NOT_MOVING, BY_USER_MEANWHILE):
        raise errors.invalid(f'domain is paused ({guest.reason})')
    guests.run(state, guest)
    jobs.guest_went_on(state, guest)


def save(state: State, host: str, uuid: str) -> None:
    """Put the memory on disk and end the guest."""
    guest = _active(state, host, uuid)
    if guest.incoming:
        raise errors.invalid('domain is being migrated')
    _end(state, guest, to=SAVED)


def undefine(state: State, host: str, uuid: str) -> None:
    """Forget a guest that is off, its saved memory too; one that is on goes on without it."""
    guest = guests.get(state, host, uuid)
    if not guest.persistent:
        raise errors.invalid('cannot undefine transient domain')
    guest.persistent = False
    if guest.state not in ACTIVE:
        guests.remove(state, host, uuid)


def _active(state: State, host: str, uuid: str) -> Guest:
    guest = guests.get(state, host, uuid)
    if guest.state not in ACTIVE:
        raise errors.invalid('domain is not running')
    return guest


def _end(state: State, guest: Guest, reason: str = '', to: str = SHUTOFF) -> None:
    """The guest is off: its memory is gone, and with it a copy that was being made."""
    jobs.guest_ended(state, guest)
    guests.freeze(state, guest)
    guest.state, guest.reason, guest.storage = to, reason, ''
    if not guest.persistent:    # without a definition nothing of it is left
        guests.remove(state, guest.host, guest.uuid)
