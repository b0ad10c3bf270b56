# SPDX-License-Identifier: Apache-2.0
"""What is asked before a guest moves: one table, walked at each place where something is known.

A check is a row of PRECHECKS and a pure function of the facts of its place (precheck_facts.py). It
raises one of the row's refusals or returns. The order within a place is that of the table, which
is Nova's. Run this module to print the table: ``python -m nova_lite.migration.prechecks``.
"""
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from nova_lite import exception
from nova_lite.migration import power_state, storage_rules, tables
from nova_lite.migration.precheck_facts import (
    BackingFacts,
    DestinationFacts,
    HostFacts,
    PreparationFacts,
    ServerFacts,
    SourceFacts,
)

# where a check runs
SERVER = 'conductor: the server'
SOURCE_HOST = "conductor: the server's host"
NAMED_HOST = 'conductor: a host that was asked for'
FORCED_HOST = 'conductor: a host that is forced'
ANY_HOST = 'conductor: every host'
DESTINATION = 'destination'
SOURCE = 'source'
SOURCE_DISK = 'source: each disk that is copied'
PREPARATION = 'destination: before the copy'
PREPARATION_DISK = 'destination: each disk before the copy'
PLACES = (SERVER, SOURCE_HOST, NAMED_HOST, FORCED_HOST, ANY_HOST, DESTINATION, SOURCE, SOURCE_DISK,
          PREPARATION, PREPARATION_DISK)


class PreCheck(NamedTuple):
    """``check`` raises one of ``refusals``, or returns."""
    name: str
    where: str
    question: str
    refusals: tuple[type[exception.NovaLiteException], ...]
    check: Callable[[Any], object]


# -- the conductor's --------------------------------------------------------------------------
def _server_is_active(facts: ServerFacts) -> None:
    if facts.power_state not in (power_state.RUNNING, power_state.PAUSED):
        raise exception.InstanceInvalidState(
            instance_uuid=facts.instance_uuid, attr='power_state',
            state=power_state.NAMES.get(facts.power_state, 'unknown'), method='live migrate')


def _flavor(facts: ServerFacts) -> None:
    if not facts.has_flavor:
        raise exception.MigrationPreCheckError(
            reason=f'the flavor of instance {facts.instance_uuid} cannot be read in the database, '
                   'so it is not known what it takes of a host')


def _source_is_up(facts: ServerFacts) -> None:
    if not facts.is_up(facts.source):
        raise exception.ComputeServiceUnavailable(host=facts.source)


def _destination_is_up(facts: HostFacts) -> None:
    if not facts.is_up(facts.host):
        raise exception.ComputeServiceUnavailable(host=facts.host)


def _not_the_source(facts: HostFacts) -> None:
    if facts.host == facts.source:
        raise exception.UnableToMigrateToSelf(instance_id=facts.instance_uuid, host=facts.host)


def _memory(facts: HostFacts) -> None:
    node = facts.dest_node
    available = int(node.memory_mb * node.ram_allocation_ratio) - node.memory_mb_used
    if available <= facts.memory_mb:
        raise exception.MigrationPreCheckError(
            reason=f'Unable to migrate {facts.instance_uuid} to {facts.host}: Lack of memory'
                   f'(host:{available} <= instance:{facts.memory_mb})')


def _hypervisor_type(facts: HostFacts) -> None:
    source, dest = facts.source_node.hypervisor_type, facts.dest_node.hypervisor_type
    if source != dest:
        raise exception.InvalidHypervisorType(source=source, dest=dest, host=facts.host)


def _hypervisor_version(facts: HostFacts) -> None:
    source, dest = facts.source_node.hypervisor_version, facts.dest_node.hypervisor_version
    if source > dest and not facts.skip_version_check:
        raise exception.DestinationHypervisorTooOld(source=source, dest=dest, host=facts.host)


# -- the hosts' -------------------------------------------------------------------------------
def _refuse(reason: str) -> NoReturn:
    raise exception.MigrationPreCheckError(reason=reason)


def _no_leftover(facts: DestinationFacts | PreparationFacts) -> None:
    if facts.domain is not None:
        _refuse(f'host {facts.host} already has a guest with the uuid {facts.instance_uuid} '
                f'({facts.domain.words}); make sure that it is a leftover, then run there: '
                f'virsh undefine {facts.instance_uuid}')


def _boot_images(facts: DestinationFacts) -> None:
    if facts.missing_image:
        _refuse(f'on host {facts.host}: {facts.missing_image}')


def _cpu(facts: DestinationFacts) -> None:
    cpu = facts.cpu
    if cpu is not None and not cpu.is_offered:
        _refuse(f'Unacceptable CPU info: the CPU of host {facts.host} lacks something of '
                f'{cpu.model} of host {cpu.host}')


def _instances_path(facts: DestinationFacts) -> None:
    if facts.not_writable:
        _refuse(f'cannot write to {facts.instances_path} on host {facts.host}: '
                f'{facts.not_writable}')


def _guest_is_here(facts: SourceFacts) -> None:
    domain = facts.domain
    if domain is None or not domain.active:
        _refuse(f'instance {facts.instance_uuid} does not run on host {facts.host}: it '
                f'{"is not defined" if domain is None else domain.words}')


def _guest_is_whole(facts: SourceFacts) -> None:
    domain = facts.domain
    if domain is None:
        return      # guest_is_here has refused that
    if domain.departing or domain.incoming or domain.half:
        _refuse(f'instance {facts.instance_uuid} is on the move already: another migration of it '
                f'runs on host {facts.host}')


def storage(facts: SourceFacts) -> storage_rules.Storage:
    return storage_rules.decide_storage(facts.wanted, facts.is_shared_path, facts.has_disks,
                                        facts.path)


def _copies_disks(facts: SourceFacts) -> bool:
    return facts.has_disks and storage(facts).block


def _tunnel(facts: SourceFacts) -> None:
    if _copies_disks(facts) and facts.is_tunnelled:
        _refuse('disks cannot be copied through a tunnel: unset live_migration_tunnelled')


def _disk_space(facts: SourceFacts) -> None:
    if _copies_disks(facts):
        storage_rules.check_space(facts.sizes, facts.over_commit, facts.available_mb,
                                  facts.instance_uuid)


def _image_directory(facts: BackingFacts) -> None:
    if facts.backing and not facts.is_image:
        _refuse(f'disk {facts.path} lies on top of {facts.backing}, which is not in the image '
                f'directory {facts.images_path}')


def _backing_is_unchanged(facts: BackingFacts) -> None:
    if facts.backing:
        storage_rules.check_same_base(facts.path, facts.backing, facts.recorded, facts.found,
                                      facts.host)


def _backing_is_the_same(facts: BackingFacts) -> None:
    if facts.backing:
        storage_rules.check_same_image(facts.backing, facts.recorded, facts.found, facts.host)


def _shared_directory(facts: PreparationFacts) -> None:
    if facts.is_shared_path and not facts.has_directory:
        _refuse(f'{facts.path} is not seen on host {facts.host}: is the shared file system still '
                'mounted?')


# -- the table --------------------------------------------------------------------------------
_REFUSED = (exception.MigrationPreCheckError,)

PRECHECKS = (
    PreCheck('server_is_active', SERVER, 'Is the server running or paused?',
             (exception.InstanceInvalidState,), _server_is_active),
    PreCheck('flavor', SERVER, 'Can its flavor be read in the database?', _REFUSED, _flavor),
    PreCheck('source_is_up', SOURCE_HOST, 'Is its compute up?',
             (exception.ComputeServiceUnavailable,), _source_is_up),

    PreCheck('not_the_source', NAMED_HOST, 'Is it not the host that the server is on?',
             (exception.UnableToMigrateToSelf,), _not_the_source),
    PreCheck('destination_is_up', FORCED_HOST, 'Is its compute up?',
             (exception.ComputeServiceUnavailable,), _destination_is_up),
    PreCheck('memory', FORCED_HOST, 'Has it more free memory than the server takes?',
             _REFUSED, _memory),
    PreCheck('hypervisor_type', ANY_HOST, "Is its hypervisor of the source's type?",
             (exception.InvalidHypervisorType,), _hypervisor_type),
    PreCheck('hypervisor_version', ANY_HOST, "Is its hypervisor no older than the source's?",
             (exception.DestinationHypervisorTooOld,), _hypervisor_version),

    PreCheck('no_leftover', DESTINATION, 'Is there no guest with its uuid?',
             _REFUSED, _no_leftover),
    PreCheck('boot_images', DESTINATION, 'Are kernel and initrd of its image there?',
             _REFUSED, _boot_images),
    PreCheck('cpu', DESTINATION, "Does its CPU offer all of the source's, if guests see it?",
             _REFUSED, _cpu),
    PreCheck('instances_path', DESTINATION, 'Can the directory of the guests be written to?',
             _REFUSED, _instances_path),

    PreCheck('guest_is_here', SOURCE, 'Does the guest run, or is it paused?',
             _REFUSED, _guest_is_here),
    PreCheck('guest_is_whole', SOURCE, 'Is no copy of it under way?', _REFUSED, _guest_is_whole),
    PreCheck('storage', SOURCE,
             'Is block migration asked for where disks are not shared, and only there?',
             (exception.InvalidLocalStorage, exception.InvalidSharedStorage), storage),
    PreCheck('tunnel', SOURCE, 'Is the copy not tunnelled where disks are copied?',
             _REFUSED, _tunnel),
    PreCheck('image_directory', SOURCE_DISK, 'Does it lie on a file of the image directory?',
             _REFUSED, _image_directory),
    PreCheck('backing_is_unchanged', SOURCE_DISK, 'Is that file as it was when the disk was made?',
             _REFUSED, _backing_is_unchanged),
    PreCheck('disk_space', SOURCE, 'Do the disks that are copied fit at the destination?',
             _REFUSED, _disk_space),

    PreCheck('still_no_leftover', PREPARATION, 'Is there still no guest with its uuid?',
             _REFUSED, _no_leftover),
    PreCheck('shared_directory', PREPARATION, "Is the guest's directory seen, where it is shared?",
             _REFUSED, _shared_directory),
    PreCheck('backing_is_the_same', PREPARATION_DISK, "Is its backing file the source's?",
             _REFUSED, _backing_is_the_same),
)


def run(where: str, facts: object) -> None:
    """Ask all questions of the place ``where``, in order. Raises the first refusal."""
    for row in PRECHECKS:
        if row.where == where:
            row.check(facts)


def pformat() -> str:
    """The table as text, one check a line."""
    rows = [('check', 'where', 'question', 'refusal'),
            *((row.name, row.where, row.question,
               ' or '.join(refusal.__name__ for refusal in row.refusals)) for row in PRECHECKS)]
    return '\n'.join(tables.lines_of(rows))


if __name__ == '__main__':
    print(pformat())
