# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: how a destination is searched for."""
from oslo_config import cfg

from nova_lite.conf import types

OPTS = [
    cfg.IntOpt('migrate_max_retries', default=-1, min=-1, max=types.MOST, help="""
How many further hosts are tried when one refuses a migration. -1: until none is left; 0: one try.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS)


def list_opts() -> dict[str, list]:
    return {'DEFAULT': OPTS}
