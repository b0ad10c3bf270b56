# SPDX-License-Identifier: Apache-2.0
"""[database]: oslo.db's own options, for the processes that open the database.

A compute does not: it never registers this section, so a password put there by mistake is not
read. oslo.db itself documents the options (``--namespace oslo.db`` of oslo-config-generator).
"""
from oslo_config import cfg

# As many requests as a conductor serves at once want a connection for a moment each. What is
# beyond the pool is opened for one transaction and closed after it, and a new connection to
# MariaDB costs some ten times the transaction: the certificates of the system are read for it.
POOL_SIZE, OVERFLOW = 30, 20


def set_defaults() -> None:
    """Ours where oslo.db's are for few requests at once; also for the sample."""
    from oslo_db import options
    cfg.set_defaults(options.database_opts, max_pool_size=POOL_SIZE, max_overflow=OVERFLOW)


def register_opts(conf: cfg.ConfigOpts) -> None:
    from oslo_db import options
    set_defaults()
    conf.register_opts(options.database_opts, group='database')
