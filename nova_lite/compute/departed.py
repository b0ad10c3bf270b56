# SPDX-License-Identifier: Apache-2.0
"""What is left here of guests that have moved away, where a conductor completed the migration.

It did so since this host was silent. Looked for at the start of the process only, before anything
can come here again: a later look could take what is made for a guest that returns.
"""
import datetime
from typing import Any

from oslo_log import log as logging
from oslo_utils import timeutils

from nova_lite import exception, objects
from nova_lite.compute import migration_states
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)

LOOK_BACK = datetime.timedelta(days=7)


def clean_up(ctxt: Any, host: str, driver: ComputeDriver) -> None:
    """Remove definitions and files of guests that live elsewhere; one that runs here is left."""
    newest = {}
    for migration in objects.MigrationList.get_by_filters(
            ctxt, {'source_compute': host, 'status': migration_states.COMPLETED,
                   'changes-since': timeutils.utcnow(with_timezone=True) - LOOK_BACK}):
        newest.setdefault(migration.instance_uuid, migration)
    for migration in newest.values():
        try:
            _clean_up_after(ctxt, host, driver, migration)
        except exception.InstanceNotFound:
            pass        # deleted since, at the host where it lived
        except exception.NovaLiteException as error:
            LOG.warning('Cannot clean up after instance %s, which lives elsewhere: %s',
                        migration.instance_uuid, error.format_message())


def _clean_up_after(ctxt: Any, host: str, driver: ComputeDriver, migration: Any) -> None:
    instance = objects.Instance.get_by_uuid(ctxt, migration.instance_uuid)
    on_its_way = objects.MigrationList.get_in_progress_by_instance(ctxt, instance.uuid)
    if instance.host == host or len(on_its_way):
        return
    driver.post_live_migration_at_source(
        ctxt, instance, objects.LiveMigrateData.from_stored(ctxt, migration.migrate_data))
