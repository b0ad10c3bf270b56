# SPDX-License-Identifier: Apache-2.0
"""What a user can read afterwards: the events of an action, and the fault of a server."""
import contextlib
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, faults, objects, utils

LOG = logging.getLogger(__name__)


BRIEF = 0.5     # s; a step that is over sooner is written once, with both its times


@contextlib.contextmanager
def reporter(ctxt: Any, event: str, instance_uuid: str, host: str,
             late: bool = False) -> Iterator[None]:
    """Write an event of the context's action around a piece of work: Success, or Error with the
    reason. That it cannot be written never hurts the work itself.

    The work does not wait for its beginning to be written. ``late``: nor does who asked for the
    work wait for its success to be written; an error is written before it is raised.
    """
    step = _Step(ctxt, event, instance_uuid, host)
    try:
        yield
    except Exception as error:
        step.end(result='Error', details=exception.message_of(error),
                 traceback=traceback.format_exc())
        raise
    if late:
        utils.spawn(step.end, result='Success', name=f'event-{event}')
    else:
        step.end(result='Success')


class _Step:
    """An event on its way to the database: opened there only when it lasts."""

    def __init__(self, ctxt: Any, event: str, instance_uuid: str, host: str) -> None:
        self._ctxt, self._event, self._uuid, self._host = ctxt, event, instance_uuid, host
        self._began, self._over, self._opened = time.monotonic(), threading.Event(), False
        self._opening = utils.spawn(self._open, name=f'event-{event}')

    def _open(self) -> None:
        if not self._over.wait(BRIEF):
            self._opened = _try(objects.InstanceActionEvent.event_start, self._ctxt, self._uuid,
                                self._event, self._host)

    def end(self, **outcome: Any) -> None:
        seconds = time.monotonic() - self._began
        self._over.set()
        self._opening.join()
        if self._opened:
            _try(objects.InstanceActionEvent.event_finish, self._ctxt, self._uuid, self._event,
                 self._host, **outcome)
        else:
            _try(objects.InstanceActionEvent.event_write, self._ctxt, self._uuid, self._event,
                 seconds, self._host, **outcome)


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


def _try(write: Any, *args: Any, **kwargs: Any) -> bool:
    try:
        write(*args, **kwargs)
        return True
    except Exception as error:
        LOG.warning('Cannot record what happened: %s', exception.message_of(error))
        return False
