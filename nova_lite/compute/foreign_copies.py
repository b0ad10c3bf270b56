# SPDX-License-Identifier: Apache-2.0
"""Copies of servers away from this host that no migration of the record does: virsh by hand.

One that belongs to an unfinished migration is the queue's to take up. Any other is left alone: it
is told of in the log, as the server's fault and as an action of its own, which ends with what
became of the guest. What would disturb it is refused meanwhile (see orders.py).
"""

from oslo_log import log as logging

from nova_lite import action_events, context, exception, objects
from nova_lite.compute import presence
from nova_lite.context import RequestContext
from nova_lite.migration import location
from nova_lite.objects import Instance
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)

ACTION = 'foreign-live-migration'


class ForeignCopies:
    """``_told``: request id of the action about each server that is on its way, by its uuid."""

    def __init__(self, host: str, driver: ComputeDriver) -> None:
        self.host, self._driver = host, driver
        self._told: dict[str, str] = {}

    def look(self, ctxt: RequestContext) -> None:
        """Find those that have begun or ended since the last look."""
        departing = self._driver.list_departing()
        for uuid in departing - self._told.keys():
            self._consider(ctxt, uuid)
        over = self._told.keys() - departing
        if over:
            guests = self._driver.list_guests()
            for uuid in over:
                self._tell_end(uuid, location.word_for(guests.get(uuid)))

    def _consider(self, ctxt: RequestContext, uuid: str) -> None:
        try:
            instance = objects.Instance.get_by_uuid(ctxt, uuid)
        except exception.InstanceNotFound:
            return      # no server of ours
        if instance.host == self.host and not self._is_ours(ctxt, instance):
            self._tell(instance)

    def _is_ours(self, ctxt: RequestContext, instance: Instance) -> bool:
        """No record ends while its job lives, so an unfinished one is asked for first, and then
        whether the guest is still on its way."""
        for migration in objects.MigrationList.get_in_progress_by_instance(ctxt, instance.uuid):
            if migration.source_compute == self.host:
                return True
        return presence.locate(self._driver, instance) != location.LEAVING

    def _tell(self, instance: Instance) -> None:
        error = exception.InstanceInvalidState(
            instance_uuid=instance.uuid, method='migrate', attr='a copy',
            state=f'away from host {self.host}, which no migration of nova-lite does (virsh by '
                  f'hand?). It is left alone; there "virsh domjobabort {instance.uuid}" ends it')
        LOG.warning('%s', error.format_message())
        ctxt = context.get_admin_context()
        objects.InstanceAction.action_start(ctxt, instance.uuid, ACTION)
        self._told[instance.uuid] = ctxt.request_id
        action_events.record_fault(ctxt, instance, error, self.host)

    def _tell_end(self, uuid: str, word: str) -> None:
        request_id = self._told.pop(uuid)
        words = f'the copy is over; on host {self.host} the guest is {word}'
        LOG.warning('Instance %s: %s', uuid, words)
        objects.InstanceAction.action_finish(context.get_admin_context(), uuid, request_id, words)
