# SPDX-License-Identifier: Apache-2.0
"""Migrations, found by what is asked of them, and those of a host's queue that may start."""
from typing import Any, Self

from nova_lite import moments
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states
from nova_lite.objects import base, fields
from nova_lite.objects.instance import Instance, InstanceList
from nova_lite.objects.migration import Migration


@base.NovaLiteObjectRegistry.register
class MigrationList(base.NovaLiteObjectList):
    """``instances``: where a method gives the migrations' servers along with them."""
    VERSION = '1.0'
    CHILD = Migration
    fields = {'objects': fields.ListOfObjectsField('Migration'),
              'instances': fields.ListOfObjectsField('Instance')}

    @classmethod
    @base.remotable
    def get_by_filters(cls, context: RequestContext, filters: dict[str, Any] | None = None,
                       sort_keys: list[str] | None = None, sort_dirs: list[str] | None = None,
                       limit: int | None = None, marker: str | None = None) -> Self:
        """Filters: any column by value or list of values (None: NULL), ``host`` (either end),
        ``changes-since``, ``changes-before`` (datetime). Newest first by default; the marker is
        a uuid. Invalid, MarkerNotFound."""
        return cls.from_rows(context, base.db().moves.by_filters(
            filters or {}, sort_keys, sort_dirs, limit, marker))

    @classmethod
    @base.remotable
    def get_in_progress_by_instance(cls, context: RequestContext, instance_uuid: str) -> Self:
        """What GET /servers/{id}/migrations lists, oldest first."""
        return cls._oldest_first(context, {'instance_uuid': instance_uuid,
                                           'status': migration_states.IN_PROGRESS})

    @classmethod
    @base.remotable
    def start_next(cls, context: RequestContext, source: str, outbound_limit: int) -> Self:
        """Take ``prepare`` for those in the queue of ``source`` that may start now, oldest first;
        the others' records say what they wait for. ``outbound_limit`` 0: no limit. Their servers
        come along, but for those that are deleted."""
        return cls._start(context, source, outbound_limit)

    @classmethod
    @base.remotable
    def queue_up(cls, context: RequestContext, migration_id: int, source: str,
                 outbound_limit: int) -> Self:
        """Take ``queue`` for that migration, and ``prepare`` if it may start: what a compute would
        ask next. As :meth:`start_next`, of one or none. InvalidMigrationState, MigrationNotFound;
        where this raises anything else, nobody knows whether it has begun."""
        server = base.db().moves.advance(migration_id, 'queue', {}, {}).migration['instance_uuid']
        moments.reach('edge-queue-middle', server)
        moments.reach('edge-prepare-start', server)
        return cls._start(context, source, outbound_limit, migration_id)

    @classmethod
    def _start(cls, context: RequestContext, source: str, outbound_limit: int,
               only: int | None = None) -> Self:
        started = cls.from_rows(context, base.db().queue.start_next(source, outbound_limit, only))
        uuids = [migration.instance_uuid for migration in started]
        started.instances = list[Instance](InstanceList.get_by_filters(
            context, {'uuid': uuids})) if uuids else []
        return started

    @classmethod
    @base.remotable
    def get_sources_waiting_for(cls, context: RequestContext, dest: str) -> list[str]:
        """Hosts whose queue holds a migration to ``dest``."""
        return base.db().queue.sources_waiting_for(dest)

    @classmethod
    @base.remotable
    def get_unfinished_by_host(cls, context: RequestContext, host: str) -> Self:
        """Those to or from ``host`` that have not ended, oldest first: the order of its queue."""
        return cls._oldest_first(context, {'host': host, 'status': migration_states.UNFINISHED})

    @classmethod
    def get_forsaken(cls, context: RequestContext, silence: float, **columns: object) -> Self:
        """Those in progress whose source's compute service is silent for so many seconds, or is
        forced down, with these ``columns``. The conductors' alone."""
        return cls.from_rows(context, base.db().moves.forsaken(silence, **columns))

    @classmethod
    def get_run_out(cls, context: RequestContext) -> Self:
        """Those that wait for a conductor and have none. The conductors' alone."""
        return cls.from_rows(context, base.db().leases.run_out())

    @classmethod
    def renew_leases(cls, context: RequestContext, owner: str, ids: list[int],
                     seconds: float) -> None:
        base.db().leases.renew(owner, ids, seconds)

    @classmethod
    def release_leases(cls, context: RequestContext, owner: str,
                       only: list[int] | None = None) -> None:
        """Let other conductors go on with what ``owner`` works on: all, or ``only`` these."""
        base.db().leases.release(owner, only)

    @classmethod
    def _oldest_first(cls, context: RequestContext, filters: dict[str, Any]) -> Self:
        return cls.from_rows(context, base.db().moves.by_filters(
            filters, ['id'], ['asc'], None, None))
