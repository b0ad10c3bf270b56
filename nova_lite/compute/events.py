# SPDX-License-Identifier: Apache-2.0
"""What a user can read afterwards: the events of an action, and the fault of a server."""
import contextlib
import traceback
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, faults, objects, utils

LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def reporter(ctxt: Any, event: str, instance_uuid: str, host: str,
             late: bool = False) -> Iterator[None]:
    """Write an event of the context's action around a piece of work: Success, or Error with the
    reason. That it cannot be written never hurts the work itself.

    The work does not wait for its beginning to be written. ``late``: nor does who asked for the
    work wait for its success to be written; an error is written before it is raised.
    """
    began = utils.spawn(_try, objects.InstanceActionEvent.event_start, ctxt, instance_uuid, event,
                        host, name=f'event-{event}')

    def finish(**more: Any) -> None:
        began.join()
        _try(objects.InstanceActionEvent.event_finish, ctxt, instance_uuid, event, host, **more)

    try:
        yield
    except Exception as error:
        finish(result='Error', details=exception.message_of(error),
               traceback=traceback.format_exc())
        raise
    if late:
        utils.spawn(finish, result='Success', name=f'event-{event}')
    else:
        finish(result='Success')


def record_fault(ctxt: Any, instance: Any, error: Exception, host: str) -> None:
    """Write ``error`` as the server's newest fault, once however many pass it on."""
    if getattr(error, 'recorded', False):
        return
    error.recorded = True
    text = ''.join(traceback.format_exception(error))
    fault = objects.InstanceFault(
        ctxt, instance_uuid=instance.uuid, code=faults.fault_for(error).code,
        message=exception.message_of(error)[:255], details=text, host=host)
    _try(fault.create)


def _try(write: Any, *args: Any, **kwargs: Any) -> None:
    try:
        write(*args, **kwargs)
    except Exception as error:
        LOG.warning('Cannot record what happened: %s', exception.message_of(error))
