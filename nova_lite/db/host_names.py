# SPDX-License-Identifier: Apache-2.0
"""Which machine a host's name belongs to: the identity in the row of its compute service."""
from typing import Any

import sqlalchemy as sa

from nova_lite.db import liveness, models, resources, retry, rows, session

T = models.table_of(models.Service)


@retry.retried
def claim(host: str, identity: str, boot: str) -> rows.Row | None:
    """Make the name that of ``identity``, as the machine has it since its ``boot``, where it is
    nobody's, or its own and not in use by another boot. The row as it is when that is not so; None
    when it is, or when there is no such service yet."""
    mine = rows.living(T, host=host, binary=resources.COMPUTE)
    with session.writer() as s:
        free = sa.or_(T.c.identity.is_(None), sa.and_(
            T.c.identity == identity,
            sa.or_(T.c.boot_id == boot, T.c.boot_id.is_(None), T.c.last_seen_up.is_(None),
                   T.c.last_seen_up < liveness.up_since(s))))
        if rows.update(s, T, {'identity': identity, 'boot_id': boot}, *mine, free):
            return None
        return rows.fetch_first(s, T, *mine)


@retry.retried
def forget(host: str) -> bool | None:
    """Let the next machine have the name, unless its compute is up: False then; None when there
    is no such compute."""
    mine = rows.living(T, host=host, binary=resources.COMPUTE)
    with session.writer() as s:
        down = sa.or_(T.c.last_seen_up.is_(None), T.c.last_seen_up < liveness.up_since(s))
        if rows.update(s, T, {'identity': None, 'boot_id': None}, *mine, down):
            return True
        return False if rows.fetch_first(s, T, *mine) else None


def owned(identity: str | None) -> list[Any]:
    """Conditions: the row is that of ``identity``, or nobody's where it is None."""
    return [] if identity is None else [T.c.identity == identity]
