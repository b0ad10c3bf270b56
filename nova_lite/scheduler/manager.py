# SPDX-License-Identifier: Apache-2.0
"""The scheduler: candidates from the database, filters, weighers, and a claim on the best host.

The database looks for hosts with room by index and gives them in pages, so that one guest does
not make the scheduler read the whole cloud. The claim is one conditional UPDATE: of two racing
requests for the last place one goes to the next host.
"""
import collections
import random
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, notifications, objects
from nova_lite.conf import CONF
from nova_lite.objects import base as objects_base
from nova_lite.objects.flavor import Resources, resources_of
from nova_lite.scheduler import filters, weights
from nova_lite.scheduler.host_manager import HostState

LOG = logging.getLogger(__name__)

# hosts asked for at first; each next page is four times as long, so that a cloud whose best hosts
# are all refused by a filter is read in few queries
FIRST_PAGE = 20
# hosts that are looked at once more to tell why none of all was good enough
EXPLAINED = 200
COMPUTE = 'nova-compute'


class SchedulerManager:
    """Endpoint of :class:`nova_lite.scheduler.rpcapi.SchedulerAPI`. ConfigInvalid when a filter
    or weigher is not known."""

    def __init__(self) -> None:
        self._filters = filters.load(CONF.filter_scheduler.enabled_filters)
        self._weighers = weights.load(CONF.filter_scheduler.weight_classes)

    def init_host(self) -> None:
        """ConfigInvalid when the database has not the tables that are needed."""
        objects_base.db().check()

    def select_destinations(self, ctxt: Any, spec: Any) -> Any:
        publisher = f'scheduler.{CONF.host}'
        event = {'instance_id': spec.instance_uuid, 'request_spec': _payload(spec)}
        notifications.emit(ctxt, publisher, 'scheduler.select_destinations.start', event)
        wanted = resources_of(spec.flavor)
        host = (self._force if spec.force else self._choose)(ctxt, spec, wanted)
        LOG.info('Instance %s goes to host %s', spec.instance_uuid, host.host)
        notifications.emit(ctxt, publisher, 'scheduler.select_destinations.end',
                           event | {'selected_host': host.host})
        return objects.Selection(service_host=host.host, nodename=host.nodename,
                                 compute_node_uuid=host.uuid)

    def _force(self, ctxt: Any, spec: Any, wanted: Resources) -> HostState:
        """The host that an administrator insists on: no filter is asked, but it must be there,
        be up and have room."""
        host = self._host_state(ctxt, spec.requested_host)
        if not host.up:
            raise exception.ComputeServiceUnavailable(host=host.host)
        try:
            objects.Claim.claim(ctxt, host.host, spec.consumer_uuid, **wanted._asdict())
        except exception.InsufficientResources as error:
            raise exception.NoValidHost(reason=error.format_message()) from error
        return host

    def _choose(self, ctxt: Any, spec: Any, wanted: Resources) -> HostState:
        for page in self._pages(ctxt, spec, wanted):
            passed = [host for host in page
                      if filters.first_refusal(self._filters, host, spec) is None]
            for host in self._best_first(passed):
                if self._claim(ctxt, host, spec, wanted):
                    return host
        reason = self._explain(ctxt, spec)
        LOG.info('No host for instance %s: %s', spec.instance_uuid, reason)
        raise exception.NoValidHost(reason=reason)

    def _pages(self, ctxt: Any, spec: Any, wanted: Resources) -> Iterator[list[HostState]]:
        """Hosts that are up, enabled and have room, those with the most free memory first."""
        seen = list(spec.ignore_hosts or [])
        length = max(FIRST_PAGE, CONF.filter_scheduler.host_subset_size)
        while True:
            nodes = objects.ComputeNodeList.get_candidates(
                ctxt, **wanted._asdict(), ignore_hosts=seen,
                requested_host=spec.requested_host, limit=length)
            yield [HostState.from_node(node) for node in nodes]
            if len(nodes) < length:
                return
            seen.extend(node.host for node in nodes)
            length *= 4

    def _best_first(self, hosts: list[HostState]) -> list[HostState]:
        """By weight; the first is any of the host_subset_size best."""
        options = CONF.filter_scheduler
        ordered = weights.weigh(hosts, self._weighers, options)
        if len(ordered) > 1 and options.host_subset_size > 1:
            chosen = random.randrange(min(options.host_subset_size, len(ordered)))
            ordered.insert(0, ordered.pop(chosen))
        return ordered

    def _claim(self, ctxt: Any, host: HostState, spec: Any, wanted: Resources) -> bool:
        try:
            objects.Claim.claim(ctxt, host.host, spec.consumer_uuid, **wanted._asdict())
        except (exception.InsufficientResources, exception.ComputeHostNotFound) as error:
            LOG.info('Host %s is no longer free: %s', host.host, error.format_message())
            return False
        return True

    # -- why there is none -----------------------------------------------------------------------
    def _explain(self, ctxt: Any, spec: Any) -> str:
        """Which filter refused how many hosts, out of the first EXPLAINED ones."""
        if spec.requested_host:
            return self._explain_requested(ctxt, spec)
        nodes = list(objects.ComputeNodeList.get_by_filters(ctxt, limit=EXPLAINED))
        services = {service.host: service for service in objects.ServiceList.get_by_filters(
            ctxt, host=[node.host for node in nodes], binary=COMPUTE)}
        which = 'the first ' if len(nodes) == EXPLAINED else ''
        nodes = [node for node in nodes if node.host in services]
        ignored = set(spec.ignore_hosts or [])
        refusals: collections.Counter[str] = collections.Counter()
        for node in nodes:
            if node.host in ignored:
                refusals['excluded by the request'] += 1
                continue
            host = HostState.from_node(node, services[node.host])
            refusal = filters.first_refusal(self._filters, host, spec)
            refusals[f'refused by {refusal[0]}' if refusal else NO_ROOM] += 1
        if not nodes:
            return 'There is no compute host.'
        parts = [f'{count} {what}' for what, count in refusals.items()]
        return f'Of {which}{len(nodes)} hosts: {", ".join(parts)}.'

    def _explain_requested(self, ctxt: Any, spec: Any) -> str:
        name = spec.requested_host
        if name in (spec.ignore_hosts or []):
            return f'Host {name} is excluded by the request.'
        host = self._host_state(ctxt, name)
        refusal = filters.first_refusal(self._filters, host, spec)
        if refusal is None:
            return f'Host {name}: {NO_ROOM}.'
        return f'{refusal[0]} refused host {name}: {refusal[1]}.'

    def _host_state(self, ctxt: Any, name: str) -> HostState:
        """ComputeHostNotFound when there is no such host, or no compute service on it."""
        try:
            service = objects.Service.get_by_host_and_binary(ctxt, name, COMPUTE)
        except exception.ServiceNotFound:
            raise exception.ComputeHostNotFound(host=name) from None
        return HostState.from_node(objects.ComputeNode.get_by_host(ctxt, name), service)


NO_ROOM = 'without room when its resources were claimed'


def _payload(spec: Any) -> dict[str, Any]:
    """What listeners are told about a request."""
    flavor = spec.flavor
    return {'instance_uuid': spec.instance_uuid, 'project_id': spec.project_id,
            'flavor': {'name': flavor.name, 'flavorid': flavor.flavorid, 'vcpus': flavor.vcpus,
                       'memory_mb': flavor.memory_mb, 'root_gb': flavor.root_gb},
            'ignore_hosts': list(spec.ignore_hosts or []), 'requested_host': spec.requested_host,
            'num_instances': 1}
