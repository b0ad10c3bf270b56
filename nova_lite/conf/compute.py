# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: what a compute host runs, how much of it, and how many guests may move at once."""
from oslo_config import cfg

from nova_lite.conf import types

OPTS = [
    cfg.Opt('instances_path', type=types.Path(), default='$state_path/instances', help="""
Directory of the guests' files, one directory a guest. It may be one directory shared by all hosts
on a cluster file system.
"""),
    cfg.IntOpt('max_concurrent_live_migrations', default=1, min=0, max=types.MOST, mutable=True,
               help="""
How many guests may leave this host at once; the others wait in a queue. 0: no limit.
"""),
    cfg.IntOpt('max_concurrent_incoming_live_migrations', default=0, min=0, max=types.MOST,
               mutable=True, help="""
How many guests may come to this host at once; the others wait in their sources' queues. 0: no
limit.
"""),
    cfg.Opt('cpu_allocation_ratio', type=types.Float(min=0.1, max=1000), default=4.0, help="""
Virtual CPUs promised for each CPU of the host.
"""),
    cfg.Opt('ram_allocation_ratio', type=types.Float(min=0.1, max=1000), default=1.0, help="""
Memory promised for each MiB of the host.
"""),
    cfg.Opt('disk_allocation_ratio', type=types.Float(min=0.1, max=1000), default=1.0, help="""
Disk promised for each GiB of the host.
"""),
    cfg.IntOpt('reserved_host_memory_mb', default=512, min=0, max=types.MOST, help="""
Memory in MiB that is kept for the host itself.
"""),
    cfg.IntOpt('reserved_host_disk_mb', default=0, min=0, max=types.MOST, help="""
Disk in MiB that is kept for the host itself.
"""),
    cfg.Opt('default_availability_zone', type=types.Name(), default='nova', help="""
Availability zone of every host.
"""),
    cfg.IntOpt('shutdown_timeout', default=60, min=0, max=types.LONGEST, help="""
Seconds a guest may take to shut down before it is powered off.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS)


def list_opts() -> dict[str, list]:
    return {'DEFAULT': OPTS}
