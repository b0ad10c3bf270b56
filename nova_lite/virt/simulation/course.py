# SPDX-License-Identifier: Apache-2.0
"""The course of simulated migrations: the guest stops, arrives, the source is cleared, or not.

``settle`` is called by every transaction first: whoever looks next brings about what was due, as
of the moment when it was due, whichever process started the job and whether it is still there.
"""
import math

from nova_lite.virt.libvirt import abi
from nova_lite.virt.simulation import definition, errors, faults, files, guests, jobs, model
from nova_lite.virt.simulation.state import (
    BY_USER,
    COMPLETED,
    IN_POSTCOPY,
    LOST,
    MIGRATED,
    MIGRATING,
    POSTCOPY_FAILED,
    RUNNING,
    SHUT_DOWN,
    SHUTOFF,
    UNKNOWN,
    Job,
    State,
)

KEEPALIVE = 28.0          # s until libvirt gives up a silent connection (5 times 5, and some)
CHECKPOINT = 500          # passes after which a look alone saves how far a copy is


def settle(state: State, now: float, save: bool) -> bool:
    """Bring about all that is due by ``now``. ``save``: write down how far each copy is, since
    its terms are going to change. Returns whether anything happened."""
    happened = False
    for job in [job for job in state.jobs.values() if job.active and _at_hand(state, job)]:
        happened = _settle(state, job, now, save) or happened
    state.now = now
    return happened


def _at_hand(state: State, job: Job) -> bool:
    """Nothing is brought about on a host that is not locked: who looks at that one will do it."""
    return job.source in state.hosts and job.dest in state.hosts


def due(state: State, job: Job) -> float:
    """The next moment at which something may have to be brought about for ``job``."""
    if not job.active:
        return math.inf
    copy = model.advance(job.copy, state.now)
    return min(model.due(copy, _mark(state, job)[1]), _gives_up_at(job))


def next_due(state: State) -> float:
    """The same for all jobs."""
    return min((due(state, job) for job in state.jobs.values() if job.active), default=math.inf)


def _settle(state: State, job: Job, now: float, save: bool) -> bool:
    happened = False
    if not job.begun:
        job.begun = happened = True
        _meet(state, job, faults.START)
    while job.active:
        if job.landed and not job.held:
            _finish(state, job)
            return True
        percent, mark = _mark(state, job)
        before, job.copy = job.copy, model.advance(job.copy, min(now, _gives_up_at(job)), mark)
        state.now = job.copy.clock
        if before.phase != model.SWITCHOVER == job.copy.phase:
            _stop(state, job)
        elif job.copy.phase == model.ARRIVED and not job.landed:
            _land(state, job)
        elif model.met(job.copy, mark):
            _meet(state, job, str(percent))
        elif job.copy.clock >= _gives_up_at(job):
            _give_up(state, job)
        else:
            if not save and job.copy.iteration - before.iteration < CHECKPOINT:
                job.copy = before
            break
        happened = True
    return happened


def _mark(state: State, job: Job) -> tuple[int | None, float]:
    """The next per cent at which a fault waits, and the bytes sent by then. One that is passed
    already is met at once."""
    percent = faults.next_percent(state, job.source, job.uuid, job.met)
    if percent is None:
        return None, math.inf
    return percent, max(model.mark_at(job.copy, percent), job.copy.sent + 2)


def _stop(state: State, job: Job) -> None:
    """The rest is so small that the guest can stand still for it."""
    guest = state.guests[job.uuid][job.source]
    if guest.state == RUNNING:
        guests.stand(state, guest, MIGRATING)
    _meet(state, job, faults.SWITCHOVER)


def _land(state: State, job: Job) -> None:
    """The guest is whole at the destination and goes on there; the source has not been told."""
    guest, half = state.guests[job.uuid][job.source], state.guests[job.uuid][job.dest]
    if job.status != IN_POSTCOPY:
        half.ran, half.memory_ok = guest.ran, guest.memory_ok
    half.incoming, half.persistent, half.source = False, job.persist, ''
    if job.block:
        files.copy_contents(state, guest, half, list(definition.disk_names(guest.xml).values()))
    if job.resume:
        guests.run(state, half)
    else:
        half.reason = BY_USER
    job.landed = True
    _meet(state, job, faults.FINISH)


def _finish(state: State, job: Job) -> None:
    """The source learns that the guest has arrived, and forgets it."""
    job.status = COMPLETED
    guest = state.guests[job.uuid][job.source]
    if job.failed_postcopy:    # libvirt had given up before: the definition stays behind
        guest.state, guest.reason = SHUTOFF, ''
    elif job.undefine:
        guests.remove(state, job.source, job.uuid)
    else:
        guests.freeze(state, guest)
        guest.state, guest.reason = SHUTOFF, MIGRATED


def _meet(state: State, job: Job, moment: str) -> None:
    """A fault may be waiting at this moment of the copy."""
    fault = faults.meet(state, f'{faults.MOVE}@{moment}', job.source, job.uuid, job.met)
    if fault is None:
        return
    if fault.action == faults.HANG:
        job.held = fault.id
        jobs.set_frozen(job)
    elif job.landed and fault.action in (faults.FAIL, faults.LOSE_LINK):
        _lose(state, job)
        if fault.action == faults.LOSE_LINK:
            jobs.cut(state, job.source, job.dest)
    elif fault.action == faults.FAIL:
        jobs.fail(state, job, f'operation failed: simulated failure at {moment}')
    elif fault.action == faults.LOSE_LINK:
        jobs.cut(state, job.source, job.dest)
    elif fault.action == faults.KILL_DESTINATION:
        jobs.guest_ended(state, state.guests[job.uuid][job.dest])
    else:
        guest = state.guests[job.uuid][job.source]
        guests.freeze(state, guest)
        guest.state, guest.reason = SHUTOFF, SHUT_DOWN
        jobs.guest_ended(state, guest)


def _lose(state: State, job: Job) -> None:
    """The word that the guest has arrived does not get through to the source."""
    job.status, job.code = LOST, abi.Error.INTERNAL_ERROR
    job.reason = 'the connection was lost while the guest was handed over'
    state.guests[job.uuid][job.source].reason = UNKNOWN


def _gives_up_at(job: Job) -> float:
    if job.cut_at is None or job.failed_postcopy:
        return math.inf
    return job.cut_at + KEEPALIVE


def _give_up(state: State, job: Job) -> None:
    if job.status == IN_POSTCOPY:
        job.failed_postcopy = True
        state.guests[job.uuid][job.source].reason = POSTCOPY_FAILED
    elif job.landed:
        _lose(state, job)
    else:
        jobs.fail(state, job, errors.CLOSED, abi.Error.INTERNAL_ERROR)
