# SPDX-License-Identifier: Apache-2.0
"""Migrations of the simulated world: what can be asked of a job, and what can befall it.

A job lives in the world and not in a compute process. How far its copy is follows from its terms
and the clock (model.py); what that brings about is in course.py.
"""
import math
from dataclasses import replace

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.simulation import guests, model, storage
from nova_lite.virt.simulation.state import (ACTIVE, CANCELLED, FAILED, IN_POSTCOPY, MIGRATING,
                                             PAUSED, POSTCOPY, RUNNING, WORKING, Cut, Guest, Job,
                                             State, link)


# -- what can be asked for -------------------------------------------------------------------
def start(state: State, uuid: str, source: str, dest: str, block: bool, bandwidth: float,
          downtime_ms: float, auto_converge: bool = False) -> Job:
    """Begin to move a guest. ``bandwidth`` in MiB/s, 0 for what the link gives.
    LiveMigrationFailed, with nothing begun, for all that makes libvirt refuse at once."""
    guest = guests.get(state, source, uuid)
    _check_start(state, guest, dest, block)
    speed = min(state.hosts[source].bandwidth, state.hosts[dest].bandwidth, bandwidth or math.inf)
    files = storage.find(state, source, uuid)
    disk = sum(disk.allocated for disk in files.disks.values()) if block and files else 0
    copy = model.Copy(
        memory=guest.memory_mb * model.MIB, disk=disk, bandwidth=speed * model.MIB,
        downtime=downtime_ms / 1000, started=state.now, clock=state.now,
        trace=((state.now, guest.dirty_rate * model.MIB),),
        working_set=guest.working_set * model.MIB, auto_converge=auto_converge,
        paused=guest.state == PAUSED)
    guests.add(state, replace(guest, host=dest, state=PAUSED, reason=MIGRATING, incoming=True,
                              persistent=False, since=None))
    job = state.jobs[uuid] = Job(uuid, source, dest, copy, block, resume=guest.state == RUNNING)
    return job


def _check_start(state: State, guest: Guest, dest: str, block: bool) -> None:
    there = state.hosts.get(dest)
    reason = None
    if active(state, guest.uuid):
        reason = 'another migration job is already running for the domain'
    elif guest.state not in ACTIVE or guest.incoming:
        reason = 'domain is not running'
    elif there is None or not there.up or link(guest.host, dest) in state.cuts:
        reason = f"unable to connect to server at '{dest}'"
    elif guests.find(state, dest, guest.uuid) is not None:
        reason = f"domain '{guest.uuid}' is already defined on {dest}"
    elif files := storage.find(state, guest.host, guest.uuid):
        shared = state.hosts[guest.host].storage == there.storage
        made = storage.find(state, dest, guest.uuid)
        if not block and files.disks and not shared:
            reason = 'Unsafe migration: Migration without shared storage is unsafe'
        elif block and not shared and not (made and files.disks.keys() <= made.disks.keys()):
            reason = ('pre-creation of storage targets for incremental storage migration is not '
                      'supported')
    if reason is not None:
        raise exception.LiveMigrationFailed(reason=reason)


def active(state: State, uuid: str, source: str | None = None) -> Job | None:
    """The running migration of a guest (away from ``source``)."""
    job = state.jobs.get(uuid)
    wanted = job is not None and job.active and source in (None, job.source)
    return job if wanted else None


def departing(state: State, host: str) -> set[str]:
    """Guests that a running migration takes away from ``host``."""
    return {uuid for uuid in state.jobs if active(state, uuid, host)}


def get_active(state: State, uuid: str, source: str) -> Job:
    job = active(state, uuid, source)
    if job is None:
        raise exception.NoActiveMigrationForInstance(instance_id=uuid)
    return job


def abort(state: State, uuid: str, source: str, reason: str = 'aborted on request') -> None:
    """NoActiveMigrationForInstance; InstanceInvalidState when the guest has moved already."""
    job = get_active(state, uuid, source)
    if job.status == IN_POSTCOPY or job.landed:
        raise exception.InstanceInvalidState(instance_uuid=uuid, attr='state', state='post-copy',
                                             method='abort the migration of')
    fail(state, job, reason, CANCELLED)


def tune(state: State, uuid: str, source: str, bandwidth: float | None = None,
         downtime_ms: float | None = None, throttle: int | None = None) -> None:
    """Change the terms of a running copy: MiB/s, ms, per cent of its time that the guest loses.
    """
    job = get_active(state, uuid, source)
    if throttle is not None:
        job.copy = replace(job.copy, throttle=throttle)
    if bandwidth is not None:
        job.copy = replace(job.copy, bandwidth=bandwidth * model.MIB)
    if downtime_ms is not None:
        job.copy = replace(job.copy, downtime=downtime_ms / 1000)


def switch_to_postcopy(state: State, uuid: str, source: str) -> None:
    """Let the guest run at the destination before its memory is there."""
    job = get_active(state, uuid, source)
    if job.copy.phase != model.MEMORY or job.copy.frozen:
        raise exception.MigrationError(reason=f'no post-copy in the phase {job.copy.phase}')
    job.copy, job.status, job.switched = model.switch_to_postcopy(job.copy), IN_POSTCOPY, True
    guest, half = state.guests[uuid][job.source], state.guests[uuid][job.dest]
    guests.stand(state, guest, POSTCOPY)
    half.ran = guest.ran
    guests.run(state, half)


def progress(state: State, job: Job) -> driver.Progress:
    until = state.now if job.active else job.copy.clock
    note = ''
    if job.status == IN_POSTCOPY and (job.cut_at is not None or job.held):
        note = 'post-copy is paused: nothing of the guest arrives any more'
    return model.progress(model.advance(job.copy, until))._replace(post_copy=job.switched,
                                                                   note=note)


# -- what befalls it -------------------------------------------------------------------------
def guest_stopped(state: State, guest: Guest) -> None:
    if job := active(state, guest.uuid, guest.host):
        job.copy = replace(job.copy, paused=True)


def guest_went_on(state: State, guest: Guest) -> None:
    if job := active(state, guest.uuid, guest.host):
        job.copy = replace(job.copy, paused=False)


def guest_wrote(state: State, guest: Guest, rate: float) -> None:
    """The guest writes ``rate`` MiB/s from now on."""
    guest.dirty_rate = rate
    if job := active(state, guest.uuid, guest.host):
        job.copy = replace(job.copy, trace=(*job.copy.trace, (state.now, rate * model.MIB)))


def guest_ended(state: State, guest: Guest) -> None:
    """One of the two sides of a copy is gone."""
    job = active(state, guest.uuid)
    if job is not None and guest.host in (job.source, job.dest) and not job.landed:
        fail(state, job, 'the guest is not running any more' if guest.host == job.source
             else "job 'migration out' failed: Unable to write to socket: Bad file descriptor")


def cut(state: State, one: str, other: str, sticky: bool = False) -> None:
    """The link goes down: copies over it stand still, and their statistics with them."""
    state.cuts[link(one, other)] = Cut(state.now, sticky)
    for job in _on_link(state, one, other):
        job.cut_at = state.now
        set_frozen(job)
        if job.status == IN_POSTCOPY:
            guests.freeze(state, state.guests[job.uuid][job.dest])    # it waits for a page


def mend(state: State, one: str, other: str) -> None:
    """The link is up again: copies that have not failed go on, halves of failed ones go."""
    down = state.cuts.pop(link(one, other), None)
    for job in _on_link(state, one, other):
        job.cut_at = None
        if job.failed_postcopy and down and down.sticky:
            job.held = 'the connections are half dead'
        elif job.status == IN_POSTCOPY:
            guests.run(state, state.guests[job.uuid][job.dest])
        set_frozen(job)
    for uuid, host in state.orphans.pop(link(one, other), []):
        half = guests.find(state, host, uuid)
        if half is not None and half.incoming:
            guests.remove(state, host, uuid)


def hypervisor_stopped(state: State, host: str) -> None:
    """Both ends of a connection drop what was not finished when either of them goes."""
    for job in list(state.jobs.values()):
        if job.status == WORKING and not job.landed and host in (job.source, job.dest):
            fail(state, job, 'internal error: client socket is closed')


def hypervisor_started(state: State, host: str) -> None:
    """A hypervisor that comes back removes halves of guests that nobody sends any more."""
    for guest in guests.on_host(state, host):
        if guest.incoming and not active(state, guest.uuid):
            guests.remove(state, host, guest.uuid)


def release(state: State, fault_id: str) -> None:
    for job in state.jobs.values():
        if job.held == fault_id:
            job.held = ''
            set_frozen(job)


def fail(state: State, job: Job, reason: str, status: str = FAILED) -> None:
    """The copy ends and the guest goes on where it was."""
    at = job.copy.clock
    job.status, job.reason, job.held = status, reason, ''
    guest = guests.find(state, job.source, job.uuid)
    if guest is not None and guest.state == PAUSED and guest.reason == MIGRATING:
        guests.run(state, guest, at)
    if job.cut_at is None:
        guests.remove(state, job.dest, job.uuid)
    else:
        state.orphans.setdefault(link(job.source, job.dest), []).append([job.uuid, job.dest])


def set_frozen(job: Job) -> None:
    """To be called when ``held`` or ``cut_at`` has changed."""
    job.copy = replace(job.copy, frozen=bool(job.held) or job.cut_at is not None)


def _on_link(state: State, one: str, other: str) -> list[Job]:
    return [job for job in state.jobs.values()
            if job.active and {job.source, job.dest} == {one, other}]
