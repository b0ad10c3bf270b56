# SPDX-License-Identifier: Apache-2.0
"""Migrations whose source is silent: a conductor stands in for its compute service.

A copy goes on without our processes, so the destination is asked what has become of the guest, and
migration/recovery.py says what follows. A source that comes back finds the record decided, or goes
on by itself; of two writers the second finds no row to change.

Silence alone is no proof. Times in which nothing could be heard of anybody do not count (see
servicegroup.py), and the source itself is asked first: a compute that answers lives, though its
heartbeats do not arrive, and keeps its migrations.
"""
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import action_events, context, exception, objects, rpc
from nova_lite.compute import rpcapi
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.context import RequestContext
from nova_lite.migration import recovery
from nova_lite.objects import Instance, LibvirtLiveMigrateData, Migration

LOG = logging.getLogger(__name__)


class SilentHosts:
    def __init__(self, host: str) -> None:
        self.host = host
        self._compute = ComputeAPI()
        self._mute: set[str] = set()    # hosts that answer and send no heartbeat: said once

    def periodic_tasks(self) -> list[tuple[float, Callable[[], None]]]:
        return [(CONF.report_interval, self.look_after_silent_hosts)]

    def look_after_silent_hosts(self) -> None:
        """Take one step with each migration away from a host whose compute service is down."""
        ctxt = context.get_admin_context()
        migrations = objects.MigrationList.get_forsaken(ctxt, service_conf.down_time(CONF))
        sources = {migration.source_compute for migration in migrations}
        self._mute &= sources
        try:
            dead = {host for host in sources if not self._lives(ctxt, host)}
        except rpc.UNREACHABLE as error:
            LOG.info('Nobody is judged, since nobody can be asked: %s',
                     exception.message_of(error))
            return
        for migration in migrations:
            if migration.source_compute not in dead:
                continue
            try:
                self._look_after(migration)
            except exception.InvalidMigrationState as late:
                LOG.info('Its source was quicker: %s', late.format_message())
            except exception.InstanceNotFound as gone:
                migration.advance('fail', reason=gone.format_message())
            except (exception.RowUnreadable, *rpc.UNREACHABLE) as error:
                LOG.info('Migration %s has to wait: %s', migration.uuid,
                         exception.message_of(error))

    def _lives(self, ctxt: RequestContext, host: str) -> bool:
        """Asked is who is not forced down: that is an operator's word."""
        try:
            if objects.Service.get_by_host_and_binary(ctxt, host, 'nova-compute').forced_down:
                return False
        except exception.ServiceNotFound:
            pass
        if not rpcapi.lives(self._compute, ctxt, host):
            return False
        if host not in self._mute:
            self._mute.add(host)
            LOG.warning('Host %s answers, but its heartbeats do not arrive: its migrations are '
                        'left to it. Does it reach the message broker and a conductor?', host)
        return True

    def _look_after(self, migration: Migration) -> None:
        ctxt = context.RequestContext.from_dict(migration.request_context).elevated()
        migration._context = ctxt
        instance = objects.Instance.get_by_uuid(ctxt, migration.instance_uuid)
        seen = rpcapi.ask_presence(self._compute, ctxt, migration.destination, instance)
        if not self._is_as_it_was(ctxt, migration):
            return      # the answer took its time, and the source is back or has gone on
        rule = recovery.decide(migration.status, recovery.AWAY, seen)
        known = (f'host {migration.source_compute} does not answer; on host '
                 f'{migration.dest_compute} the guest is {seen}')
        LOG.info('Migration %s, which is %s: %s: %s', migration.uuid, migration.status, known,
                 rule.action)
        if rule.action == recovery.ROLL_BACK:
            self._roll_back(ctxt, instance, migration, f'{known}: {rule.why}')
        elif rule.action == recovery.FINISH:
            self._finish(ctxt, instance, migration, known)
        elif rule.action == recovery.GIVE_UP or self._is_lost(ctxt, migration.source_compute):
            self._give_up(ctxt, instance, migration, known)
        elif migration.reason != known:
            migration.reason = known
            migration.save(unchanged=True)      # a source that is back has its own words

    @staticmethod
    def _is_as_it_was(ctxt: RequestContext, migration: Migration) -> bool:
        """Is its source still silent, and its status still the one that was looked at?"""
        return bool(len(objects.MigrationList.get_forsaken(
            ctxt, service_conf.down_time(CONF), id=migration.id, status=migration.status)))

    def _roll_back(self, ctxt: RequestContext, instance: Instance, migration: Migration,
                   reason: str) -> None:
        """The record first: from then on the source, should it live, cannot begin to copy. What
        the destination does not remove now it finds itself later."""
        self._record(ctxt, instance, exception.LiveMigrationFailed(reason=reason))
        migration.advance('fail', reason=reason)
        if migration.migrate_data:
            self._compute.rollback_live_migration_at_destination(
                ctxt, host=migration.destination, instance=instance,
                migrate_data=_data(migration))

    def _finish(self, ctxt: RequestContext, instance: Instance, migration: Migration,
                known: str) -> None:
        """What is left at the source is removed by its compute, which finds a note of it."""
        power_state = self._compute.post_live_migration_at_destination(
            ctxt, host=migration.destination, instance=instance, migration=migration,
            migrate_data=_data(migration))
        migration.source_not_cleaned = True
        migration.advance('complete', reason=known, instance_updates={'power_state': power_state})
        LOG.info('Migration %s of instance %s: completed without its source', migration.uuid,
                 instance.uuid)

    def _give_up(self, ctxt: RequestContext, instance: Instance, migration: Migration,
                 known: str) -> None:
        reason = (f'{known}. Nothing was started or removed. When it is known where the guest is, '
                  'reset the state of the server; if it is lost, delete the server')
        self._record(ctxt, instance, exception.LiveMigrationLost(reason=reason))
        migration.advance('lose', reason=reason)

    def _record(self, ctxt: RequestContext, instance: Instance, error: Exception) -> None:
        LOG.warning('Live migration of instance %s: %s', instance.uuid,
                    exception.message_of(error))
        action_events.record_fault(ctxt, instance, error, self.host)

    @staticmethod
    def _is_lost(ctxt: RequestContext, host: str) -> bool:
        """Is that host not waited for any longer?"""
        return objects.Service.is_silent(ctxt, host, 'nova-compute', CONF.lost_host_timeout)


def _data(migration: Migration) -> LibvirtLiveMigrateData:
    return LibvirtLiveMigrateData.from_stored(migration._context, migration)
