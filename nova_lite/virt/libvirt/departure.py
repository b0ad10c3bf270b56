# SPDX-License-Identifier: Apache-2.0
"""The source's side of a migration: check, move, and afterwards clean up or put back."""
import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.migration import prechecks, schedules
from nova_lite.migration.observations import Outcome, Progress
from nova_lite.migration.steering import Steering
from nova_lite.objects import Instance, LibvirtLiveMigrateData
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import abi, config, decisions, events, migration, operation
from nova_lite.virt.libvirt.guest import Guest, look
from nova_lite.virt.libvirt.host import LibvirtError
from nova_lite.virt.libvirt.monitor import Monitor
from nova_lite.virt.libvirt.precheck_facts import SourceFacts, copied_disks

LOG = logging.getLogger(__name__)


def check(guest: Guest, migrate_data: LibvirtLiveMigrateData) -> LibvirtLiveMigrateData:
    """Ask what only this host can tell. Returns migrate_data with which storage the hosts share.
    MigrationPreCheckError, InvalidLocalStorage, InvalidSharedStorage."""
    facts = SourceFacts(guest, migrate_data)
    prechecks.run(prechecks.SOURCE, facts)
    decision = prechecks.storage(facts)
    migrate_data.block_migration = decision.block
    migrate_data.is_shared_instance_path = facts.is_shared_path
    migrate_data.is_shared_block_storage = decision.shared_disks
    return migrate_data


class Departures:
    """The copies away from this host that this process watches."""

    def __init__(self, courier: events.Courier) -> None:
        self._courier = courier
        self._monitors: dict[str, Monitor] = {}

    def move(self, guest: Guest, instance: Instance, dest: str,
             migrate_data: LibvirtLiveMigrateData, on_progress: Callable[[Progress], None],
             steering: Steering | None = None) -> Outcome:
        """Copy the guest to the host ``dest`` and wait for the end. A copy that already runs is
        watched, and no second one started. InvalidHostname."""
        steering = steering or Steering()
        with self._monitor(guest, on_progress, steering) as monitor:
            seen = look(guest)
            if seen is None or not (seen.departing or seen.active and not seen.half):
                return decisions.judge(seen)
            disks = copied_disks(guest) if migrate_data.block_migration else []
            if seen.departing:
                LOG.info('Instance %s is on its way already', guest.uuid)
                return self._watch(monitor, guest, instance, disks)
            permissions: dict[str, Any] = {**steering.permissions()}
            options = _settled(guest, migration.Options.read(CONF.libvirt)._replace(
                **permissions))
            plan = make_plan(guest, dest, migrate_data, disks, seen.state, options)
            if monitor.helm.abort_reason:
                return decisions.judge(seen, monitor.helm.abort_reason, cancelled=True)
            return self._watch(monitor, guest, instance, disks, plan)

    def adopt(self, guest: Guest, instance: Instance, migrate_data: LibvirtLiveMigrateData,
              on_progress: Callable[[Progress], None],
              steering: Steering | None = None) -> Outcome:
        """Watch a copy that an earlier process started."""
        with self._monitor(guest, on_progress, steering or Steering()) as monitor:
            if look(guest) is None:
                return decisions.judge(None)
            disks = copied_disks(guest) if migrate_data.block_migration else []
            return self._watch(monitor, guest, instance, disks)

    def resume(self, guest: Guest, instance: Instance, dest: str,
               migrate_data: LibvirtLiveMigrateData,
               on_progress: Callable[[Progress], None]) -> Outcome:
        """Connect the halves of a broken post-copy again, and wait for the end. BROKEN when that
        is not possible, or when this libvirt is known to crash at it."""
        obstacle = migration.why_not_resume(migrate_data.libvirt_version,
                                            CONF.libvirt.live_migration_resume_post_copy)
        if obstacle:
            return Outcome(virt_driver.BROKEN, obstacle)
        with self._monitor(guest, on_progress, Steering()) as monitor:
            seen = look(guest)
            if seen is None or not seen.half:
                return decisions.judge(seen)
            plan = make_plan(guest, dest, migrate_data, [], seen.state,
                             migration.Options.read(CONF.libvirt))
            plan = plan._replace(flags=plan.flags | abi.Migrate.POSTCOPY
                                 | abi.Migrate.POSTCOPY_RESUME)
            return self._watch(monitor, guest, instance, [], plan)

    @contextlib.contextmanager
    def _monitor(self, guest: Guest, on_progress: Callable[[Progress], None],
                 steering: Steering) -> Iterator[Monitor]:
        """From here on an abort is heard, also while the copy is still being got ready."""
        if guest.uuid in self._monitors:
            raise exception.InstanceInvalidState(
                instance_uuid=guest.uuid, attr='state', state='already being moved',
                method='live migrate')
        self._monitors[guest.uuid] = monitor = Monitor(guest, self._courier, on_progress,
                                                       steering)
        try:
            yield monitor
        finally:
            del self._monitors[guest.uuid]

    def _watch(self, monitor: Monitor, guest: Guest, instance: Instance,
               disks: list[config.DiskSeen], plan: migration.Plan | None = None) -> Outcome:
        size_gb = schedules.data_gb(instance.memory_mb or 0,
                                    [_file_size(guest, disk) for disk in disks])
        with self._courier.subscribe(guest.uuid) as news:
            if plan is not None:
                monitor.helm.begin(size_gb)
                LOG.info('Instance %s goes to %s, flags %s', guest.uuid, plan.uri, plan.flags)
                operation.start(guest, plan)
            return monitor.run(news, size_gb, started_here=plan is not None)

    def abort(self, guest: Guest) -> None:
        """NoActiveMigrationForInstance; InstanceInvalidState in post-copy, which has no way back.
        """
        monitor = self._monitors.get(guest.uuid)
        seen = look(guest)
        if seen is not None and seen.half and seen.reason != abi.Paused.MIGRATION:
            raise exception.InstanceInvalidState(
                instance_uuid=guest.uuid, attr='state', state='post-copy',
                method='abort the migration of')
        if monitor is not None:
            monitor.helm.abort()
        elif seen is not None and seen.departing:
            guest.abort_job()
        else:
            raise exception.NoActiveMigrationForInstance(instance_id=guest.uuid)

    def force_complete(self, guest: Guest) -> None:
        monitor = self._monitors.get(guest.uuid)
        if monitor is None:
            raise exception.NoActiveMigrationForInstance(instance_id=guest.uuid)
        monitor.helm.force_complete()

    def set_bandwidth(self, guest: Guest, mib_per_s: int) -> None:
        """NoActiveMigrationForInstance, InstanceInvalidState."""
        seen = look(guest)
        if seen is None or not seen.departing:
            raise exception.NoActiveMigrationForInstance(instance_id=guest.uuid)
        try:
            guest.set_max_speed(mib_per_s)
        except LibvirtError as error:
            raise exception.InstanceInvalidState(
                instance_uuid=guest.uuid, attr='state', state=error.format_message(),
                method='set the bandwidth of the migration of') from error


def _settled(guest: Guest, options: migration.Options) -> migration.Options:
    if options.parallel_connections == 1 or not options.permit_post_copy:
        return options
    settled = migration.one_connection(options, guest.hypervisor_version())
    if settled != options:
        LOG.warning('Instance %s is copied over one connection, not %d '
                    '(live_migration_parallel_connections): together with post-copy several need '
                    'QEMU 10.1', guest.uuid, options.parallel_connections)
    return settled


def make_plan(guest: Guest, dest: str, migrate_data: LibvirtLiveMigrateData,
              disks: list[config.DiskSeen], state: int,
              options: migration.Options) -> migration.Plan:
    """All that migrateToURI3 is told."""
    uri = migration.make_uri(options, dest)
    flags = migration.make_flags(options, bool(migrate_data.block_migration), bool(disks),
                                 paused=state == abi.State.PAUSED)
    addresses = (migrate_data.graphics_listen_addr_vnc, migrate_data.serial_listen_addr)
    xml, persistent_xml = (config.for_destination(text, *addresses)
                           for text in guest.migratable_xml())
    params = migration.make_params(options, xml, persistent_xml, [disk.target for disk in disks],
                                   migrate_data.target_connect_addr, flags)
    migrate_data.migrate_disks = [disk.target for disk in disks]
    return migration.Plan(uri, flags, params)


def clean_up(guest: Guest, migrate_data: LibvirtLiveMigrateData) -> str:
    """After the destination's proof: remove what is left here. Never ends a running guest
    (InstanceInvalidState); a half that the migration stopped can never run again, and goes.
    Returns the directory with files of the guest that stays, '' when none does."""
    seen = look(guest)
    if seen is not None:
        if seen.active and not seen.half:
            raise exception.InstanceInvalidState(
                instance_uuid=guest.uuid, attr='state',
                state=f'{seen.words} on host {guest.host_name}',
                method='clean up after the migration of')
        if seen.active:
            guest.destroy()
        _undefine(guest)
    if not migrate_data.is_shared_instance_path:
        guest.storage.remove_directory(guest.uuid)
    return (guest.storage.instance_dir(guest.uuid)
            if guest.storage.has_directory(guest.uuid) else '')


def _undefine(guest: Guest) -> None:
    try:
        guest.undefine()
    except exception.InstanceNotFound:
        pass    # a transient half is gone once it ended


def _file_size(guest: Guest, disk: config.DiskSeen) -> int:
    try:
        return os.stat(guest.storage.real(disk.path)).st_size
    except OSError:
        return 0    # counts as the smallest disk
