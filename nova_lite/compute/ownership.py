# SPDX-License-Identifier: Apache-2.0
"""May this host run that guest now? Asked before a guest is defined, started or resumed.

An order counts only on the host that the server's record names, and while its ``generation`` is
the one that it was given with (objects/order.py). And no other host may have the guest: where the
record, or this host's hypervisor, says that one might, that host has to say that it has not.
"""
import datetime
from typing import NamedTuple

from oslo_utils import timeutils

from nova_lite import exception, objects
from nova_lite.compute import presence
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.context import RequestContext
from nova_lite.migration import location, migration_states
from nova_lite.objects import Instance
from nova_lite.virt.driver import ComputeDriver

COMPUTE = 'nova-compute'
# A copy that failed or was cancelled left the guest where it was, as the source has seen. Its
# destination is asked for this long all the same, in case that it was mended by hand since.
RECENT = datetime.timedelta(days=7)
NEWEST = 50         # migrations of one server that are looked at
IN_DOUBT = (migration_states.ERROR,)
STAYED = (migration_states.FAILED, migration_states.CANCELLED)
FORGOTTEN = 'the hypervisor here was restarted, and does not know any more why it is off'


class Suspect(NamedTuple):
    """A host that may have the guest: why, and whether its silence is a reason not to start."""
    why: str
    must_answer: bool = True


def check_alone(ctxt: RequestContext, instance: Instance, host: str, driver: ComputeDriver,
                compute: ComputeAPI, new: bool = False) -> None:
    """No other host may have the guest. GuestElsewhere names who may, and what to do.

    No other host is asked for a server that has always moved well, unless this host's hypervisor
    says that the guest has gone, or cannot say why it is off. ``new``: it has never been here,
    and need not be.
    """
    system = ctxt.elevated()
    here = presence.locate(driver, instance)
    if here in (location.LEAVING, location.INCOMING):
        raise _refusal(instance, host, f'the guest is {here} here, a copy of it is under way',
                       'Wait until that is over, or end it')
    suspects = suspects_by_record(system, instance, host)
    if here in location.GONE and not (new and here == location.ABSENT):
        for service in objects.ServiceList.get_by_filters(system, binary=COMPUTE):
            suspects.setdefault(service.host, Suspect(f'here it is {here}'))
    elif here in location.ENDED and presence.is_forgotten(driver, instance):
        # it is most likely off by an order of ours: a silent host does not keep it so
        for service in objects.ServiceList.get_by_filters(system, binary=COMPUTE):
            if service.up:
                suspects.setdefault(service.host, Suspect(FORGOTTEN, must_answer=False))
    suspects.pop(host, None)
    if suspects:
        answers = presence.locate_on(compute, system, suspects, instance)
        _judge(system, instance, host, here, suspects, answers)


def suspects_by_record(ctxt: RequestContext, instance: Instance, host: str) -> dict[str, Suspect]:
    """The hosts that migrations may have left a copy on. GuestElsewhere while one is under way.
    """
    suspects: dict[str, Suspect] = {}
    horizon = timeutils.utcnow(with_timezone=True) - RECENT
    for migration in objects.MigrationList.get_by_filters(
            ctxt, {'instance_uuid': instance.uuid,
                   'status': [*migration_states.UNFINISHED, *IN_DOUBT, *STAYED]}, limit=NEWEST):
        if migration.status in migration_states.UNFINISHED:
            raise _refusal(instance, host, f'its migration {migration.uuid} is not over '
                           f'({migration.status})', 'Wait until it is, or abort it')
        # one that was refused before anything was done has no destination's data
        if migration.migrate_data is None:
            continue
        in_doubt = migration.status in IN_DOUBT
        if not in_doubt and (migration.updated_at or migration.created_at) < horizon:
            continue
        suspect = Suspect(f'migration {migration.id} ended as {migration.status}', in_doubt)
        for other in {migration.source_compute, migration.dest_compute} - {host, None}:
            if in_doubt or other not in suspects:
                suspects[other] = suspect
    return suspects


def _judge(ctxt: RequestContext, instance: Instance, host: str, here: str,
           suspects: dict[str, Suspect], answers: dict[str, str]) -> None:
    for other, word in answers.items():
        # where it went to it may have ended: what it wrote last is there
        ended_there = word in location.ENDED and here in location.GONE
        if word in location.MAY_RUN or ended_there:
            raise _refusal(instance, host,
                           f'host {other} may have the guest ({word}; {suspects[other].why})',
                           'End it there, or take that place over: nova-lite server-locate')
    silent = [other for other, word in answers.items()
              if word == location.NO_ANSWER and suspects[other].must_answer
              and not is_fenced(ctxt, other)]
    if silent:
        raise _refusal(
            instance, host, f'host {silent[0]} may have the guest and does not answer '
            f'({suspects[silent[0]].why})', 'Bring that host back or, when it is certainly off, '
            'set its service forced down')


def is_fenced(ctxt: RequestContext, host: str) -> bool:
    """Has an operator said that nothing runs on that host: is its service forced down or removed?
    """
    try:
        service = objects.Service.get_by_host_and_binary(ctxt, host, COMPUTE)
    except exception.ServiceNotFound:
        return True
    return bool(service.forced_down)


def _refusal(instance: Instance, host: str, reason: str, remedy: str) -> exception.GuestElsewhere:
    return exception.GuestElsewhere(instance_uuid=instance.uuid, host=host, reason=reason,
                                    remedy=remedy)


def check_expected(ctxt: RequestContext, migration_uuid: str | None, host: str) -> None:
    """Is ``host`` to prepare for that migration, or has it ended since it was asked?
    MigrationPreCheckError."""
    migration = objects.Migration.get_by_uuid(ctxt, migration_uuid or '')
    if (migration.dest_compute, migration.status) != (host, migration_states.PREPARING):
        raise exception.MigrationPreCheckError(
            reason=f'host {host} is not to prepare for migration {migration_uuid} any more, which '
                   f'is {migration.status}')
