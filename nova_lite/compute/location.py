# SPDX-License-Identifier: Apache-2.0
"""Where a guest is: what each host says of it, in words that an operator reads too.

A host that does not answer proves nothing, and a guest that is paused is as much a copy as one
that runs. What may be done on such words is decided in ownership.py.
"""
import collections
from collections.abc import Iterable
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, rpc, utils
from nova_lite.compute import power_state
from nova_lite.compute.recovery import ANSWER_TIMEOUT
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.virt.driver import ComputeDriver, GuestInfo

LOG = logging.getLogger(__name__)

AT_ONCE = 16        # hosts that are asked side by side

RUNNING = 'running'
PAUSED = 'paused'
LEAVING = 'leaving'                 # a copy to another host is under way
LEFT_BEHIND = 'left behind'         # stopped by a migration whose other side may run
INCOMING = 'incoming'               # the unfinished half of a copy to here
OFF = 'off'
MIGRATED = 'off (migrated)'         # off since it went to another host, says the hypervisor
ABSENT = 'absent'
NO_ANSWER = 'no answer'

WORDS = (RUNNING, PAUSED, LEAVING, LEFT_BEHIND, INCOMING, OFF, MIGRATED, ABSENT, NO_ANSWER)
WHOLE = (RUNNING, PAUSED)
MAY_RUN = (RUNNING, PAUSED, LEAVING, LEFT_BEHIND, INCOMING)
# what a host says where the guest may have gone anywhere
GONE = (MIGRATED, LEFT_BEHIND, ABSENT)

ON = (power_state.RUNNING, power_state.PAUSED, power_state.SUSPENDED)


def word_for(info: GuestInfo | None) -> str:
    """What a hypervisor's word on a guest, None when it knows none, means here."""
    if info is None:
        return ABSENT
    if info.state not in ON:
        return MIGRATED if info.migrated else OFF
    if info.incoming:
        return INCOMING
    if info.leaving:
        return LEAVING if info.departing else LEFT_BEHIND
    return RUNNING if info.state == power_state.RUNNING else PAUSED


def look(driver: ComputeDriver, instance: Any) -> str:
    """What there is of the guest on this host. HypervisorUnavailable."""
    try:
        return word_for(driver.get_info(instance))
    except exception.InstanceNotFound:
        return ABSENT


def is_forgotten(driver: ComputeDriver, instance: Any) -> bool:
    """Is the guest off here, and might have gone anywhere for all that is still known?"""
    try:
        return driver.get_info(instance).forgotten
    except exception.InstanceNotFound:
        return False


def ask(compute: ComputeAPI, ctxt: Any, hosts: Iterable[str], instance: Any) -> dict[str, str]:
    """The same of other hosts, AT_ONCE of them at a time; each may take ANSWER_TIMEOUT."""
    todo = collections.deque(hosts)
    answers: dict[str, str] = {}

    def work() -> None:
        while todo:
            host = todo.popleft()
            answers[host] = _ask_one(compute, ctxt, host, instance)

    for future in [utils.begin(work) for _ in range(min(len(todo), AT_ONCE))]:
        future.result()
    return answers


def _ask_one(compute: ComputeAPI, ctxt: Any, host: str, instance: Any) -> str:
    try:
        with rpc.within(ANSWER_TIMEOUT):
            word = compute.locate_guest(ctxt, host=host, instance=instance)
    except (*rpc.UNREACHABLE, exception.NovaLiteException) as error:
        LOG.info('Host %s does not tell what it has of instance %s: %s', host, instance.uuid,
                 exception.message_of(error))
        return NO_ANSWER
    return word if word in WORDS else NO_ANSWER
