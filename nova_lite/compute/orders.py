# SPDX-License-Identifier: Apache-2.0
"""What this host is to do with its servers besides moving them: taken up, carried out, written.

A message only says that there is something: what, stands in the database (objects/order.py), and
what to do about it, in order_rules.py. The host looks there when a message comes, when it starts
and again and again, so no order depends on a message. One thread at most works on a server: who
comes meanwhile has it looked at once more.
"""
import threading

import oslo_messaging as messaging
from oslo_log import log as logging

from nova_lite import action_events, context, exception, moments, objects, rpc, utils
from nova_lite.compute import presence
from nova_lite.compute.live_migration_queue import LiveMigrationQueue
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.compute.server_lifecycle import ServerLifecycle
from nova_lite.context import RequestContext
from nova_lite.migration import order_rules, task_states, vm_states
from nova_lite.objects import Instance, Order
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)

AT_ONCE = 10        # orders that a look takes up at the same moment
# what passes: the order stays as it is and is looked at again
PASSING = (exception.DatabaseUnavailable, exception.HypervisorUnavailable,
           messaging.MessagingTimeout, *rpc.NOT_SENT)

EVENTS = {
    task_states.SPAWNING: 'compute_build_and_run_instance',
    task_states.POWERING_ON: 'compute_start_instance',
    task_states.POWERING_OFF: 'compute_stop_instance',
    task_states.REBOOTING: 'compute_reboot_instance',
    task_states.REBOOTING_HARD: 'compute_reboot_instance',
    task_states.PAUSING: 'compute_pause_instance',
    task_states.UNPAUSING: 'compute_unpause_instance',
    task_states.SUSPENDING: 'compute_suspend_instance',
    task_states.RESUMING: 'compute_resume_instance',
    task_states.DELETING: 'compute_terminate_instance'}


class Orders:
    def __init__(self, host: str, driver: ComputeDriver, servers: ServerLifecycle,
                 queue: LiveMigrationQueue) -> None:
        self.host, self._driver, self._servers, self._queue = host, driver, servers, queue
        self._compute = ComputeAPI()
        self._lock = threading.Lock()
        self._at_work: dict[str, bool] = {}     # server -> whether to look once more
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def take_up(self, ctxt: RequestContext) -> None:
        """Carry out what stands in the database for this host and nobody here works on."""
        for uuid in objects.OrderList.servers_of_host(ctxt, self.host):
            if uuid not in self._at_work:
                LOG.info('Instance %s: taking up what was ordered', uuid)
                utils.spawn(self._take_up_one, uuid, name=f'order-{uuid}')

    def _take_up_one(self, uuid: str) -> None:
        with self._places:
            self.carry_out(uuid)

    def carry_out(self, uuid: str) -> None:
        """Do what is ordered of that server, unless a thread of this process does."""
        with self._lock:
            if uuid in self._at_work:
                self._at_work[uuid] = True
                return
            self._at_work[uuid] = False
        try:
            while self._carry_out_one(uuid) or self._is_to_look_again(uuid):
                pass
        except BaseException:
            self._at_work.pop(uuid, None)
            raise

    def _is_to_look_again(self, uuid: str) -> bool:
        with self._lock:
            again = self._at_work[uuid]
            if again:
                self._at_work[uuid] = False
            else:
                del self._at_work[uuid]
            return again

    def _carry_out_one(self, uuid: str) -> bool:
        """Whether there may be something else to do at once."""
        order = objects.Order.begin(context.get_admin_context(), uuid, self.host)
        if order is None:
            LOG.info('Instance %s: nothing is ordered (any more)', uuid)
            return False
        # the API has decided what the user may; from here the system acts
        ctxt = context.RequestContext.from_dict(order.context).elevated()
        ctxt.update_store()
        order._context = order.server._context = ctxt
        try:
            with action_events.reporter(ctxt, EVENTS[order.task_state], uuid, self.host,
                                        late=True):
                self._do(ctxt, order)
        except exception.StaleOrder as void:
            LOG.info('%s', void.format_message())
            return self._give_way(ctxt, order)
        except PASSING as error:
            LOG.warning('Instance %s is left %s for now: %s', uuid, order.task_state,
                        exception.message_of(error))
        except Exception as error:
            expected = isinstance(error, exception.NovaLiteException)
            LOG.warning('Instance %s: %s failed: %s', uuid, order.task_state,
                        exception.message_of(error), exc_info=None if expected else error)
        return False

    def _do(self, ctxt: RequestContext, order: Order) -> None:
        task, instance = order.task_state, order.server
        moments.reach(f'order-{task}-start', instance.uuid)
        if task == task_states.DELETING and not self._is_here_to_delete(ctxt, instance):
            return
        seen = order_rules.GUEST[presence.look(self._driver, instance)]
        rule = order_rules.decide(task, seen)
        LOG.info('Instance %s is %s, and its guest is %s: %s', instance.uuid, task, seen,
                 rule.action)
        try:
            if rule.action == order_rules.WAIT:
                raise exception.HypervisorUnavailable(host=self.host, reason=rule.why)
            if rule.action == order_rules.REFUSE:
                raise exception.InstanceInvalidState(
                    instance_uuid=instance.uuid, attr='power_state', state=f'{seen}: {rule.why}',
                    method=task)
            if rule.action == order_rules.ACT:
                self._servers.act(ctxt, instance, task)
        except PASSING:
            raise
        except Exception as error:
            self._give_back(ctxt, order, error)
            raise
        moments.reach(f'order-{task}-middle', instance.uuid)    # done, not written
        self._write(order, rule, seen)
        moments.reach(f'order-{task}-end', instance.uuid)

    def _write(self, order: Order, rule: order_rules.Rule, seen: str) -> None:
        task = order.task_state
        if task == task_states.DELETING:
            order.finish(vm_states.after_deletion(), host=self.host, destroy=True)
            return
        vm_state = (order_rules.vm_state_of(seen) if rule.action == order_rules.AS_IT_IS
                    else order_rules.OUTCOMES[task])
        order.finish(self._servers.is_now(order.server, task, vm_state))

    def _give_back(self, ctxt: RequestContext, order: Order, error: Exception) -> None:
        """The state that the server had before still stands; only the task is over. A deletion
        stays to be done, and what was not built is in error."""
        action_events.record_fault(ctxt, order.server, error, self.host)
        if order.task_state == task_states.SPAWNING:
            order.finish({'vm_state': vm_states.ERROR}, drop_claims=True)
        elif order.task_state != task_states.DELETING:
            order.finish({})

    def _give_way(self, ctxt: RequestContext, order: Order) -> bool:
        """Something else was decided meanwhile. Look at it at once; a guest whose server is gone
        goes as well."""
        try:
            order.server.refresh()
        except exception.InstanceNotFound:
            LOG.info('Instance %s was deleted meanwhile: removing what is here of it',
                     order.instance_uuid)
            self._driver.destroy(ctxt, order.server)
            return False
        return order.server.task_state is not None

    def _is_here_to_delete(self, ctxt: RequestContext, instance: Instance) -> bool:
        """End its move first; where that has arrived, the other host deletes it."""
        self._queue.end_for_deletion(ctxt, instance)
        instance.refresh()
        if instance.host == self.host:
            return True
        if instance.host:
            self._compute.terminate_instance(ctxt, host=instance.host, instance=instance)
        return False
