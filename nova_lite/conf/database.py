# SPDX-License-Identifier: Apache-2.0
"""[database]: oslo.db's own options, for the processes that open the database.

A compute does not: it never registers this section, so a password put there by mistake is not
read. oslo.db itself documents the options (``--namespace oslo.db`` of oslo-config-generator).
"""
from oslo_config import cfg


def register_opts(conf: cfg.ConfigOpts) -> None:
    from oslo_db import options
    conf.register_opts(options.database_opts, group='database')
