# SPDX-License-Identifier: Apache-2.0
"""The version of the tables: what the database has, what the code needs, the way from one to the
other. Alembic's revisions lie in db/migrations/versions."""
from typing import Any

from alembic import command, config, script
from alembic.runtime import migration

from nova_lite import exception
from nova_lite.db import session

LOCATION = 'nova_lite.db:migrations'


def sync(revision: str = 'head') -> None:
    """Make or upgrade the tables, in one transaction where the database can."""
    with session.writer() as s:
        command.upgrade(_config(s.connection()), revision)


def version() -> str | None:
    """The revision that the database has; None for an empty one."""
    with session.reader() as s:
        return migration.MigrationContext.configure(s.connection()).get_current_revision()


def head() -> str:
    """The revision that the code needs."""
    newest = script.ScriptDirectory.from_config(_config(None)).get_current_head()
    if newest is None:
        raise RuntimeError('nova_lite.db.migrations holds no revision')
    return newest


def check() -> None:
    """ConfigInvalid when the tables are not those that the code needs."""
    if (found := version()) != (needed := head()):
        raise exception.ConfigInvalid(
            reason=f'the database is at version {found or "none"}, this release needs {needed}; '
                   'run: nova-lite-manage db sync')


def _config(connection: Any) -> config.Config:
    cfg = config.Config()
    cfg.set_main_option('script_location', LOCATION)
    cfg.attributes['connection'] = connection
    return cfg
