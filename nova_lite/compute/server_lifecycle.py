# SPDX-License-Identifier: Apache-2.0
"""What can be done to a guest besides moving it, and what its server is afterwards.

Each act can be done again: orders.py has it done once more where nobody knows how far it came.
"""
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging
from oslo_utils import timeutils

from nova_lite import exception, objects
from nova_lite.compute import ownership
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.migration import location, power_state, task_states, vm_states
from nova_lite.objects import Instance
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)

# what starts a guest: nobody else may have it then
STARTING = (task_states.SPAWNING, task_states.POWERING_ON, task_states.REBOOTING,
            task_states.REBOOTING_HARD, task_states.UNPAUSING, task_states.RESUMING)


# what a server is whose guest is that
STATES = {power_state.RUNNING: vm_states.ACTIVE, power_state.PAUSED: vm_states.PAUSED,
          power_state.SHUTDOWN: vm_states.STOPPED, power_state.CRASHED: vm_states.STOPPED}
IsElsewhere = Callable[[RequestContext, Instance], bool]


class ServerLifecycle:
    def __init__(self, host: str, driver: virt_driver.ComputeDriver) -> None:
        self.host, self._driver, self._compute = host, driver, ComputeAPI()

    def act(self, ctxt: RequestContext, instance: Instance, task: str) -> None:
        """Have the hypervisor do what ``task`` says."""
        if task in STARTING:
            ownership.check_alone(ctxt, instance, self.host, self._driver, self._compute,
                                  new=task == task_states.SPAWNING)
        driver = self._driver
        if task == task_states.SPAWNING:
            driver.spawn(ctxt, instance)
        elif task == task_states.POWERING_ON:
            driver.power_on(ctxt, instance)
        elif task == task_states.POWERING_OFF:
            driver.power_off(ctxt, instance, CONF.shutdown_timeout)
        elif task in (task_states.REBOOTING, task_states.REBOOTING_HARD):
            driver.reboot(ctxt, instance, 'SOFT' if task == task_states.REBOOTING else 'HARD')
        elif task == task_states.PAUSING:
            driver.pause(instance)
        elif task == task_states.UNPAUSING:
            driver.unpause(instance)
        elif task == task_states.SUSPENDING:
            driver.suspend(ctxt, instance)
        elif task == task_states.RESUMING:
            driver.resume(ctxt, instance)
        elif task == task_states.DELETING:
            driver.destroy(ctxt, instance)
        else:
            raise LookupError(f'no act for {task}')

    # -- what the server is then -----------------------------------------------------------------
    def is_now(self, instance: Instance, task: str, vm_state: str | None) -> dict[str, Any]:
        """Columns of a server of which ``task`` is done."""
        launched = ({'launched_at': timeutils.utcnow(with_timezone=True)}
                    if task == task_states.SPAWNING else {})
        return {'vm_state': vm_state, 'power_state': self._power_state(instance), **launched}

    def _power_state(self, instance: Instance) -> int:
        info = self._info(instance)
        return info.state if info else power_state.SHUTDOWN

    def _info(self, instance: Instance) -> virt_driver.GuestInfo | None:
        try:
            return self._driver.get_info(instance)
        except exception.InstanceNotFound:
            return None

    # -- what happened without us ----------------------------------------------------------------
    def sync_power_states(self, ctxt: RequestContext,
                          is_elsewhere: IsElsewhere = lambda *_: False) -> None:
        """Write down guests that ended or were paused by themselves; busy servers are left, and
        those of which ``is_elsewhere`` says that they are on another host."""
        for instance in objects.InstanceList.get_by_host(ctxt, self.host):
            self._sync(ctxt, instance, is_elsewhere)

    def sync_changed(self, ctxt: RequestContext, uuids: set[str],
                     is_elsewhere: IsElsewhere) -> set[str]:
        """The same for these alone. Returns those that are busy, perhaps on their way to here, so
        that nothing can be written of them yet."""
        servers = list(objects.InstanceList.get_by_filters(ctxt, {'uuid': sorted(uuids)}))
        for instance in servers:
            if instance.host == self.host:
                self._sync(ctxt, instance, is_elsewhere)
        return {instance.uuid for instance in servers if instance.task_state is not None}

    def _sync(self, ctxt: RequestContext, instance: Instance,
              is_elsewhere: IsElsewhere) -> None:
        if instance.task_state is not None or instance.vm_state in (
                vm_states.ERROR, vm_states.SUSPENDED, vm_states.BUILDING):
            return
        info = self._info(instance)
        if location.word_for(info) in location.HALF:
            return      # a copy by hand: it may stand still for its end
        state = info.state if info else power_state.SHUTDOWN
        if state == instance.power_state and STATES.get(state) == instance.vm_state:
            return
        if state == power_state.SHUTDOWN and is_elsewhere(ctxt, instance):
            return
        instance.power_state = state
        instance.vm_state = STATES.get(state, instance.vm_state)
        try:
            instance.save(expected_task_state=[None])
        except exception.Conflict:
            LOG.debug('Instance %s became busy meanwhile', instance.uuid)
