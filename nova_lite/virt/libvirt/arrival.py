# SPDX-License-Identifier: Apache-2.0
"""The destination's side of a migration: check, make room, prove the arrival, or tidy up."""
import contextlib
import os
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, objects
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.migration import power_state, prechecks
from nova_lite.migration.observations import GuestInfo
from nova_lite.objects import ComputeNode, Instance, LibvirtLiveMigrateData
from nova_lite.virt.libvirt import abi, probe, resources
from nova_lite.virt.libvirt.guest import Guest, Seen, look
from nova_lite.virt.libvirt.host import Host
from nova_lite.virt.libvirt.precheck_facts import BackingFacts, DestinationFacts, PreparationFacts

LOG = logging.getLogger(__name__)


def check(host: Host, guest: Guest, ctxt: RequestContext, instance: Instance,
          source_node: ComputeNode, block_migration: bool | None,
          disk_over_commit: bool | None) -> LibvirtLiveMigrateData:
    """Can the guest come here, as far as this host can tell? Returns LiveMigrateData with the
    probe that the source will look for. MigrationPreCheckError."""
    facts = DestinationFacts(host, guest, instance, source_node)
    try:
        prechecks.run(prechecks.DESTINATION, facts)
        return objects.LibvirtLiveMigrateData(
            ctxt, filename=facts.probe, image_type='qcow2', block_migration=block_migration,
            disk_over_commit=disk_over_commit, instance_relative_path=guest.uuid,
            disk_available_mb=resources.available_mb(guest.storage, disk_over_commit),
            dest_host=guest.host_name, dest_node=resources.hostname(host),
            libvirt_version=resources.libvirt_version(host))
    except Exception:
        probe.remove(guest.storage, facts.probe)
        raise


def prepare(guest: Guest, instance: Instance, disk_info: list[dict[str, Any]],
            migrate_data: LibvirtLiveMigrateData) -> LibvirtLiveMigrateData:
    """Make room: directory, console, empty disks. Returns migrate_data with the address that
    guests are copied to. DestinationDiskExists, MigrationPreCheckError; nothing new is left then.
    """
    prechecks.run(prechecks.PREPARATION, PreparationFacts(guest, migrate_data))
    if migrate_data.is_shared_instance_path:
        _check_backing_of_shared(guest)
    else:
        made_for = _made_for(guest, migrate_data)
        guest.storage.make_directory(guest.uuid, made_for)
        try:
            for disk in disk_info if migrate_data.block_migration else ():
                _make_disk(guest, disk)
        except Exception:
            guest.storage.remove_directory(guest.uuid)
            raise
    migrate_data.target_connect_addr = CONF.libvirt.live_migration_inbound_addr
    migrate_data.prepared = True
    return migrate_data


def _check_backing_of_shared(guest: Guest) -> None:
    """The disks are shared; the images that they lie on need not be."""
    for name, digest in guest.storage.recorded_bases(guest.uuid).items():
        path = os.path.join(guest.storage.instance_dir(guest.uuid), name)
        prechecks.run(prechecks.PREPARATION_DISK, BackingFacts(
            guest, path, guest.storage.read_disk(path).backing_file, digest))


def _make_disk(guest: Guest, disk: dict[str, Any]) -> None:
    """An empty disk of the same size on the same image: only what the guest wrote is copied."""
    path, backing, digest = guest.storage.own_disk_path(guest.uuid, disk['path']), '', ''
    if disk['backing_file']:
        backing = guest.storage.image(disk['backing_file'])
        facts = BackingFacts(guest, path, backing, disk.get('backing_digest') or '')
        prechecks.run(prechecks.PREPARATION_DISK, facts)
        digest = facts.found
    guest.storage.create_disk(path, disk['type'], disk['virt_disk_size'], backing,
                              disk.get('backing_format') or 'raw')
    if digest:
        guest.storage.record_base(guest.uuid, path, digest)


def confirm(guest: Guest, migrate_data: LibvirtLiveMigrateData) -> GuestInfo:
    """Prove that the whole guest is here, or was and ended by itself since. InstanceNotRunning."""
    seen = look(guest)
    if seen is not None and seen.ended_by_itself:
        LOG.info('Instance %s has arrived, and %s', guest.uuid, seen.words)
        _forget_maker(guest, migrate_data)
        return seen.info()
    if seen is not None and seen.active and not seen.incoming and not seen.half:
        if not seen.persistent:
            LOG.warning('Instance %s came without its definition; keeping that of the running '
                        'guest', guest.uuid)
            guest.keep_definition()
            seen = guest.look()
        _forget_maker(guest, migrate_data)
        return _as_others_want(guest, seen, migrate_data.paused).info()
    raise exception.InstanceNotRunning(
        instance_id=guest.uuid, host=guest.host_name,
        reason='there is no such guest' if seen is None else
        f'it is {power_state.NAMES[seen.info().state]}: {seen.words}')


def _as_others_want(guest: Guest, seen: Seen, paused: bool | None) -> Seen:
    """libvirt lets a guest run here that ran when its copy began, and no other."""
    if paused and seen.state == abi.State.RUNNING:
        LOG.info('Instance %s was paused during its copy, and is paused here', guest.uuid)
        guest.pause()
    elif paused is False and (seen.state, seen.reason) == (abi.State.PAUSED, abi.Paused.USER):
        LOG.info('Instance %s was let go on during its copy, and goes on here', guest.uuid)
        guest.unpause()
    else:
        return seen
    return guest.look()


def roll_back(guest: Guest, migrate_data: LibvirtLiveMigrateData) -> None:
    """Remove the incoming half and what was made for it. Where this migration has prepared
    nothing, what is here is another's, perhaps a copy by hand, and is left alone.
    InstanceInvalidState when the guest, or a part of it that may be the only one, runs here."""
    if migrate_data.is_shared_instance_path:
        if migrate_data.prepared:
            _end_half(guest)
        return
    marker = guest.storage.read_marker(guest.uuid)
    if marker == _made_for(guest, migrate_data):
        _end_half(guest)
        with contextlib.suppress(exception.InstanceNotFound):
            guest.undefine()
        guest.storage.remove_directory(guest.uuid)
    elif marker is None:
        guest.storage.remove_empty_directory(guest.uuid)
    else:
        LOG.warning('Leaving %s alone: it was made for migration %s',
                    guest.storage.instance_dir(guest.uuid), marker)


def _end_half(guest: Guest) -> None:
    seen = look(guest)
    if seen is None or not seen.active:
        return
    # a persistent half is on the brink of running, or was switched to by post-copy
    if not (seen.incoming and seen.state == abi.State.PAUSED and not seen.persistent):
        raise exception.InstanceInvalidState(
            instance_uuid=guest.uuid, attr='state',
            state=f'{seen.words} on host {guest.host_name}', method='roll back the migration of')
    with contextlib.suppress(exception.InstanceNotFound):
        guest.destroy()


def _forget_maker(guest: Guest, migrate_data: LibvirtLiveMigrateData) -> None:
    """The files are the guest's now: no rollback may remove them."""
    if not migrate_data.is_shared_instance_path:
        guest.storage.remove_marker(guest.uuid)


def _made_for(guest: Guest, migrate_data: LibvirtLiveMigrateData) -> str:
    return migrate_data.migration or guest.uuid
