# SPDX-License-Identifier: Apache-2.0
"""[simulation]: the hosts, links and guests of the simulated hypervisor, which
[libvirt]connection_uri=simulated:/// chooses."""
from oslo_config import cfg

from nova_lite.conf import types

OPTS = [
    cfg.Opt('path', type=types.Path(), help="""
Directory in which simulated guests live on when their compute process ends, shared by the
processes of all simulated hosts. By default it is one that goes with the process.
"""),
    cfg.IntOpt('vcpus', default=16, min=1, max=4096, help='CPUs of a simulated host.'),
    cfg.IntOpt('memory_mb', default=65536, min=64, max=types.MOST,
               help='Memory of a simulated host in MiB.'),
    cfg.IntOpt('local_gb', default=500, min=0, max=types.MOST,
               help='Disk of a simulated host in GiB.'),
    cfg.StrOpt('cpu_model', default='sim-v2', choices=['sim-v1', 'sim-v2', 'sim-v3', 'sim-other'],
               help="""
CPU of a simulated host. A guest moves to the same model or a higher version; sim-other is of
another make.
"""),
    cfg.BoolOpt('shared_storage', default=False, help="""
Whether the simulated hosts see one instances directory.
"""),
    cfg.IntOpt('bandwidth', default=1024, min=1, max=types.MOST,
               help='Speed of a simulated link in MiB/s.'),
    cfg.IntOpt('dirty_rate', default=64, min=0, max=types.MOST, help="""
MiB/s that a simulated guest writes, unless its metadata sim:dirty_rate says otherwise.
"""),
    cfg.IntOpt('working_set', default=256, min=0, max=types.MOST, help="""
MiB of memory that a simulated guest writes to, unless its metadata sim:working_set says otherwise.
"""),
    cfg.Opt('time_scale', type=types.Float(min=0.001, max=1000), default=1.0, help="""
Seconds of real time for each simulated second.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS, group='simulation')


def list_opts() -> dict[str, list]:
    return {'simulation': OPTS}
