# SPDX-License-Identifier: Apache-2.0
"""What is left here of guests that have moved away, where a conductor completed the migration.

It did so since this host was silent, and noted in the record that the source is not cleaned. The
host reads those notes when it starts and again and again afterwards: a conductor may write one
while the host comes back, or while it was only slow and never knew that it was given up.
"""
import threading
from collections.abc import Container

from oslo_log import log as logging

from nova_lite import exception, objects
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states
from nova_lite.objects import Instance, Migration
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)


class Departed:
    """``at_work``: uuids of the migrations that this process still works on."""

    def __init__(self, host: str, driver: ComputeDriver, at_work: Container[str]) -> None:
        self.host, self._driver, self._at_work = host, driver, at_work
        self._gate = threading.Lock()

    def clean_up(self, ctxt: RequestContext) -> None:
        """Remove definitions and files of guests that live elsewhere; one that runs here is left.
        What cannot be removed now is tried again by the next call."""
        for migration in objects.MigrationList.get_by_filters(
                ctxt, {'source_compute': self.host, 'status': migration_states.COMPLETED,
                       'source_not_cleaned': True}):
            self._clean_up_after(ctxt, migration)

    def let_in(self) -> None:
        """Wait until nothing is being removed. Who is in the database as on its way to this host
        is not touched after that."""
        with self._gate:
            pass

    def _clean_up_after(self, ctxt: RequestContext, migration: Migration) -> None:
        if migration.uuid in self._at_work:
            return
        try:
            with self._gate:
                if self._on_its_way(ctxt, migration):
                    return
                instance = self._elsewhere(ctxt, migration)
                if instance is not None:
                    LOG.info('Removing what is left of instance %s, which has moved away',
                             instance.uuid)
                    self._driver.post_live_migration_at_source(
                        ctxt, instance,
                        objects.LibvirtLiveMigrateData.from_stored(ctxt, migration))
        except Exception as error:      # whatever it is, the others are looked after
            LOG.warning('Cannot clean up after instance %s, which lives elsewhere: %s',
                        migration.instance_uuid, exception.message_of(error))
            return
        migration.source_cleaned()

    @staticmethod
    def _on_its_way(ctxt: RequestContext, migration: Migration) -> bool:
        return bool(len(objects.MigrationList.get_in_progress_by_instance(
            ctxt, migration.instance_uuid)))

    def _elsewhere(self, ctxt: RequestContext, migration: Migration) -> Instance | None:
        """The instance, None when it is back here. One that was deleted since lived elsewhere."""
        try:
            instance = objects.Instance.get_by_uuid(ctxt, migration.instance_uuid)
        except exception.InstanceNotFound:
            return objects.Instance(ctxt, uuid=migration.instance_uuid, metadata={})
        return None if instance.host == self.host else instance
