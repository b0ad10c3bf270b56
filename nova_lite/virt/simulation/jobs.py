# SPDX-License-Identifier: Apache-2.0
"""Migrations of the simulated world: what can be asked of a job, and what can befall it.

A job lives in the world and not in a compute process. How far its copy is follows from its terms
and the clock (model.py); what that brings about is in course.py. What is not possible raises
libvirtError.
"""
import math
from dataclasses import replace
from typing import Any, NamedTuple

from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.abi import Migrate, Param
from nova_lite.virt.libvirt.binding import make_error
from nova_lite.virt.simulation import definition, errors, files, guests, model
from nova_lite.virt.simulation.state import (
    ACTIVE,
    BY_USER,
    BY_USER_MEANWHILE,
    CANCELLED,
    FAILED,
    FIRST_DOWNTIME_MS,
    IN_POSTCOPY,
    MIGRATING,
    PAUSED,
    POSTCOPY,
    RUNNING,
    WORKING,
    Cut,
    Guest,
    Job,
    State,
    link,
)


class Terms(NamedTuple):
    """What migrateToURI3 is told, as far as it matters here. ``bandwidth`` in MiB/s, 0 for what
    the link gives."""
    flags: Migrate = Migrate.LIVE | Migrate.PEER2PEER
    bandwidth: float = 0
    disks: list[str] | None = None      # targets to copy
    xml: str = ''

    @classmethod
    def of(cls, flags: int, params: dict[str, Any]) -> 'Terms':
        return cls(Migrate(flags), params.get(Param.BANDWIDTH) or 0,
                   params.get(Param.MIGRATE_DISKS), params.get(Param.PERSIST_XML) or '')


# -- what can be asked for -------------------------------------------------------------------
def start(state: State, uuid: str, source: str, dest: str, terms: Terms) -> Job:
    """Begin to move a guest. libvirtError, with nothing begun, for all that libvirt refuses."""
    guest = guests.get(state, source, uuid)
    block = Migrate.NON_SHARED_INC in terms.flags
    names = definition.disk_names(guest.xml)
    copied = [name for target, name in names.items()
              if block and (terms.disks is None or target in terms.disks)]
    _check_start(state, guest, dest, copied)
    speed = min(state.hosts[source].bandwidth, state.hosts[dest].bandwidth,
                terms.bandwidth or math.inf)
    sizes = files.disks(*_split(files.of_guest(state, guest))) if copied else {}
    copy = model.Copy(
        memory=guest.memory_mb * model.MIB, bandwidth=speed * model.MIB,
        disk=sum(facts.allocated for name, facts in sizes.items() if name in copied),
        downtime=guest.downtime_ms / 1000, started=state.now, clock=state.now,
        trace=((state.now, guest.dirty_rate * model.MIB),),
        working_set=guest.working_set * model.MIB, paused=guest.state == PAUSED,
        auto_converge=Migrate.AUTO_CONVERGE in terms.flags)
    guests.add(state, replace(guest, host=dest, state=PAUSED, reason=MIGRATING, incoming=True,
                              source=source, storage=state.hosts[dest].storage, persistent=False,
                              since=None,
                              xml=terms.xml or guest.xml, downtime_ms=FIRST_DOWNTIME_MS))
    job = state.jobs[uuid] = Job(
        uuid, source, dest, copy, block, resume=guest.state == RUNNING,
        undefine=Migrate.UNDEFINE_SOURCE in terms.flags,
        persist=Migrate.PERSIST_DEST in terms.flags, may_switch=Migrate.POSTCOPY in terms.flags)
    return job


def _split(path: str) -> tuple[str, str]:
    root, _, name = path.rpartition('/')
    return root, name


def _check_start(state: State, guest: Guest, dest: str, copied: list[str]) -> None:
    there = state.hosts.get(dest)
    if active(state, guest.uuid):
        raise errors.invalid('another migration job is already running for the domain')
    if guest.state not in ACTIVE or guest.incoming:
        raise errors.invalid('domain is not running')
    if there is None or not there.up or link(guest.host, dest) in state.cuts:
        raise errors.failed(f"Failed to connect to remote libvirt URI: unable to connect to "
                            f"server at '{dest}'")
    if guests.find(state, dest, guest.uuid) is not None:
        raise errors.failed(f"domain '{guest.uuid}' is already defined on {dest}")
    names = list(definition.disk_names(guest.xml).values())
    half = replace(guest, host=dest, storage=there.storage)
    if copied and files.missing(state, half, copied):
        raise make_error(abi.Error.OPERATION_UNSUPPORTED,
                         'Operation not supported: pre-creation of storage targets for '
                         'incremental storage migration is not supported')
    shared = guest.storage == there.storage
    if not shared and set(names) - set(copied):
        raise make_error(abi.Error.MIGRATE_UNSAFE,
                         'Unsafe migration: Migration without shared storage is unsafe')


def active(state: State, uuid: str, source: str | None = None) -> Job | None:
    """The running migration of a guest (away from ``source``)."""
    job = state.jobs.get(uuid)
    wanted = job is not None and job.active and source in (None, job.source)
    return job if wanted else None


def departing(state: State, host: str) -> set[str]:
    """Guests that a running migration takes away from ``host``."""
    return {uuid for uuid in state.jobs if active(state, uuid, host)}


def get_active(state: State, uuid: str, source: str) -> Job:
    guests.get(state, source, uuid)
    job = active(state, uuid, source)
    if job is None:
        raise errors.invalid('no job is active on the domain')
    return job


def abort(state: State, uuid: str, source: str) -> None:
    job = get_active(state, uuid, source)
    if job.status == IN_POSTCOPY or job.landed:
        raise errors.invalid('cannot abort migration in post-copy mode')
    fail(state, job, "operation aborted: job 'migration out' canceled by client",
         abi.Error.OPERATION_ABORTED, CANCELLED)


def tune(state: State, uuid: str, source: str, bandwidth: float | None = None,
         downtime_ms: float | None = None) -> None:
    """Change the terms of a running copy, or of one to come: MiB/s, ms."""
    if downtime_ms is not None and active(state, uuid, source) is None:
        guests.get(state, source, uuid).downtime_ms = downtime_ms
        return
    job = get_active(state, uuid, source)
    if bandwidth is not None:
        job.copy = replace(job.copy, bandwidth=bandwidth * model.MIB)
    if downtime_ms is not None:
        job.copy = replace(job.copy, downtime=downtime_ms / 1000)


def switch_to_postcopy(state: State, uuid: str, source: str) -> None:
    """Let the guest run at the destination before its memory is there."""
    job = get_active(state, uuid, source)
    if not job.may_switch:
        raise errors.invalid('switching to post-copy mode requires migration to be started with '
                             'VIR_MIGRATE_POSTCOPY flag')
    if job.copy.phase != model.MEMORY or job.copy.frozen:
        raise errors.failed(f'no post-copy in the phase {job.copy.phase}')
    job.copy, job.status, job.switched = model.switch_to_postcopy(job.copy), IN_POSTCOPY, True
    guest, half = state.guests[uuid][job.source], state.guests[uuid][job.dest]
    guests.stand(state, guest, POSTCOPY)
    half.ran = guest.ran
    guests.run(state, half)


def stats(state: State, job: Job, operation: abi.Operation) -> dict[str, Any]:
    """What libvirt tells of a job. The speed stays as it was while a link is cut, as there."""
    copy = model.advance(job.copy, state.now if job.active else job.copy.clock)
    numbers = {'memory_total': copy.memory, 'memory_processed': copy.sent_memory,
               'memory_remaining': model.memory_left(copy), 'memory_bps': copy.bandwidth,
               'memory_dirty_rate': copy.dirty_rate / model.PAGE, 'memory_page_size': model.PAGE,
               'memory_iteration': copy.iteration, 'disk_total': copy.disk,
               'disk_processed': copy.sent_disk, 'disk_remaining': model.disk_left(copy),
               'time_elapsed': (copy.clock - copy.started) * 1000,
               'downtime': model.downtime_ms(copy)}
    if copy.auto_converge:
        numbers['auto_converge_throttle'] = copy.throttle
    kind = abi.Job.UNBOUNDED if job.active else abi.Job.COMPLETED
    return {'type': int(kind), 'operation': int(operation),
            **{name: int(number) for name, number in numbers.items()}}


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
        fail(state, job, 'operation failed: domain is not running' if guest.host == job.source
             else "operation failed: job 'migration out' failed: Unable to write to socket: Bad "
                  'file descriptor')


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
            fail(state, job, errors.CLOSED, abi.Error.INTERNAL_ERROR)


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


def fail(state: State, job: Job, reason: str, code: int = abi.Error.OPERATION_FAILED,
         status: str = FAILED) -> None:
    """The copy ends and the guest goes on where it was: also one that was stopped meanwhile, as
    libvirt lets everyone go on that ran when the copy began."""
    at = job.copy.clock
    job.status, job.reason, job.code, job.held = status, reason, code, ''
    guest = guests.find(state, job.source, job.uuid)
    if guest is not None and guest.state == PAUSED:
        if guest.reason == MIGRATING or guest.reason == BY_USER_MEANWHILE and job.resume:
            guests.run(state, guest, at)
        elif guest.reason == BY_USER_MEANWHILE:
            guest.reason = BY_USER
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
