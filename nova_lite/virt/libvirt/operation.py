# SPDX-License-Identifier: Apache-2.0
"""migrateToURI3, in a native thread and on a connection of its own, for as long as it lasts.

eventlet's pool of native threads has twenty for everything, so a copy must not take one of them.
Whoever started it hears of its end by an event.
"""
from typing import NamedTuple

from oslo_log import log as logging

from nova_lite import exception, utils
from nova_lite.virt.libvirt import abi, events
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.libvirt.guest import Guest
from nova_lite.virt.libvirt.interface import Connection
from nova_lite.virt.libvirt.migration import Plan

LOG = logging.getLogger(__name__)


class End(NamedTuple):
    """How migrateToURI3 returned. ``error`` is '' when libvirt finished the migration with all its
    phases; ``broken``: the connection ended first, so nobody knows how the copy ends."""
    error: str = ''
    code: int = abi.Error.NONE
    broken: bool = False


def start(guest: Guest, plan: Plan) -> None:
    """Begin to move the guest. OPERATION_ENDED with an End is published in any case."""
    def run() -> None:
        try:
            end = _migrate(guest, plan)
        except Exception as error:      # not even a defect may leave the waiter without an end
            LOG.exception('Instance %s: its copy cannot be begun', guest.uuid)
            end = End(exception.public_message(error))
        guest.courier.publish(events.Event(guest.uuid, events.OPERATION_ENDED, end))

    utils.native_thread(run, f'migrate-{guest.uuid}')


def _migrate(guest: Guest, plan: Plan) -> End:
    connection: Connection | None = None
    try:
        connection = guest.open_connection()
        guests.migrate(connection, guest.uuid, plan.uri, plan.params, int(plan.flags))
    except libvirtError as error:
        broken = connection is not None and not connection.isAlive()
        return End(error.get_error_message() or str(error), error.get_error_code(), broken)
    return End()
