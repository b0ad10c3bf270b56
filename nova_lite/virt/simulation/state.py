# SPDX-License-Identifier: Apache-2.0
"""What there is in the simulated world: hosts, guests, their files, migration jobs, faults.

Plain data that can be written to a file and read back. Who changes it: guests.py, storage.py,
jobs.py and faults.py, always inside a transaction of world.py.
"""
import dataclasses
import functools
import json
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nova_lite.virt.simulation import model

TICKS_PER_SECOND = 10

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
MIGRATING = 'migration'
POSTCOPY = 'post-copy'
UNKNOWN = 'unknown'
MIGRATED = 'migrated'
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
    hypervisor_type: str = 'fake'
    hypervisor_version: int = 1000000
    address: str = ''
    up: bool = True
    images: dict[str, str] = field(default_factory=dict)    # digests of images that were replaced
    scripted: list[str] = field(default_factory=list)    # settings that were given by hand


@dataclass
class Guest:
    """One copy of a guest on one host. ``ran`` and ``since`` are its own clock: seconds that it
    ran before ``since``, the moment from which it has been running (None: it stands still)."""
    uuid: str
    host: str
    state: str
    boot_id: str                  # the same wherever the guest moves, another after each boot
    memory_mb: int
    vcpus: int
    reason: str = ''
    incoming: bool = False
    persistent: bool = True
    cpu_model: str = ''
    dirty_rate: float = 0.0       # MiB/s
    working_set: float = 0.0      # MiB
    ran: float = 0.0
    since: float | None = None
    memory_ok: bool = True        # what a checksum of its memory would say

    def uptime(self, now: float) -> float:
        """Seconds that the guest has run, as it sees them itself."""
        return self.ran + (now - self.since if self.since is not None else 0.0)

    def ticks(self, now: float) -> int:
        return int(self.uptime(now) * TICKS_PER_SECOND)


@dataclass
class Disk:
    name: str
    size: int                     # bytes that the guest sees
    allocated: int                # bytes that the file takes
    backing_file: str = ''
    base: str = ''                # digest of the backing file when the disk was made
    content: str = ''             # what is on it; '' for one that was made for a copy to come


@dataclass
class Directory:
    """The files of one guest on one storage. ``made_for`` names the migration that made it, as
    long as that is not over: a rollback removes no other."""
    disks: dict[str, Disk] = field(default_factory=dict)
    made_for: str = ''


@dataclass
class Job:
    """The last migration of a guest away from a host. ``resume`` tells whether it runs when it
    arrives, ``undefine`` whether the source forgets it then, ``persist`` whether the destination
    keeps its definition; ``cut_at`` is when the link between the two hosts went down,
    ``forced_at`` when it was forced to complete; ``held`` is the fault that keeps the copy where
    it is."""
    uuid: str
    source: str
    dest: str
    copy: model.Copy
    block: bool = False
    status: str = WORKING
    reason: str = ''
    resume: bool = True
    undefine: bool = True
    persist: bool = True
    cut_at: float | None = None
    forced_at: float | None = None
    held: str = ''
    begun: bool = False
    landed: bool = False          # the guest is at the destination, the source not cleared yet
    switched: bool = False        # to post-copy, at some time
    failed_postcopy: bool = False
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
class State:
    now: float = 0.0
    hosts: dict[str, Host] = field(default_factory=dict)
    guests: dict[str, dict[str, Guest]] = field(default_factory=dict)        # uuid, host
    storages: dict[str, dict[str, Directory]] = field(default_factory=dict)  # storage, uuid
    probes: dict[str, list[str]] = field(default_factory=dict)               # storage
    jobs: dict[str, Job] = field(default_factory=dict)                       # uuid
    cuts: dict[str, Cut] = field(default_factory=dict)                       # link()
    orphans: dict[str, list[list[str]]] = field(default_factory=dict)        # link(): uuid, host
    faults: dict[str, Fault] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    epoch: float = 0.0            # real time at which the world's clock showed ``epoch_now``
    epoch_now: float = 0.0
    time_scale: float = 1.0


def link(one: str, other: str) -> str:
    """The name of the link between two hosts."""
    return '|'.join(sorted((one, other)))


def dump(state: State) -> str:
    return json.dumps(state, default=vars)


def load(text: str) -> State:
    return _maker(State)(json.loads(text))


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


def _as_it_is(data: Any) -> Any:
    return data
