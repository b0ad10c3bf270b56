# SPDX-License-Identifier: Apache-2.0
"""The look over this host's guests: which are here that should be elsewhere, and where is one that
should be here?

Together the hosts' looks cover all hosts. A host says what it has when that has changed, and now
and then again; the database compares it with the records, so an idle host costs nothing.
"""
import time

from oslo_log import log as logging

from nova_lite import action_events, exception, objects
from nova_lite.compute import presence
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.context import RequestContext
from nova_lite.migration import location, vm_states
from nova_lite.objects import Instance
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)

SAY_AGAIN = 600.0       # s after which even what has not changed is said once more
COMPUTE = 'nova-compute'


class GuestInventory:
    def __init__(self, host: str, driver: ComputeDriver) -> None:
        self.host, self._driver, self._compute = host, driver, ComputeAPI()
        self._said: dict[str, str] | None = None
        self._said_at = 0.0
        self._unsettled: dict[str, int] = {}

    def report(self, ctxt: RequestContext) -> None:
        """Say which guests are on here. The server of one that is said to be elsewhere is put in
        error, with the reason as its fault."""
        if not self._is_all_said(ctxt):
            self._is_all_said(ctxt)

    def _is_all_said(self, ctxt: RequestContext) -> bool:
        """What is unsettled and new to this host is looked at again at once, what stays unsettled
        next time."""
        seen = {uuid: word for uuid, info in self._driver.list_guests().items()
                if (word := location.word_for(info)) in location.WHOLE}
        now = time.monotonic()
        if seen == self._said and now - self._said_at < SAY_AGAIN:
            return True
        known = self._unsettled
        new, self._unsettled = objects.GuestSighting.report(ctxt, self.host, seen, known)
        for uuid in new:
            self._tell(ctxt, uuid, self.host, seen[uuid])
        self._said, self._said_at = None if self._unsettled else seen, now
        return self._unsettled.items() <= known.items()

    def is_elsewhere(self, ctxt: RequestContext, instance: Instance) -> bool:
        """Is the guest, which should be here and is not on, on another host? Then its server is
        shown so. Asked only where this host's hypervisor says that it has gone."""
        here = presence.locate(self._driver, instance)
        if here not in location.GONE:
            return False
        others = {service.host for service in objects.ServiceList.get_by_filters(
            ctxt, binary=COMPUTE)} - {self.host}
        answers = presence.locate_on(self._compute, ctxt, others, instance)
        found = [host for host, word in sorted(answers.items()) if word in location.WHOLE]
        for host in found:
            new, _ = objects.GuestSighting.add(
                ctxt, host, instance.uuid, answers[host], instance.generation)
            if new:
                self._tell(ctxt, instance.uuid, host, answers[host])
        silent = [host for host, word in sorted(answers.items()) if word == location.NO_ANSWER]
        if not found and silent and here == location.MIGRATED:
            self._tell_lost(ctxt, instance, silent)
            return True
        return bool(found)

    def _tell_lost(self, ctxt: RequestContext, instance: Instance, silent: list[str]) -> None:
        error = exception.GuestElsewhere(
            instance_uuid=instance.uuid, host=self.host, remedy='Bring them back',
            reason=f'it has left by hand, and may be on {", ".join(silent)}, which do not answer')
        LOG.warning(error.format_message())
        instance.vm_state = vm_states.ERROR
        try:
            instance.save(expected_task_state=[None])
        except exception.Conflict:
            return      # busy meanwhile: the next look is as good
        action_events.record_fault(ctxt, instance, error, self.host)

    def keep(self, ctxt: RequestContext, instance: Instance) -> None:
        """The guest was moved here by hand: it stays. InstanceNotRunning where it is not whole."""
        self._driver.post_live_migration_at_destination(ctxt, instance, _by_hand(ctxt))

    def forget(self, ctxt: RequestContext, instance: Instance) -> str:
        """The server lives elsewhere: what is left of it here goes, but for its disks. A guest
        that is on is never ended (InstanceInvalidState). Returns the directory of the files."""
        now = objects.Instance.get_by_uuid(ctxt.elevated(), instance.uuid)
        if now.host == self.host:
            raise exception.Conflict(reason=f'instance {instance.uuid} lives on this host')
        return self._driver.post_live_migration_at_source(ctxt, instance, _by_hand(ctxt))

    def _tell(self, ctxt: RequestContext, uuid: str, host: str, word: str) -> None:
        try:
            instance = objects.Instance.get_by_uuid(ctxt, uuid)
        except exception.InstanceNotFound:
            return
        error = exception.GuestFoundElsewhere(instance_uuid=uuid, found=host, state=word,
                                              host=instance.host)
        LOG.warning(error.format_message())
        action_events.record_fault(ctxt, instance, error, self.host)


def _by_hand(ctxt: RequestContext) -> objects.LibvirtLiveMigrateData:
    """Of a move that nobody has described: no file is known to be a copy, so all are kept."""
    return objects.LibvirtLiveMigrateData(ctxt, is_shared_instance_path=True)
