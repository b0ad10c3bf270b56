# SPDX-License-Identifier: Apache-2.0
"""May this host run that guest now? Asked before a guest is defined, started or resumed.

Messages can be late: an order may reach a host that the guest has left meanwhile, or come after
an operator has decided otherwise. A server's ``generation`` goes up with each of these, and an
order of an older one is not carried out. Where the last migration ended in doubt, the other host
has to say that it does not run the guest.
"""
from typing import Any

from nova_lite import exception, objects
from nova_lite.compute import migration_states, recovery


def check_order(ctxt: Any, instance: Any, host: str) -> None:
    """``instance`` is as the order brought it. StaleOrder, InstanceNotFound."""
    now = objects.Instance.get_by_uuid(ctxt.elevated(), instance.uuid)
    if (now.host, now.generation) != (host, instance.generation):
        raise exception.StaleOrder(
            instance_uuid=instance.uuid, generation=instance.generation, host=host,
            now_generation=now.generation, now_host=now.host)


def check_alone(ctxt: Any, instance: Any, host: str, compute: Any) -> None:
    """No other host may have the guest. GuestElsewhere says which may, and what to do."""
    newest = objects.MigrationList.get_by_filters(
        ctxt.elevated(), {'instance_uuid': instance.uuid}, limit=1)
    for migration in newest:
        # one that was refused before anything was done has no destination's data
        if migration.status != migration_states.ERROR or migration.migrate_data is None:
            continue
        other = (migration.dest_compute if host == migration.source_compute
                 else migration.source_compute)
        seen = recovery.ask(compute, ctxt, other, instance)
        if seen not in (recovery.ABSENT, recovery.OFF):
            raise exception.GuestElsewhere(instance_uuid=instance.uuid, host=other, seen=seen,
                                           migration=migration.uuid)


def check_expected(ctxt: Any, migration_uuid: str, host: str) -> None:
    """Is ``host`` to prepare for that migration, or has it ended since it was asked?
    MigrationPreCheckError."""
    migration = objects.Migration.get_by_uuid(ctxt, migration_uuid)
    if (migration.dest_compute, migration.status) != (host, migration_states.PREPARING):
        raise exception.MigrationPreCheckError(
            reason=f'host {host} is not to prepare for migration {migration_uuid} any more, which '
                   f'is {migration.status}')
