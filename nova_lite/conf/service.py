# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: heartbeats, timeouts of remote calls, stopping."""
from oslo_config import cfg

from nova_lite.conf import types

OPTS = [
    cfg.IntOpt('report_interval', default=10, min=1, max=types.LONGEST, help="""
Seconds between two heartbeats of a service.
"""),
    cfg.IntOpt('service_down_time', default=60, min=2, max=types.LONGEST, help="""
A service whose last heartbeat is older than this many seconds is down. Where it is not longer than
report_interval, two and a half times report_interval is used.
"""),
    cfg.IntOpt('lost_host_timeout', default=300, min=0, max=types.LONGEST, help="""
Seconds that a migration which has begun waits for a host that is down: the destination, when it
has to confirm the guest, or the source, when its compute service is gone. It then ends in error,
with what is known, and nothing is started or removed. A service that is forced down is not waited
for.
"""),
    cfg.IntOpt('long_rpc_timeout', default=1800, min=1, max=types.LONGEST, help="""
Seconds that a remote call may take which checks or prepares a migration. The server sends
heartbeats meanwhile, so a dead server is noticed after rpc_response_timeout.
"""),
    cfg.IntOpt('graceful_shutdown_timeout', default=20, min=0, max=types.LONGEST, help="""
Seconds that a process may take to end after SIGTERM. A running copy is not waited for: the next
process takes it up again.
"""),
    cfg.IntOpt('sync_power_state_interval', default=600, min=-1, max=types.LONGEST, help="""
Seconds between two comparisons of the servers' power states with the hypervisor; -1 never.
"""),
    cfg.IntOpt('update_resources_interval', default=60, min=1, max=types.LONGEST, help="""
Seconds between two looks at this host's resources, which are reported when they have changed, and
every ten minutes.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS)


def down_time(conf: cfg.ConfigOpts) -> float:
    """Seconds after which a silent service is down (Nova's rule for a short service_down_time)."""
    if conf.service_down_time > conf.report_interval:
        return conf.service_down_time
    return int(2.5 * conf.report_interval)


def list_opts() -> dict[str, list]:
    return {'DEFAULT': OPTS}
