# SPDX-License-Identifier: Apache-2.0
"""The conductor's part of a live migration: check, find a destination, hand over to the source.

Nothing is touched on any host here but a claim on the destination, which the undo takes back. The
order of the checks, and which refusals let the search go on with another host, are Nova's.
"""
import time
from collections.abc import Callable

import oslo_messaging as messaging
from oslo_log import log as logging

from nova_lite import exception, objects, step_runner, utils
from nova_lite.compute import rpcapi
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.context import RequestContext
from nova_lite.migration import prechecks
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData, Migration, Service
from nova_lite.objects.flavor import resources_of
from nova_lite.scheduler.rpcapi import SchedulerAPI

LOG = logging.getLogger(__name__)

LOOK_INTERVAL = 1.0     # s between two looks for a host's heartbeat

# a host that refuses with one of these is put aside and the search goes on
REFUSALS = (exception.Invalid, exception.MigrationPreCheckError)


class Facts:
    """What the conductor's checks ask for, see migration/precheck_facts.py. ``host``: the
    destination that is thought of, '' as long as it is about the server alone."""

    def __init__(self, instance: Instance, source: str, host: str,
                 node: Callable[[str], ComputeNode], is_up: Callable[[str], bool]) -> None:
        self.instance_uuid, self.power_state = instance.uuid, instance.power_state
        self.memory_mb, self.source, self.host = instance.memory_mb, source, host
        self.has_flavor = instance.flavor is not None
        self.skip_version_check = CONF.workarounds.skip_hypervisor_version_check_on_lm
        self.is_up, self._node = is_up, node

    @property
    def source_node(self) -> ComputeNode:
        return self._node(self.source)

    @property
    def dest_node(self) -> ComputeNode:
        return self._node(self.host)


class LiveMigrationTask:
    """One live migration up to the hand-over, for ``owner``, who has the lease.

    What was asked for stands in the migration: ``requested_host`` None, the scheduler chooses;
    ``forced``: the scheduler is not asked about it. So does what an earlier owner found out.
    """

    STEPS: step_runner.Steps = (
        # do                          undo
        ('check_instance_is_active', None),
        ('check_source_is_up', None),
        ('find_destination', 'release_destination'),
        ('record_destination', None),
        ('start_on_source', None),
    )

    def __init__(self, ctxt: RequestContext, instance: Instance, migration: Migration,
                 owner: str) -> None:
        self.ctxt, self.instance, self.migration, self.owner = ctxt, instance, migration, owner
        self.host, self.force = migration.requested_host, migration.forced
        self.source = migration.source_compute
        self.destination: str | None = None
        self.migrate_data: LibvirtLiveMigrateData | None = None
        self._compute, self._scheduler = ComputeAPI(), SchedulerAPI()
        self._refused: dict[str, str] = dict(migration.refusals or {})
        self._nodes: dict[str, ComputeNode] = {}

    @property
    def has_destination(self) -> bool:
        """Has it been found, by this owner or an earlier one? Then only the hand-over is left."""
        return self.migration.migrate_data is not None

    def start_afresh(self) -> None:
        """Take back what an earlier owner claimed for a destination that it did not write down."""
        if not self.has_destination:
            objects.Claim.drop(self.ctxt, self.migration.uuid)

    def execute(self) -> None:
        step_runner.run(self.STEPS, self)

    # -- steps -----------------------------------------------------------------------------------
    def check_instance_is_active(self) -> None:
        prechecks.run(prechecks.SERVER, self._facts(''))

    def check_source_is_up(self) -> None:
        prechecks.run(prechecks.SOURCE_HOST, self._facts(''))

    def find_destination(self) -> None:
        if self.has_destination:
            return
        if self.host and self.force:
            self._take_forced_host(self.host)
        elif self.host:
            self._take_requested_host(self.host)
        else:
            self._search()

    def release_destination(self) -> None:
        # who has lost the lease must not take the next owner's claim
        if self.migration.take(self.owner, service_conf.down_time(CONF)):
            objects.Claim.drop(self.ctxt, self.migration.uuid)

    def record_destination(self) -> None:
        if self.has_destination:
            return
        if self.destination is None or self.migrate_data is None:
            raise RuntimeError('a destination is recorded before it was found')
        node = self._node(self.destination)
        self.migration.dest_compute = self.destination
        self.migration.dest_node = node.hypervisor_hostname
        self.migration.dest_host = node.host_ip
        # marks what is made for this migration at the destination
        self.migrate_data.migration = self.migration.uuid
        self.migration.migrate_data = self.migrate_data.obj_to_primitive()
        self.migration.record(self.owner)

    def start_on_source(self) -> None:
        """The source finds all it needs in the record, so this may be said more than once."""
        LOG.info('Migration %s of instance %s: host %s may send it to %s', self.migration.uuid,
                 self.instance.uuid, self.source, self.migration.dest_compute)
        self._compute.live_migration(
            self.ctxt, host=self.source, dest=self.migration.destination, instance=self.instance,
            block_migration=self.migration.block_migration, migration=self.migration,
            migrate_data=self.migrate_data)

    # -- three ways to a destination -------------------------------------------------------------
    def _take_forced_host(self, host: str) -> None:
        """The caller insists on this host: it is checked, but no filter is asked."""
        facts = self._facts(host)
        for place in (prechecks.NAMED_HOST, prechecks.FORCED_HOST, prechecks.ANY_HOST):
            prechecks.run(place, facts)
        try:
            objects.Claim.claim(self.ctxt, host, self.migration.uuid,
                                **resources_of(self.instance.known_flavor)._asdict())
        except exception.InsufficientResources as error:
            raise exception.MigrationPreCheckError(reason=error.format_message()) from error
        self._check_drivers(host)
        self.destination = host

    def _take_requested_host(self, host: str) -> None:
        """The caller asks for this host: the scheduler has its say, there is no second choice, so
        the host itself is asked meanwhile. What the scheduler says comes first."""
        facts = self._facts(host)
        prechecks.run(prechecks.NAMED_HOST, facts)
        self._node(self.source)     # both need it: read once
        asked = utils.begin(self._check_drivers, host)
        self._select(requested_host=host)
        prechecks.run(prechecks.ANY_HOST, facts)
        asked.result()      # it ends at the latest with the call's own time limit
        self.destination = host

    def _search(self) -> None:
        """Hosts come one by one from the scheduler until one does not refuse."""
        while self.destination is None:
            self._check_not_too_many_retries()
            host = self._select(requested_host=None)
            try:
                prechecks.run(prechecks.ANY_HOST, self._facts(host))
                self._check_drivers(host)
            except REFUSALS as error:
                self._put_aside(host, error)
            else:
                self.destination = host

    def _put_aside(self, host: str, error: exception.NovaLiteException) -> None:
        self._refused[host] = error.format_message()
        LOG.info('Host %s refuses instance %s: %s', host, self.instance.uuid,
                 self._refused[host])
        objects.Claim.drop(self.ctxt, self.migration.uuid, host)
        self.migration.attempted_hosts = list(self._refused)
        self.migration.refusals = dict(self._refused)
        self.migration.record(self.owner)

    def _check_not_too_many_retries(self) -> None:
        retries = CONF.migrate_max_retries
        if retries != -1 and len(self._refused) > retries:
            raise exception.MaxRetriesExceeded(
                reason=f'migrate_max_retries is {retries}. {self._refusals()}')

    def _select(self, requested_host: str | None) -> str:
        spec = objects.RequestSpec.for_instance(
            self.ctxt, self.instance, consumer_uuid=self.migration.uuid,
            requested_host=requested_host, ignore_hosts=[self.source, *self._refused])
        source = self._node(self.source)
        spec.hypervisor_type = source.hypervisor_type
        if not CONF.workarounds.skip_hypervisor_version_check_on_lm:
            spec.source_hypervisor_version = source.hypervisor_version
        try:
            return self._scheduler.select_destinations(self.ctxt, spec=spec).service_host
        except messaging.RemoteError as error:
            raise exception.MigrationSchedulerRPCError(
                reason=exception.public_message(error)) from error
        except messaging.MessagingTimeout:
            self._check_hearing(CONF.rpc_response_timeout + service_conf.down_time(CONF))
            raise exception.MigrationSchedulerRPCError(
                reason='the scheduler did not answer; is nova-lite-scheduler running?') from None
        except exception.NoValidHost as error:
            if not self._refused:
                raise
            raise exception.NoValidHost(
                message=f'{error.format_message()} {self._refusals()}') from error

    def _refusals(self) -> str:
        return ' '.join(f'{host} refused: {reason}' for host, reason in self._refused.items())

    def _node(self, host: str) -> ComputeNode:
        """The host's ComputeNode, read once: what it is does not change while it is checked."""
        if host not in self._nodes:
            self._nodes[host] = objects.ComputeNode.get_by_host(self.ctxt, host)
        return self._nodes[host]

    # -- checks of one host ----------------------------------------------------------------------
    def _facts(self, host: str) -> Facts:
        return Facts(self.instance, self.source, host, self._node, self._is_up)

    def _is_up(self, host: str) -> bool:
        """Of whom nothing could be heard is waited for, and asked before it is taken for down."""
        end = time.monotonic() + service_conf.down_time(CONF)
        while (service := self._service(host)).in_doubt and time.monotonic() < end:
            time.sleep(LOOK_INTERVAL)
        return service.up or (not service.forced_down
                              and rpcapi.lives(self._compute, self.ctxt, host))

    def _service(self, host: str) -> Service:
        try:
            return objects.Service.get_by_host_and_binary(self.ctxt, host, 'nova-compute')
        except exception.ServiceNotFound:
            raise exception.ComputeHostNotFound(host=host) from None

    def _check_hearing(self, seconds: float) -> None:
        """NothingHeard when nobody could be heard for all of that time: who did not answer may
        live, and a host that could not ask another refuses for that alone."""
        if not objects.Service.could_be_heard(self.ctxt, seconds):
            raise exception.NothingHeard()

    def _check_drivers(self, host: str) -> None:
        """Ask the hosts themselves: CPU, storage, disk space."""
        began = time.monotonic()
        try:
            self.migrate_data = self._compute.check_can_live_migrate_destination(
                self.ctxt, host=host, instance=self.instance,
                source_node=self._node(self.source), dest_node=self._node(host),
                block_migration=self.migration.block_migration,
                disk_over_commit=self.migration.disk_over_commit)
        except exception.MigrationPreCheckError:
            self._check_hearing(time.monotonic() - began)
            raise
        except messaging.MessagingTimeout:
            # in the first period after an outage a host may not be back
            self._check_hearing(time.monotonic() - began + service_conf.down_time(CONF))
            raise exception.MigrationPreCheckError(
                reason=f'Timeout while checking if we can live migrate to host: {host}') from None
