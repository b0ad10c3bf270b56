# SPDX-License-Identifier: Apache-2.0
"""The driver of the simulated hypervisor: the same contract as libvirt's, on guests that are not.

It is as thin as it can be: guests, files and copies live in the simulated world (simulation/),
which goes on when this process ends. Every method is a step at which a fault can be ordered.
"""
import json
from collections.abc import Callable
from typing import Any

from nova_lite import exception, objects
from nova_lite.conf import CONF
from nova_lite.migration import convergence, task_states
from nova_lite.migration.observations import GuestInfo, Outcome, Progress
from nova_lite.migration.steering import Steering
from nova_lite.virt import driver, simulation
from nova_lite.virt.libvirt import migration
from nova_lite.virt.simulation import checks, guests, hypervisor, jobs, state, storage
from nova_lite.virt.simulation.watcher import HERE, Watcher, judge, let_go

FIRST_DOWNTIME_MS = 300    # QEMU's own, until the first step is taken


class FakeDriver(driver.ComputeDriver):
    """One simulated hypervisor. ``world``: by default the one of this process."""

    def __init__(self, world: simulation.World | None = None) -> None:
        self._world = world or simulation.current()
        self._host = ''
        self._steerings: dict[str, Steering] = {}     # of the copies that this process watches

    # -- the host --------------------------------------------------------------------------------
    def init_host(self, host: str) -> None:
        self._host = host
        options = CONF.simulation
        self._world.add_host(
            host, vcpus=options.vcpus, memory_mb=options.memory_mb, local_gb=options.local_gb,
            bandwidth=options.bandwidth, cpu_model=options.cpu_model,
            storage=simulation.SHARED if options.shared_storage else host)
        self._world.reach('init_host', host, '', None)
        with self._world.look(host):
            pass    # it is up

    def cleanup_host(self) -> None:
        self._world.reach('cleanup_host', self._host, '', None)

    def get_available_resource(self) -> dict[str, Any]:
        self._world.reach('get_available_resource', self._host, '', None)
        with self._world.look(self._host) as world:
            host = world.hosts[self._host]
            return {
                'hypervisor_hostname': host.name, 'hypervisor_type': host.hypervisor_type,
                'hypervisor_version': host.hypervisor_version, 'vcpus': host.vcpus,
                'memory_mb': host.memory_mb, 'local_gb': host.local_gb,
                'disk_available_least': storage.room(world, self._host) // storage.GIB,
                'running_vms': len(guests.on_host(world, self._host)),
                'cpu_info': json.dumps(checks.cpu_info(host)), 'host_ip': host.address,
                'supported_instances': json.dumps([['x86_64', host.hypervisor_type, 'hvm']])}

    def get_host_uptime(self) -> str:
        with self._world.look(self._host) as world:
            return hypervisor.uptime(world, self._host)

    def list_instance_uuids(self) -> list[str]:
        self._world.reach('list_instance_uuids', self._host, '', None)
        with self._world.look(self._host) as world:
            return [guest.uuid for guest in guests.on_host(world, self._host)]

    def list_guests(self) -> dict[str, GuestInfo]:
        self._world.reach('list_guests', self._host, '', None)
        with self._world.look(self._host) as world:
            return {guest.uuid: checks.info(world, self._host, guest.uuid)
                    for guest in guests.on_host(world, self._host)}

    def list_departing(self) -> set[str]:
        with self._world.look(self._host) as world:
            return jobs.departing(world, self._host)

    def get_info(self, instance: Any) -> GuestInfo:
        self._reach('get_info', instance)
        with self._world.look(self._host) as world:
            return checks.info(world, self._host, instance.uuid)

    # -- a guest's life --------------------------------------------------------------------------
    def spawn(self, ctxt: Any, instance: Any) -> None:
        self._reach('spawn', instance)
        with self._world.change(self._host) as world:
            present = guests.find(world, self._host, instance.uuid)
            if present is not None and present.state in state.ACTIVE:
                return      # called again after a crash
            storage.remove(world, self._host, instance.uuid)
            disks = storage.new_disks(instance.root_gb or 0, instance.ephemeral_gb or 0,
                                      (instance.image_meta or {}).get('disk'))
            if sum(disk.size for disk in disks) > storage.room(world, self._host):
                raise exception.InstanceDeployFailure(
                    instance_id=instance.uuid, reason=f'no space left on host {self._host}')
            for disk in disks:
                disk.base = disk.backing_file and storage.digest(world, self._host,
                                                                 disk.backing_file)
            storage.make(world, self._host, instance.uuid, disks)
            guests.add(world, guests.new(world, self._host, instance))
            hypervisor.start(world, self._host, instance.uuid)

    def destroy(self, ctxt: Any, instance: Any, destroy_disks: bool = True) -> None:
        self._reach('destroy', instance)
        # nobody who moves a guest wants it gone: then it must not be the last copy
        asked = instance.task_state != task_states.MIGRATING
        with self._world.change(self._host) as world:
            hypervisor.destroy(world, self._host, instance.uuid, asked)
            if destroy_disks:
                hypervisor.remove_files(world, self._host, instance.uuid, asked)

    def power_on(self, ctxt: Any, instance: Any) -> None:
        self._act('power_on', instance, hypervisor.start)

    def power_off(self, ctxt: Any, instance: Any, timeout: int = 0) -> None:
        self._act('power_off', instance, hypervisor.shut_off)

    def reboot(self, ctxt: Any, instance: Any, reboot_type: str) -> None:
        self._act('reboot', instance, hypervisor.reboot)

    def pause(self, instance: Any) -> None:
        self._act('pause', instance, hypervisor.pause)

    def unpause(self, instance: Any) -> None:
        self._act('unpause', instance, hypervisor.unpause)

    def suspend(self, ctxt: Any, instance: Any) -> None:
        self._act('suspend', instance, hypervisor.save)

    def resume(self, ctxt: Any, instance: Any) -> None:
        self._act('resume', instance, hypervisor.start)

    # -- before the move -------------------------------------------------------------------------
    def check_can_live_migrate_destination(self, ctxt: Any, instance: Any, src_node: Any,
                                           dst_node: Any, block_migration: bool | None,
                                           disk_over_commit: bool | None) -> Any:
        self._reach('check_can_live_migrate_destination', instance)
        with self._world.change(self._host) as world:
            checks.check_absent(world, self._host, instance.uuid)
            if not CONF.workarounds.skip_cpu_compare_on_dest:
                guest = guests.find(world, src_node.host, instance.uuid)
                checks.compare_cpu(world, self._host, guest, src_node.cpu_info)
            return objects.LiveMigrateData(
                ctxt, dest_host=self._host, dest_node=self._host,
                filename=storage.put_probe(world, self._host), block_migration=block_migration,
                disk_over_commit=disk_over_commit, image_type='qcow2',
                disk_available_mb=checks.disk_available_mb(dst_node, bool(disk_over_commit)),
                instance_relative_path=instance.uuid)

    def cleanup_live_migration_destination_check(self, ctxt: Any, migrate_data: Any) -> None:
        self._world.reach('cleanup_live_migration_destination_check', self._host, '', None)
        with self._world.change(self._host) as world:
            storage.remove_probe(world, self._host, migrate_data.filename)

    def check_can_live_migrate_source(self, ctxt: Any, instance: Any, migrate_data: Any) -> Any:
        self._reach('check_can_live_migrate_source', instance)
        with self._world.look(self._host) as world:
            checks.check_source(world, self._host, instance.uuid, migrate_data)
        return migrate_data

    def get_instance_disk_info(self, instance: Any) -> list[dict[str, Any]]:
        self._reach('get_instance_disk_info', instance)
        with self._world.look(self._host) as world:
            return checks.disk_info(world, self._host, instance.uuid)

    def pre_live_migration(self, ctxt: Any, instance: Any, disk_info: list[dict[str, Any]],
                           migrate_data: Any) -> Any:
        self._reach('pre_live_migration', instance)
        with self._world.change(self._host) as world:
            checks.check_absent(world, self._host, instance.uuid)
            if not migrate_data.is_shared_instance_path:
                disks = checks.new_disks(world, self._host,
                                         disk_info if migrate_data.block_migration else [])
                storage.make(world, self._host, instance.uuid, disks, _maker(migrate_data))
            migrate_data.target_connect_addr = world.hosts[self._host].address
            migrate_data.prepared = True
        return migrate_data

    # -- the move --------------------------------------------------------------------------------
    def live_migration(self, ctxt: Any, instance: Any, dest: str, migrate_data: Any,
                       on_progress: Callable[[Progress], None],
                       steering: Steering | None = None) -> Outcome:
        self._reach('live_migration', instance)
        migration.make_uri(migration.Options.read(CONF.libvirt), dest)    # for its checks
        with self._world.change(self._host) as world:
            if jobs.active(world, instance.uuid, self._host) is None:
                seen = judge(world, self._host, instance.uuid)
                if seen.reason != HERE:
                    return seen
                try:
                    self._start(world, instance, dest, migrate_data, steering)
                except exception.LiveMigrationFailed as error:
                    return Outcome(driver.FAILED, error.kwargs['reason'])
        return self._watch(instance, on_progress, steering)

    def _start(self, world: state.State, instance: Any, dest: str, migrate_data: Any,
               steering: Steering | None) -> None:
        options = CONF.libvirt
        goals = steering and steering.goals     # with them, it throttles itself
        jobs.start(world, instance.uuid, self._host, dest,
                   block=bool(migrate_data.block_migration),
                   bandwidth=options.live_migration_bandwidth,
                   downtime_ms=min(FIRST_DOWNTIME_MS,
                                   goals and goals.max_downtime_ms or FIRST_DOWNTIME_MS),
                   auto_converge=options.live_migration_permit_auto_converge
                   and not options.live_migration_permit_post_copy and goals is None)

    def adopt_live_migration(self, ctxt: Any, instance: Any, dest: str, migrate_data: Any,
                             on_progress: Callable[[Progress], None],
                             steering: Steering | None = None) -> Outcome:
        self._reach('adopt_live_migration', instance)
        with self._world.change(self._host) as world:
            if jobs.active(world, instance.uuid, self._host) is None:
                let_go(world, self._host, instance.uuid, steering or Steering())
                return judge(world, self._host, instance.uuid)
        return self._watch(instance, on_progress, steering)

    def live_migration_abort(self, instance: Any) -> None:
        self._reach('live_migration_abort', instance)
        with self._world.change(self._host) as world:
            jobs.abort(world, instance.uuid, self._host)
        steering = self._steerings.get(instance.uuid) or Steering()
        steering.record(convergence.Decision(convergence.ABORT, reason='aborted on request'))

    def live_migration_force_complete(self, instance: Any) -> None:
        self._reach('live_migration_force_complete', instance)
        Watcher(self._world, self._host, instance.uuid, lambda progress: None,
                self._steerings.get(instance.uuid)).force_complete()

    def live_migration_set_bandwidth(self, instance: Any, mib_per_s: int) -> None:
        self._reach('live_migration_set_bandwidth', instance)
        with self._world.change(self._host) as world:
            jobs.tune(world, instance.uuid, self._host, bandwidth=mib_per_s)

    # -- after the move --------------------------------------------------------------------------
    def post_live_migration_at_destination(self, ctxt: Any, instance: Any,
                                           migrate_data: Any) -> GuestInfo:
        self._reach('post_live_migration_at_destination', instance)
        with self._world.change(self._host) as world:
            guest = guests.find(world, self._host, instance.uuid)
            reason = checks.why_not_whole(guest)
            if reason:
                raise exception.InstanceNotRunning(instance_id=instance.uuid, host=self._host,
                                                   reason=reason)
            guest.persistent = True
            if migrate_data.paused and guest.state == state.RUNNING:
                hypervisor.pause(world, self._host, instance.uuid)
            elif migrate_data.paused is False and guest.reason == state.BY_USER:
                hypervisor.unpause(world, self._host, instance.uuid)
            if directory := storage.find(world, self._host, instance.uuid):
                directory.made_for = ''
            return checks.info(world, self._host, instance.uuid)

    def post_live_migration_at_source(self, ctxt: Any, instance: Any, migrate_data: Any) -> str:
        self._reach('post_live_migration_at_source', instance)
        with self._world.change(self._host) as world:
            hypervisor.clear_source(world, self._host, instance.uuid)
            if not migrate_data.is_shared_instance_path:
                hypervisor.remove_files(world, self._host, instance.uuid, asked=False)
            return storage.path_here(world, self._host, instance.uuid)

    def rollback_live_migration_at_destination(self, ctxt: Any, instance: Any,
                                               migrate_data: Any) -> None:
        self._reach('rollback_live_migration_at_destination', instance)
        with self._world.change(self._host) as world:
            hypervisor.roll_back(
                world, self._host, instance.uuid, _maker(migrate_data),
                bool(migrate_data.is_shared_instance_path and migrate_data.prepared))

    def list_incoming(self) -> list[tuple[str, str]]:
        self._world.reach('list_incoming', self._host, '', None)
        with self._world.look(self._host) as world:
            return storage.list_incoming(world, self._host)

    def rollback_live_migration_at_source(self, ctxt: Any, instance: Any,
                                          migrate_data: Any) -> None:
        """Nothing is left to do: who watched the copy let the guest go on, or left it paused."""
        self._reach('rollback_live_migration_at_source', instance)

    # -- shared ----------------------------------------------------------------------------------
    def _reach(self, step: str, instance: Any) -> None:
        self._world.reach(step, self._host, instance.uuid, instance.metadata)

    def _act(self, step: str, instance: Any, act: Callable[[state.State, str, str], None]) -> None:
        self._reach(step, instance)
        with self._world.change(self._host) as world:
            act(world, self._host, instance.uuid)

    def _watch(self, instance: Any, on_progress: Callable[[Progress], None],
               steering: Steering | None) -> Outcome:
        steering = self._steerings[instance.uuid] = steering or Steering()
        try:
            return Watcher(self._world, self._host, instance.uuid, on_progress, steering).run()
        finally:
            self._steerings.pop(instance.uuid, None)


def _maker(migrate_data: Any) -> str:
    return migrate_data.migration or 'a migration without a uuid'
