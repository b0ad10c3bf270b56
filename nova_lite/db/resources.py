# SPDX-License-Identifier: Apache-2.0
"""What each host has and what it has promised, so that two moves cannot take the last place.

The promise is one conditional UPDATE of the host's row, which the database orders for us; the
claim row says for whom, so that it can be given back or handed over. Both change in one
transaction, hence the used columns are at all times what is reserved plus the sum of the claims.
"""
import math
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from oslo_utils import uuidutils
from sqlalchemy.orm import Session

from nova_lite import exception
from nova_lite.db import liveness, models, retry, rows, session
from nova_lite.migration import migration_states

NODES = models.table_of(models.ComputeNode)
CLAIMS = models.table_of(models.Claim)
INSTANCES = models.table_of(models.Instance)
MIGRATIONS = models.table_of(models.Migration)
SERVICES = models.table_of(models.Service)
COMPUTE = 'nova-compute'

# what is claimed: claim column -> (used, free or None, total, allocation ratio, unit)
KINDS = {
    'memory_mb': (NODES.c.memory_mb_used, NODES.c.free_ram_mb, NODES.c.memory_mb,
                  NODES.c.ram_allocation_ratio, 'MiB of memory'),
    'vcpus': (NODES.c.vcpus_used, None, NODES.c.vcpus, NODES.c.cpu_allocation_ratio, 'vCPUs'),
    'disk_gb': (NODES.c.local_gb_used, NODES.c.free_disk_gb, NODES.c.local_gb,
                NODES.c.disk_allocation_ratio, 'GiB of disk'),
}


# -- claims -----------------------------------------------------------------------------------
@retry.once_more_on_duplicate
@retry.retried
def claim(host: str, consumer_uuid: str, **amounts: int) -> rows.Row:
    """Promise ``vcpus``, ``memory_mb`` and ``disk_gb`` of ``host``; once more changes nothing.

    ComputeHostNotFound, InsufficientResources; InvalidMigrationState, InstanceNotFound when the
    consumer is a migration that is over or a server that is gone; InstanceInvalidState when it is
    a server that has another host meanwhile.
    """
    with session.writer() as s:
        _refuse_what_is_over(s, host, consumer_uuid)
        mine = rows.fetch_first(s, CLAIMS, CLAIMS.c.consumer_uuid == consumer_uuid,
                                CLAIMS.c.host == host)
        if mine is not None:
            return mine
        if not _take(s, host, amounts, *_fits(amounts)):
            raise _refusal(s, host, amounts)
        return rows.insert(s, CLAIMS, {'host': host, 'consumer_uuid': consumer_uuid, **amounts})


def _refuse_what_is_over(s: Session, host: str, consumer_uuid: str) -> None:
    """A request may be answered long after its caller has given up: whoever ended the consumer
    has given back what it held, and nobody would give back what is claimed after that.

    The row is locked, by its key alone, so that its end comes wholly before or after the claim.
    """
    migration = _locked(s, MIGRATIONS, consumer_uuid)
    if migration is not None and migration['status'] in migration_states.FINAL:
        raise exception.InvalidMigrationState(
            migration_id=migration['id'], instance_uuid=migration['instance_uuid'],
            state=migration['status'], method='claim')
    if migration is None:
        server = _locked(s, INSTANCES, consumer_uuid)
        if server is not None and server['deleted']:
            raise exception.InstanceNotFound(instance_id=consumer_uuid)
        if server is not None and server['host'] not in (None, host):
            raise exception.InstanceInvalidState(
                instance_uuid=consumer_uuid, attr='host', state=server['host'],
                method=f'claim on {host}')


def _locked(s: Session, t: sa.Table, uuid: str) -> rows.Row | None:
    """A lock by what may not be there would hold back others that write there."""
    row_id = s.scalar(sa.select(t.c.id).where(t.c.uuid == uuid))
    if row_id is None:
        return None
    return rows.fetch_all(s, sa.select(t).where(t.c.id == row_id).with_for_update())[0]


@retry.retried
def drop_claim(consumer_uuid: str, host: str | None) -> None:
    with session.writer() as s:
        drop_claims(s, [consumer_uuid], host)


def drop_claims(s: Session, consumer_uuids: list[str], host: str | None = None,
                but: str | None = None) -> list[rows.Row]:
    """Give back what these consumers hold, on ``host`` only when it is given, and not on
    ``but``."""
    conditions: list[sa.ColumnElement[bool]] = [CLAIMS.c.consumer_uuid.in_(consumer_uuids)]
    if host is not None:
        conditions.append(CLAIMS.c.host == host)
    if but is not None:
        conditions.append(CLAIMS.c.host != but)
    # hosts in one order in every transaction, so that two of them cannot wait for each other
    return _give_back(s, rows.fetch_all(
        s, sa.select(CLAIMS).where(*conditions).order_by(CLAIMS.c.host)))


def _give_back(s: Session, held: list[rows.Row]) -> list[rows.Row]:
    dropped = []
    for row in held:
        # of two that drop the same claim, one deletes the row: only that one gives back
        if rows.matched(s, sa.delete(CLAIMS).where(CLAIMS.c.id == row['id'])):
            _take(s, row['host'], {kind: -row[kind] for kind in KINDS})
            dropped.append(row)
    return dropped


def move_claim(s: Session, migration: rows.Row) -> None:
    """The guest lives at the destination now: what the migration holds there becomes the
    server's, and what the server held elsewhere goes."""
    server, dest = migration['instance_uuid'], migration['dest_compute']
    held = rows.fetch_all(s, sa.select(CLAIMS).where(
        CLAIMS.c.consumer_uuid.in_([server, migration['uuid']])).order_by(CLAIMS.c.host))
    there = [row for row in held if row['host'] == dest]
    if len(there) == 1:
        rows.update(s, CLAIMS, {'consumer_uuid': server, 'updated_at': rows.now()},
                    CLAIMS.c.id == there[0]['id'])
    elif there:    # the server had one there already
        drop_claims(s, [migration['uuid']], dest)
    elif held:     # moved without a claim; the guest uses the host all the same
        amounts = {kind: held[0][kind] for kind in KINDS}
        _take(s, dest, amounts)
        rows.insert(s, CLAIMS, {'host': dest, 'consumer_uuid': server, **amounts})
    _give_back(s, [row for row in held if row['host'] != dest])


def _fits(amounts: dict[str, int]) -> list[sa.ColumnElement]:
    """Conditions on compute_nodes: there is room. Nothing asked for always fits."""
    return [KINDS[kind][0] + amount <= KINDS[kind][2] * KINDS[kind][3]
            for kind, amount in amounts.items() if amount > 0]


def _take(s: Session, host: str, amounts: dict[str, int], *conditions: Any) -> int:
    values: dict[Any, Any] = {}
    for kind, amount in amounts.items():
        used, free, *_ = KINDS[kind]
        values[used.name] = used + amount
        if free is not None:
            values[free.name] = free - amount
    return rows.update(s, NODES, values, *rows.living(NODES, host=host), *conditions)


def _refusal(s: Session, host: str, amounts: dict[str, int]) -> Exception:
    node = rows.fetch_first(s, NODES, *rows.living(NODES, host=host))
    if node is None:
        return exception.ComputeHostNotFound(host=host)
    lacks = []
    for kind, amount in amounts.items():
        used, _, total, ratio, unit = KINDS[kind]
        left = math.floor(node[total.name] * node[ratio.name]) - node[used.name]
        if amount > 0 and amount > left:
            lacks.append(f'{amount} {unit} asked for, {left} left')
    return exception.InsufficientResources(
        host=host, what='; '.join(lacks) or 'taken by another request meanwhile')


# -- compute nodes ----------------------------------------------------------------------------
@retry.once_more_on_duplicate
@retry.retried
def report(host: str, values: rows.Row) -> rows.Row:
    """Write what a host says of itself; what it has promised stays.

    The used and free columns move only as far as totals and reserved amounts do.
    """
    with session.writer() as s:
        service_id = s.scalar(sa.select(SERVICES.c.id).where(
            *rows.living(SERVICES, host=host, binary=COMPUTE)))
        said = {'service_id': service_id, **values}
        changed = rows.matched(s, sa.update(NODES).where(*rows.living(NODES, host=host))
                               .ordered_values(*_reported(said)))
        if not changed:
            rows.insert(s, NODES, _first_report(s, host, said))
        return rows.the_one(s, NODES, *rows.living(NODES, host=host))


def _reported(values: rows.Row) -> list[tuple[sa.Column, Any]]:
    """Assignments in an order that holds on MariaDB too, which lets a later one see the new
    value of a column: free before used before reserved."""
    memory_total = values.get('memory_mb', NODES.c.memory_mb)
    disk_total = values.get('local_gb', NODES.c.local_gb)
    memory_used: sa.ColumnElement[Any] = NODES.c.memory_mb_used
    disk_used: sa.ColumnElement[Any] = NODES.c.local_gb_used
    if 'reserved_host_memory_mb' in values:
        memory_used = (memory_used - NODES.c.reserved_host_memory_mb
                       + values['reserved_host_memory_mb'])
    if 'reserved_host_disk_mb' in values:
        disk_used = (disk_used - _gib(NODES.c.reserved_host_disk_mb)
                     + reserved_gb(values['reserved_host_disk_mb']))
    return [(NODES.c.free_ram_mb, memory_total - memory_used),
            (NODES.c.free_disk_gb, disk_total - disk_used),
            (NODES.c.memory_mb_used, memory_used), (NODES.c.local_gb_used, disk_used),
            *((NODES.c[name], value) for name, value in values.items()),
            (NODES.c.updated_at, rows.now())]


def _first_report(s: Session, host: str, values: rows.Row) -> rows.Row:
    """The row of a new host; claims may be older than it when the host was removed and is back."""
    held = s.execute(sa.select(*(sa.func.coalesce(sa.func.sum(CLAIMS.c[kind]), 0).label(kind)
                                 for kind in KINDS)).where(CLAIMS.c.host == host)).mappings().one()
    memory_used = values.get('reserved_host_memory_mb', 0) + int(held['memory_mb'])
    disk_used = reserved_gb(values.get('reserved_host_disk_mb', 0)) + int(held['disk_gb'])
    return {'uuid': uuidutils.generate_uuid(), 'hypervisor_hostname': host, **values,
            'host': host,
            'vcpus_used': int(held['vcpus']),
            'memory_mb_used': memory_used, 'free_ram_mb': values.get('memory_mb', 0) - memory_used,
            'local_gb_used': disk_used, 'free_disk_gb': values.get('local_gb', 0) - disk_used}


def reserved_gb(megabytes: int) -> int:
    """MiB in whole GiB, rounded up."""
    return -(-megabytes // 1024)


def _gib(column: sa.Column) -> sa.ColumnElement:
    """The same in SQL: ``/`` of two integers differs between the databases, ``%`` does not."""
    up = column + 1023
    return sa.cast((up - up % 1024) / 1024, sa.Integer)


@retry.retried
def candidates(amounts: dict[str, int], ignore_hosts: Iterable[str], requested_host: str | None,
               limit: int | None) -> list[rows.Row]:
    """Nodes with room whose service is enabled and not down, most free memory first."""
    statement = sa.select(NODES).join(SERVICES, sa.and_(
        SERVICES.c.host == NODES.c.host, SERVICES.c.binary == COMPUTE, SERVICES.c.deleted == 0,
    )).where(NODES.c.deleted == 0, SERVICES.c.disabled.is_(False),
             SERVICES.c.forced_down.is_(False), *_fits(amounts))
    if ignored := list(ignore_hosts or ()):
        statement = statement.where(NODES.c.host.not_in(ignored))
    if requested_host is not None:
        statement = statement.where(NODES.c.host == requested_host)
    # both in the direction of the index, which is then read from its end and no further than limit
    statement = statement.order_by(NODES.c.free_ram_mb.desc(), NODES.c.id.desc())
    with session.reader() as s:
        statement = statement.where(
            SERVICES.c.last_seen_up >= rows.moment(liveness.up_since(s)))
        return rows.fetch_all(s, statement if limit is None else statement.limit(limit))


def by_filters(filters: dict[str, Any], limit: int | None, marker: str | None) -> list[rows.Row]:
    """Nodes by column value(s), plus ``hypervisor_hostname_pattern`` (a part of the name)."""
    filters = dict(filters)
    statement = sa.select(NODES).where(*rows.living(NODES))
    if part := filters.pop('hypervisor_hostname_pattern', None):
        statement = statement.where(NODES.c.hypervisor_hostname.contains(part, autoescape=True))
    for name, wanted in filters.items():
        statement = statement.where(rows.equals(rows.column(NODES, name), wanted))
    return rows.page(statement, rows.Order(NODES, ['id'], ['asc']), marker, limit)
