# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: who this host is and where it keeps its things."""
import socket

from oslo_config import cfg

from nova_lite.conf import types

OPTS = [
    cfg.HostAddressOpt('host', default=socket.gethostname(), sample_default='compute1', help="""
Name of this host in the database, in the message queue and in the API. It must be one that other
hosts can resolve, since the source of a migration connects to the destination's libvirt by it.
"""),
    cfg.IPOpt('my_ip', default='127.0.0.1', help="""
Address of this host, shown as host_ip of the hypervisor and dest_host of a migration.
"""),
    cfg.Opt('state_path', type=types.Path(), default='/var/lib/nova-lite', help="""
Directory for what must outlive a restart.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS)


def list_opts() -> dict[str, list]:
    return {'DEFAULT': OPTS}
