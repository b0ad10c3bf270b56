# SPDX-License-Identifier: Apache-2.0
"""Orders for servers that have no host: find one for a new server, delete one that has none.

They have leases as migrations do (live_migrations.py): a lost message, or a conductor that died,
is made up for by any conductor when the lease has run out. From the moment a host is found, the
order is that host's (compute/orders.py).
"""
import threading
from collections.abc import Callable

import oslo_messaging as messaging
from oslo_log import log as logging
from oslo_utils import uuidutils

from nova_lite import action_events, context, exception, moments, objects, rpc, utils
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf
from nova_lite.context import RequestContext
from nova_lite.migration import task_states, vm_states
from nova_lite.objects import Instance, Order
from nova_lite.scheduler.rpcapi import SchedulerAPI

LOG = logging.getLogger(__name__)

# what says nothing about any host: the order stays, and is taken over when the lease has run out
PASSING = (exception.DatabaseUnavailable, messaging.MessagingTimeout, *rpc.NOT_SENT)


class Orders:
    def __init__(self, host: str) -> None:
        self.host = host
        # another process on this host, a later one too, is another owner
        self.owner = f'{host}:{uuidutils.generate_uuid()}'
        self._scheduler, self._compute = SchedulerAPI(), ComputeAPI()
        self._at_work: set[int] = set()
        self._lock = threading.Lock()

    def periodic_tasks(self) -> list[tuple[float, Callable[[], None]]]:
        return [(CONF.report_interval, self.renew_order_leases),
                (CONF.report_interval, self.take_over_orders)]

    # -- leases ----------------------------------------------------------------------------------
    def renew_order_leases(self) -> None:
        if working := list(self._at_work):
            objects.OrderList.renew_leases(context.get_admin_context(), self.owner, working,
                                           service_conf.down_time(CONF))

    def release_leases(self) -> None:
        """This process ends: others need not wait for its leases to run out."""
        objects.OrderList.release_leases(context.get_admin_context(), self.owner)

    def take_over_orders(self) -> None:
        """Go on with orders that wait for a conductor and have none."""
        for order in objects.OrderList.get_run_out(context.get_admin_context()):
            if order.id not in self._at_work:
                LOG.warning('Instance %s: taking over what was ordered (%s) from %s',
                            order.instance_uuid, order.task_state, order.owner or 'a lost message')
                utils.spawn(self.carry_out, order, name=f'order-{order.instance_uuid}')

    # -- at work ---------------------------------------------------------------------------------
    def carry_out_for(self, ctxt: RequestContext, instance_uuid: str) -> None:
        order = objects.Order.get_by_instance(ctxt.elevated(), instance_uuid)
        if order is not None:
            self.carry_out(order)

    def carry_out(self, order: Order) -> None:
        """See it through, unless another does. A message that comes twice finds it taken."""
        with self._lock:
            if order.id in self._at_work:
                return
            self._at_work.add(order.id)
        try:
            taken = order.take(self.owner, service_conf.down_time(CONF))
            if taken is None:
                LOG.info('Instance %s: what was ordered is in other hands, or done',
                         order.instance_uuid)
                return
            # the API has decided what the user may; from here the system acts
            ctxt = context.RequestContext.from_dict(taken.context).elevated()
            ctxt.update_store()
            taken._context = taken.server._context = ctxt
            self._do(ctxt, taken)
        finally:
            self._at_work.discard(order.id)

    def _do(self, ctxt: RequestContext, order: Order) -> None:
        try:
            if order.task_state == task_states.DELETING:
                order.finish(vm_states.after_deletion(), owner=self.owner, destroy=True)
                return
            with action_events.reporter(ctxt, 'conductor_build_instance', order.instance_uuid,
                                        self.host):
                self._build(ctxt, order)
        except exception.StaleOrder as void:
            LOG.info('%s', void.format_message())
        except PASSING as error:
            LOG.warning('Instance %s is left %s for who takes it over: %s', order.instance_uuid,
                        order.task_state, exception.message_of(error))
        except exception.NovaLiteException as error:
            LOG.warning('Instance %s is not built: %s', order.instance_uuid,
                        error.format_message())
        except Exception:
            LOG.exception('Instance %s is not built', order.instance_uuid)

    def _build(self, ctxt: RequestContext, order: Order) -> None:
        instance = order.server
        moments.reach('order-scheduling-start', instance.uuid)
        if order.owner is not None:
            # another got as far as nobody knows: what it claimed must not stay
            objects.Claim.drop(ctxt, instance.uuid)
        try:
            chosen = self._scheduler.select_destinations(ctxt, spec=_spec(ctxt, order))
        except PASSING:
            raise
        except Exception as error:
            action_events.record_fault(ctxt, instance, error, self.host)
            order.finish({'vm_state': vm_states.ERROR}, owner=self.owner, drop_claims=True)
            raise
        moments.reach('order-scheduling-middle', instance.uuid)
        try:
            order.hand_over(self.owner, chosen.service_host, chosen.nodename)
        except exception.StaleOrder:
            self._give_back(ctxt, instance, chosen.service_host)
            raise
        moments.reach('order-scheduling-end', instance.uuid)
        try:
            self._compute.build_and_run_instance(ctxt, host=chosen.service_host, instance=instance)
        except rpc.UNREACHABLE as error:
            LOG.warning('Instance %s is built when host %s looks for itself: %s', instance.uuid,
                        chosen.service_host, exception.message_of(error))

    def _give_back(self, ctxt: RequestContext, instance: Instance, host: str) -> None:
        """It was decided otherwise: of what was claimed, only that of its host stays."""
        try:
            instance.refresh()
        except exception.InstanceNotFound:
            pass        # its claims went with it
        if instance.host != host:
            objects.Claim.drop(ctxt, instance.uuid, host)


def _spec(ctxt: RequestContext, order: Order) -> objects.RequestSpec:
    """What is wanted of a host. RowUnreadable when nobody knows that any more."""
    instance, wanted = order.server, order.arguments
    if wanted is None:
        raise exception.RowUnreadable(table=order.TABLE, row=instance.uuid, column='arguments',
                                      kind='Json')
    return objects.RequestSpec.for_instance(
        ctxt, instance, consumer_uuid=instance.uuid, ignore_hosts=[],
        requested_host=wanted.get('host'), force=wanted.get('force', False))
