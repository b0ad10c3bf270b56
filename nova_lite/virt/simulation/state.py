# SPDX-License-Identifier: Apache-2.0
"""What there is in the simulated world: hosts, guests, migration jobs, faults.

Plain data that can be written to files and read back. A host's own data is a Part, which lies in a
file of its own; what belongs to no host is Shared. A transaction of world.py puts the parts that
it has locked together to a State, in which guests.py, jobs.py and faults.py act.
"""
import dataclasses
import functools
import json
import types
import typing
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nova_lite.virt.simulation import model

T = TypeVar('T')
TICKS_PER_SECOND = 10
FIRST_DOWNTIME_MS = 300       # QEMU's own, until another is set

RUNNING = 'running'
PAUSED = 'paused'
SHUTOFF = 'shutoff'
CRASHED = 'crashed'
SAVED = 'saved'
ACTIVE = (RUNNING, PAUSED)

# how a migration stands
WORKING = 'running'
IN_POSTCOPY = 'post-copy'
COMPLETED = 'completed'
FAILED = 'failed'
CANCELLED = 'cancelled'
LOST = 'lost'

# why a guest is paused, or off
BY_USER = 'user'
BY_USER_MEANWHILE = 'user, during a migration'
MIGRATING = 'migration'
POSTCOPY = 'post-copy'
POSTCOPY_FAILED = 'post-copy failed'
UNKNOWN = 'unknown'
MIGRATED = 'migrated'
SHUT_DOWN = 'shut down'
DESTROYED = 'destroyed'
NOT_MOVING = ('', BY_USER)    # reasons of a guest that lives where it is


@dataclass
class Host:
    """A host and its hypervisor. ``storage`` names the instances directory that it sees: hosts
    with the same one share it. ``bandwidth`` is that of its link in MiB/s."""
    name: str
    vcpus: int = 16
    memory_mb: int = 65536
    local_gb: int = 500
    storage: str = ''
    bandwidth: float = 1024
    cpu_model: str = 'sim-v2'
    hypervisor_type: str = 'QEMU'
    hypervisor_version: int = 10000000
    up: bool = True
    held: bool = False            # its libvirtd answers nobody, as when stopped by a signal
    scripted: list[str] = field(default_factory=list)    # settings that were given by hand


@dataclass
class Guest:
    """One copy of a guest on one host. ``ran`` and ``since`` are its own clock: seconds that it
    ran before ``since``, the moment from which it has been running (None: it stands still).
    ``source`` is the host from which a half is coming."""
    uuid: str
    host: str
    state: str
    xml: str                      # its definition
    boot_id: str = ''             # the same wherever the guest moves, another after each boot
    memory_mb: int = 0
    vcpus: int = 1
    reason: str = ''
    incoming: bool = False
    source: str = ''
    persistent: bool = True
    cpu_model: str = ''
    storage: str = ''             # that its disks are open on, since it was started
    dirty_rate: float = 0.0       # MiB/s
    working_set: float = 0.0      # MiB
    ran: float = 0.0
    since: float | None = None
    memory_ok: bool = True        # what a checksum of its memory would say
    downtime_ms: float = FIRST_DOWNTIME_MS    # that its next copy may take

    def uptime(self, now: float) -> float:
        """Seconds that the guest has run, as it sees them itself."""
        return self.ran + (now - self.since if self.since is not None else 0.0)

    def ticks(self, now: float) -> int:
        return int(self.uptime(now) * TICKS_PER_SECOND)


@dataclass
class Job:
    """The last migration of a guest away from a host. ``resume`` tells whether it runs when it
    arrives, ``undefine`` whether the source forgets it then, ``persist`` whether the destination
    keeps its definition; ``cut_at`` is when the link between the two hosts went down; ``held`` is
    the fault that keeps the copy where it is; ``may_switch``: it may be switched to post-copy."""
    uuid: str
    source: str
    dest: str
    copy: model.Copy
    block: bool = False
    status: str = WORKING
    reason: str = ''
    code: int = 0                 # libvirt's, of a failure
    resume: bool = True
    undefine: bool = True
    persist: bool = True
    may_switch: bool = False
    cut_at: float | None = None
    held: str = ''
    begun: bool = False
    landed: bool = False          # the guest is at the destination, the source not cleared yet
    switched: bool = False        # to post-copy, at some time
    failed_postcopy: bool = False
    announced: bool = False       # its completion, by an event
    met: list[str] = field(default_factory=list)    # faults that it has met

    @property
    def active(self) -> bool:
        return self.status in (WORKING, IN_POSTCOPY)


@dataclass
class Fault:
    """A fault that was ordered: what happens when ``step`` is reached (see faults.py)."""
    id: str
    step: str
    action: str = 'fail'
    host: str = ''                # '' for every host
    uuid: str = ''                # '' for every guest
    error: str = ''               # class of nova_lite.exception; '' for the action's own
    times: int = 0                # how often; 0 for ever
    hits: int = 0
    released: bool = False


@dataclass
class Cut:
    """A link that is down since ``since``. ``sticky``: a post-copy that was cut stays stuck."""
    since: float
    sticky: bool = False


@dataclass
class Part:
    """All that is of one host. ``seen``: state and reason of each guest, in libvirt's numbers,
    when the part was last saved; ``events``: the newest (number, uuid, kind, detail)."""
    host: Host
    now: float = 0.0
    guests: dict[str, Guest] = field(default_factory=dict)      # uuid
    jobs: dict[str, Job] = field(default_factory=dict)          # uuid; away from here
    seen: dict[str, list[int]] = field(default_factory=dict)
    events: list[list[Any]] = field(default_factory=list)


@dataclass
class Shared:
    cuts: dict[str, Cut] = field(default_factory=dict)                       # link()
    orphans: dict[str, list[list[str]]] = field(default_factory=dict)        # link(): uuid, host
    faults: dict[str, Fault] = field(default_factory=dict)
    epoch: float = 0.0            # real time at which the world's clock showed ``epoch_now``
    epoch_now: float = 0.0
    time_scale: float = 1.0

    @property
    def quiet(self) -> bool:
        """Nothing in it can change by what happens on hosts."""
        return not (self.cuts or self.orphans or self.faults)


@dataclass
class State:
    """``hosts``, ``guests`` and ``jobs`` are those of the hosts that the transaction has locked.
    ``root``: the world's directory, with the hosts' storage in it."""
    root: str
    shared: Shared
    now: float = 0.0
    hosts: dict[str, Host] = field(default_factory=dict)
    guests: dict[str, dict[str, Guest]] = field(default_factory=dict)        # uuid, host
    jobs: dict[str, Job] = field(default_factory=dict)                       # uuid
    violations: list[str] = field(default_factory=list)                      # new ones

    @property
    def faults(self) -> dict[str, Fault]:
        return self.shared.faults

    @property
    def cuts(self) -> dict[str, Cut]:
        return self.shared.cuts

    @property
    def orphans(self) -> dict[str, list[list[str]]]:
        return self.shared.orphans

    @property
    def time_scale(self) -> float:
        return self.shared.time_scale


def gather(root: str, shared: Shared, parts: list[Part], now: float) -> State:
    """The parts as one."""
    state = State(root, shared, max([now, *(part.now for part in parts)]))
    for part in parts:
        state.hosts[part.host.name] = part.host
        for guest in part.guests.values():
            state.guests.setdefault(guest.uuid, {})[guest.host] = guest
        for job in part.jobs.values():
            other = state.jobs.get(job.uuid)
            if other is None or (job.active, job.copy.started) > (other.active,
                                                                  other.copy.started):
                state.jobs[job.uuid] = job
    return state


def scatter(state: State, parts: list[Part]) -> None:
    """Put into each part what is of its host now."""
    for part in parts:
        name = part.host.name
        part.guests = {uuid: copies[name] for uuid, copies in state.guests.items()
                       if name in copies}
        # of a guest that was copied away from several of the hosts only the last copy counts
        part.jobs = {uuid: job for uuid, job in state.jobs.items() if job.source == name}


def link(one: str, other: str) -> str:
    """The name of the link between two hosts."""
    return '|'.join(sorted((one, other)))


def dump(data: Part | Shared) -> str:
    """All but the time, which alone is no change."""
    return json.dumps({name: value for name, value in vars(data).items() if name != 'now'},
                      default=vars)


def load(kind: type[T], text: str) -> T:
    maker: Callable[[Any], T] = _maker(typing.cast(Hashable, kind))
    return maker(json.loads(text))


# Any: a type, or a union or a dict of types, which are of no type that has a name
@functools.cache
def _maker(kind: Any) -> Callable[[Any], Any]:
    """What makes ``kind``, a type of this module's fields, out of what JSON made of it."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        make = _maker(args[0])
        return lambda data: None if data is None else make(data)
    if origin is dict:
        make = _maker(args[1])
        if make is _as_it_is:
            return make
        return lambda data: {key: make(value) for key, value in data.items()}
    if origin in (list, tuple):
        make = _maker(args[0])
        return lambda data: origin(map(make, data))
    return _maker_of_class(kind) if dataclasses.is_dataclass(kind) else _as_it_is


# Any: a class of data
def _maker_of_class(kind: Any) -> Callable[[dict[str, Any]], Any]:
    hints = typing.get_type_hints(kind)
    makers = {field.name: make for field in dataclasses.fields(kind)
              if (make := _maker(hints[field.name])) is not _as_it_is}

    def make_one(data: dict[str, Any]) -> Any:
        for name, make in makers.items():
            if name in data:
                data[name] = make(data[name])
        return kind(**data)

    return make_one


def _as_it_is(data: T) -> T:
    return data
