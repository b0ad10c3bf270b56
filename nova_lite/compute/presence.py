# SPDX-License-Identifier: Apache-2.0
"""What there is of a guest on this host, and on others: asked here, named by the words of
``nova_lite.migration``.

A host that does not answer proves nothing. What may be done on such words is decided by the tables
of recovery.py and order_rules.py, and in ownership.py.
"""
import collections
from collections.abc import Iterable

from oslo_log import log as logging

from nova_lite import exception, rpc, utils
from nova_lite.compute.rpcapi import ANSWER_TIMEOUT, ComputeAPI
from nova_lite.context import RequestContext
from nova_lite.migration import location
from nova_lite.objects import Instance
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)

AT_ONCE = 16        # hosts that are asked side by side


def look(driver: ComputeDriver, instance: Instance) -> str:
    """What there is of the guest on this host, a word of location.py: NO_ANSWER when the
    hypervisor is away."""
    try:
        return locate(driver, instance)
    except exception.HypervisorUnavailable:
        return location.NO_ANSWER


def locate(driver: ComputeDriver, instance: Instance) -> str:
    """The same. Raises HypervisorUnavailable."""
    try:
        return location.word_for(driver.get_info(instance))
    except exception.InstanceNotFound:
        return location.ABSENT


def is_forgotten(driver: ComputeDriver, instance: Instance) -> bool:
    """Is the guest off here, and might have gone anywhere for all that is still known?"""
    try:
        return driver.get_info(instance).forgotten
    except exception.InstanceNotFound:
        return False


def locate_on(compute: ComputeAPI, ctxt: RequestContext, hosts: Iterable[str],
              instance: Instance) -> dict[str, str]:
    """The same of other hosts, AT_ONCE of them at a time; each may take ANSWER_TIMEOUT."""
    todo = collections.deque(hosts)
    answers: dict[str, str] = {}

    def work() -> None:
        while todo:
            host = todo.popleft()
            answers[host] = _locate_one(compute, ctxt, host, instance)

    for future in [utils.begin(work) for _ in range(min(len(todo), AT_ONCE))]:
        future.result()
    return answers


def _locate_one(compute: ComputeAPI, ctxt: RequestContext, host: str, instance: Instance) -> str:
    try:
        with rpc.within(ANSWER_TIMEOUT):
            word = compute.locate_guest(ctxt, host=host, instance=instance)
    except (*rpc.UNREACHABLE, exception.NovaLiteException) as error:
        LOG.info('Host %s does not tell what it has of instance %s: %s', host, instance.uuid,
                 exception.message_of(error))
        return location.NO_ANSWER
    return word if word in location.WORDS else location.NO_ANSWER
