# SPDX-License-Identifier: Apache-2.0
"""Flavors by filter."""
from typing import Any

import sqlalchemy as sa

from nova_lite.db import models, rows

T = models.table_of(models.Flavor)
MINIMA = {'min_memory_mb': 'memory_mb', 'min_root_gb': 'root_gb'}


def by_filters(filters: dict[str, Any], key: str, direction: str, limit: int | None,
               marker: str | None) -> list[rows.Row]:
    """Flavors by column value, plus ``min_memory_mb`` and ``min_root_gb``; the marker is a
    flavorid."""
    statement = sa.select(T).where(*rows.living(T))
    for name, wanted in filters.items():
        if name in MINIMA:
            statement = statement.where(T.c[MINIMA[name]] >= wanted)
        else:
            statement = statement.where(rows.equals(rows.column(T, name), wanted))
    public = [T.c.is_public.is_(True)] if filters.get('is_public') else []
    return rows.page(statement, rows.Order(T, [key], [direction]), marker, limit, 'flavorid',
                     public)
