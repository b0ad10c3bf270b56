# SPDX-License-Identifier: Apache-2.0
"""The numbers of libvirt's public interface that a migration turns on, under their own names.

They never change (they are its ABI), so the modules that only decide work where libvirt-python is
not installed. A test compares them with the library.
"""
import enum


class Migrate(enum.IntFlag):
    """VIR_MIGRATE_*"""
    LIVE = 1
    PEER2PEER = 1 << 1
    TUNNELLED = 1 << 2
    PERSIST_DEST = 1 << 3
    UNDEFINE_SOURCE = 1 << 4
    NON_SHARED_INC = 1 << 7
    AUTO_CONVERGE = 1 << 13
    POSTCOPY = 1 << 15
    TLS = 1 << 16
    PARALLEL = 1 << 17
    POSTCOPY_RESUME = 1 << 19


class Param:
    """VIR_MIGRATE_PARAM_*"""
    URI = 'migrate_uri'
    DEST_XML = 'destination_xml'
    PERSIST_XML = 'persistent_xml'
    BANDWIDTH = 'bandwidth'
    BANDWIDTH_POSTCOPY = 'bandwidth.postcopy'
    MIGRATE_DISKS = 'migrate_disks'
    PARALLEL_CONNECTIONS = 'parallel.connections'


class Error(enum.IntEnum):
    """VIR_ERR_*; NONE is ours, for what did not come from libvirt."""
    NONE = 0
    INTERNAL_ERROR = 1
    NO_SUPPORT = 3
    INVALID_ARG = 8
    OPERATION_FAILED = 9
    XML_ERROR = 27
    SYSTEM_ERROR = 38
    NO_DOMAIN = 42
    OPERATION_INVALID = 55
    OPERATION_ABORTED = 78
    MIGRATE_UNSAFE = 81
    OPERATION_UNSUPPORTED = 84


class State(enum.IntEnum):
    """VIR_DOMAIN_* (virDomainState)"""
    NOSTATE = 0
    RUNNING = 1
    BLOCKED = 2
    PAUSED = 3
    SHUTDOWN = 4
    SHUTOFF = 5
    CRASHED = 6
    PMSUSPENDED = 7


class Running(enum.IntEnum):
    """VIR_DOMAIN_RUNNING_*: in post-copy it is the destination that runs."""
    POSTCOPY = 10
    POSTCOPY_FAILED = 11


class Paused(enum.IntEnum):
    """VIR_DOMAIN_PAUSED_*"""
    USER = 1
    MIGRATION = 2
    IOERROR = 5
    STARTING_UP = 11
    POSTCOPY = 12
    POSTCOPY_FAILED = 13


class Shutoff(enum.IntEnum):
    """VIR_DOMAIN_SHUTOFF_*"""
    UNKNOWN = 0
    SHUTDOWN = 1
    DESTROYED = 2
    CRASHED = 3
    MIGRATED = 4
    SAVED = 5
    FAILED = 6
    FROM_SNAPSHOT = 7
    DAEMON = 8


class Job(enum.IntEnum):
    """VIR_DOMAIN_JOB_* (virDomainJobType)"""
    NONE = 0
    BOUNDED = 1
    UNBOUNDED = 2
    COMPLETED = 3
    FAILED = 4
    CANCELLED = 5


class Xml(enum.IntFlag):
    """VIR_DOMAIN_XML_*"""
    SECURE = 1
    INACTIVE = 2
    MIGRATABLE = 8


class Undefine(enum.IntFlag):
    """VIR_DOMAIN_UNDEFINE_*"""
    MANAGED_SAVE = 1
    SNAPSHOTS_METADATA = 2
    NVRAM = 4
    CHECKPOINTS_METADATA = 16


class Lifecycle(enum.IntEnum):
    """VIR_DOMAIN_EVENT_* (virDomainEventType)"""
    DEFINED = 0
    UNDEFINED = 1
    STARTED = 2
    SUSPENDED = 3
    RESUMED = 4
    STOPPED = 5


# (VIR_DOMAIN_EVENT_X, VIR_DOMAIN_EVENT_X_Y): what a migration does to a guest
STARTED_MIGRATED = (2, 1)
SUSPENDED_MIGRATED = (3, 1)
SUSPENDED_POSTCOPY = (3, 7)
RESUMED_MIGRATED = (4, 1)
RESUMED_POSTCOPY = (4, 3)
STOPPED_MIGRATED = (5, 3)


class EventId(enum.IntEnum):
    """VIR_DOMAIN_EVENT_ID_*"""
    LIFECYCLE = 0
    MIGRATION_ITERATION = 20
    JOB_COMPLETED = 21


LIST_ACTIVE = 1                 # VIR_CONNECT_LIST_DOMAINS_ACTIVE
START_FORCE_BOOT = 8            # VIR_DOMAIN_START_FORCE_BOOT
MEMORY_STATS_ALL_CELLS = -1     # VIR_NODE_MEMORY_STATS_ALL_CELLS


class Operation(enum.IntEnum):
    """VIR_DOMAIN_JOB_OPERATION_*"""
    MIGRATION_IN = 4
    MIGRATION_OUT = 5


class Compare(enum.IntEnum):
    """VIR_CPU_COMPARE_*"""
    INCOMPATIBLE = 0
    IDENTICAL = 1
    SUPERSET = 2
