# SPDX-License-Identifier: Apache-2.0
"""Heartbeats, and since when they arrive: see servicegroup.py for what follows from that."""
import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nova_lite import servicegroup
from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.db import clock, columns, models, rows

T = models.table_of(models.Service)
CONDUCTOR = 'nova-conductor'


def heartbeat() -> list[tuple[sa.Column, sa.ColumnElement]]:
    """What a heartbeat writes, in this order: MariaDB goes by the values that are new already. A
    gap before it is kept, since from then on it is heard of anew."""
    gap = servicegroup.gap(service_conf.down_time(CONF))
    anew = sa.or_(T.c.seen_since.is_(None), T.c.last_seen_up < clock.now(-gap))
    return [(T.c.seen_before, sa.case((anew, T.c.last_seen_up), else_=T.c.seen_before)),
            (T.c.seen_since, sa.case((anew, clock.now()), else_=T.c.seen_since)),
            (T.c.report_count, T.c.report_count + 1),
            (T.c.last_seen_up, clock.now()), (T.c.updated_at, clock.now())]


def hearing(s: Session) -> servicegroup.Hearing:
    found = rows.fetch_all(s, sa.select(
        clock.now().label('now'), T.c.last_seen_up, T.c.seen_since, T.c.seen_before)
        .where(*rows.living(T, binary=CONDUCTOR)))
    now = found[0]['now'] if found else clock.read(s)
    found = [row for row in found if not _is_unreadable(row)]
    return servicegroup.hearing(now, found, service_conf.down_time(CONF))


def _is_unreadable(row: rows.Row) -> bool:
    return any(isinstance(value, columns.Unreadable) for value in row.values())


def last_seen(row: rows.Row) -> datetime.datetime | None:
    """When the service was last heard of; None where that cannot be read."""
    return row['last_seen_up'] or None


def up_since(s: Session) -> datetime.datetime:
    """Who was last heard of before this moment is down."""
    return hearing(s).cutoff(service_conf.down_time(CONF))


def with_up(found: list[rows.Row], heard: servicegroup.Hearing) -> list[rows.Row]:
    """Rows of services, each with ``up`` and ``in_doubt``: silent, but nobody could be heard.
    While nothing is heard at all nobody can be used, and is shown so."""
    period = service_conf.down_time(CONF)
    late, dead = heard.now - datetime.timedelta(seconds=period), heard.cutoff(period)

    def judged(row: rows.Row) -> rows.Row:
        seen = None if row['forced_down'] else last_seen(row)
        in_doubt = seen is not None and dead <= seen < late
        return {'in_doubt': in_doubt, 'up': seen is not None and (
            seen >= late or in_doubt and not heard.deaf)}

    return [row | judged(row) for row in found]
