# SPDX-License-Identifier: Apache-2.0
"""What else happens to a server on its host: built, ended, stopped, started, paused and so on.

Each operation acts on the hypervisor and then writes the new state, where the task state is still
the one that the API set for it.
"""
from collections.abc import Callable
from typing import Any

from oslo_log import log as logging
from oslo_utils import timeutils

from nova_lite import exception, objects
from nova_lite.compute import events, ownership, power_state, task_states, vm_states
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conf import CONF
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)


class ServerLifecycle:
    def __init__(self, host: str, driver: virt_driver.ComputeDriver) -> None:
        self.host, self._driver, self._compute = host, driver, ComputeAPI()

    # -- beginning and end -----------------------------------------------------------------------
    def build(self, ctxt: Any, instance: Any) -> None:
        ownership.check_order(ctxt, instance, self.host)
        try:
            self._alone(ctxt, instance, new=True).spawn(ctxt, instance)
            self._now(instance, task_states.SPAWNING, vm_states.ACTIVE,
                      launched_at=timeutils.utcnow(with_timezone=True))
        except exception.UnexpectedDeletingTaskStateError:
            LOG.info('Instance %s was deleted while it was built', instance.uuid)
            self._driver.destroy(ctxt, instance)
        except Exception as error:
            events.record_fault(ctxt, instance, error, self.host)
            objects.Claim.drop(ctxt, instance.uuid)
            instance.refresh()
            instance.vm_state, instance.task_state = vm_states.ERROR, None
            instance.save(expected_task_state=task_states.SPAWNING)
            raise

    def terminate(self, ctxt: Any, instance: Any) -> None:
        self._driver.destroy(ctxt, instance)
        instance.vm_state, instance.task_state = vm_states.DELETED, None
        instance.power_state = power_state.NOSTATE
        instance.terminated_at = timeutils.utcnow(with_timezone=True)
        instance.save(expected_task_state=task_states.DELETING)
        instance.destroy()      # its claims go with it

    # -- changes of state ------------------------------------------------------------------------
    def start(self, ctxt: Any, instance: Any) -> None:
        self._change(instance, task_states.POWERING_ON, vm_states.ACTIVE,
                     lambda: self._alone(ctxt, instance).power_on(ctxt, instance))

    def stop(self, ctxt: Any, instance: Any) -> None:
        self._change(instance, task_states.POWERING_OFF, vm_states.STOPPED,
                     lambda: self._driver.power_off(ctxt, instance, CONF.shutdown_timeout))

    def reboot(self, ctxt: Any, instance: Any, reboot_type: str) -> None:
        task = task_states.REBOOTING if reboot_type == 'SOFT' else task_states.REBOOTING_HARD
        self._change(instance, task, vm_states.ACTIVE,
                     lambda: self._alone(ctxt, instance).reboot(ctxt, instance, reboot_type))

    def pause(self, ctxt: Any, instance: Any) -> None:
        self._change(instance, task_states.PAUSING, vm_states.PAUSED,
                     lambda: self._driver.pause(instance))

    def unpause(self, ctxt: Any, instance: Any) -> None:
        self._change(instance, task_states.UNPAUSING, vm_states.ACTIVE,
                     lambda: self._alone(ctxt, instance).unpause(instance))

    def suspend(self, ctxt: Any, instance: Any) -> None:
        self._change(instance, task_states.SUSPENDING, vm_states.SUSPENDED,
                     lambda: self._driver.suspend(ctxt, instance))

    def resume(self, ctxt: Any, instance: Any) -> None:
        self._change(instance, task_states.RESUMING, vm_states.ACTIVE,
                     lambda: self._alone(ctxt, instance).resume(ctxt, instance))

    def _alone(self, ctxt: Any, instance: Any, new: bool = False) -> virt_driver.ComputeDriver:
        """The driver, to start the guest with, when no other host may have it."""
        ownership.check_alone(ctxt, instance, self.host, self._driver, self._compute, new)
        return self._driver

    def _change(self, instance: Any, task: str, vm_state: str,
                act: Callable[[], None]) -> None:
        ownership.check_order(instance._context, instance, self.host)
        try:
            act()
        except Exception:
            # the state the server had before still stands; only the task is over
            instance.task_state = None
            instance.save(expected_task_state=task)
            raise
        self._now(instance, task, vm_state)

    def _now(self, instance: Any, task: str, vm_state: str, **more: Any) -> None:
        instance.vm_state, instance.task_state = vm_state, None
        instance.power_state = self._power_state(instance)
        for name, value in more.items():
            setattr(instance, name, value)
        instance.save(expected_task_state=task)

    def _power_state(self, instance: Any) -> int:
        try:
            return self._driver.get_info(instance).state
        except exception.InstanceNotFound:
            return power_state.SHUTDOWN

    # -- what happened without us ----------------------------------------------------------------
    def sync_power_states(self, ctxt: Any,
                          is_elsewhere: Callable[[Any, Any], bool] = lambda *_: False) -> None:
        """Write down guests that ended or were paused by themselves; busy servers are left, and
        those of which ``is_elsewhere`` says that they are on another host."""
        expected = {power_state.RUNNING: vm_states.ACTIVE, power_state.PAUSED: vm_states.PAUSED,
                    power_state.SHUTDOWN: vm_states.STOPPED,
                    power_state.CRASHED: vm_states.STOPPED}
        for instance in objects.InstanceList.get_by_host(ctxt, self.host):
            if instance.task_state is not None or instance.vm_state in (
                    vm_states.ERROR, vm_states.SUSPENDED, vm_states.BUILDING):
                continue
            state = self._power_state(instance)
            if state == instance.power_state and expected.get(state) == instance.vm_state:
                continue
            if state == power_state.SHUTDOWN and is_elsewhere(ctxt, instance):
                continue
            instance.power_state = state
            instance.vm_state = expected.get(state, instance.vm_state)
            try:
                instance.save(expected_task_state=[None])
            except exception.Conflict:
                LOG.debug('Instance %s became busy meanwhile', instance.uuid)
