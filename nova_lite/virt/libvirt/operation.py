# SPDX-License-Identifier: Apache-2.0
"""migrateToURI3, in a native thread and on a connection of its own, for as long as it lasts.

eventlet's pool of native threads has twenty for everything, so a copy must not take one of them.
Whoever started it hears of its end by an event.
"""
from typing import Any, NamedTuple

from oslo_log import log as logging

from nova_lite import exception, utils
from nova_lite.virt.libvirt import abi, events, guest, host
from nova_lite.virt.libvirt.host import libvirt
from nova_lite.virt.libvirt.migration import Plan

LOG = logging.getLogger(__name__)


class End(NamedTuple):
    """How migrateToURI3 returned. ``error`` is '' when libvirt finished the migration with all its
    phases; ``broken``: the connection ended first, so nobody knows how the copy ends."""
    error: str = ''
    code: int = abi.Error.NONE
    broken: bool = False


def start(courier: events.Courier, uuid: str, plan: Plan) -> None:
    """Begin to move the guest. OPERATION_ENDED with an End is published in any case."""
    def run() -> None:
        try:
            end = _migrate(uuid, plan)
        except Exception as error:      # not even a defect may leave the waiter without an end
            LOG.exception('Instance %s: its copy cannot be begun', uuid)
            end = End(exception.public_message(error))
        courier.publish(events.Event(uuid, events.OPERATION_ENDED, end))

    utils.native_thread(run, f'migrate-{uuid}')


def _migrate(uuid: str, plan: Plan) -> End:
    connection: Any = None
    try:
        connection = host.open_connection()
        guest.migrate(connection, uuid, plan.uri, plan.params, int(plan.flags))
    except libvirt.libvirtError as error:
        broken = connection is not None and not connection.isAlive()
        return End(error.get_error_message() or str(error), error.get_error_code(), broken)
    return End()
