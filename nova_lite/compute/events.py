# SPDX-License-Identifier: Apache-2.0
"""What a user can read afterwards: the events of an action, and the fault of a server."""
import contextlib
import http
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, faults, objects, utils

LOG = logging.getLogger(__name__)


BRIEF = 0.5     # s; a step that is over sooner is written once, with both its times
TOGETHER = 1.0  # s that a success waits for others, to be written with them


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
        step.end_later()
    else:
        step.end(result='Success')


class _Step:
    """An event on its way to the database: opened there only when it lasts."""

    def __init__(self, ctxt: Any, event: str, instance_uuid: str, host: str) -> None:
        self.ctxt, self._event, self._uuid, self._host = ctxt, event, instance_uuid, host
        self._began, self._ended = time.monotonic(), None
        self._over, self._opened = threading.Event(), False
        self._opening = utils.spawn(self._open, name=f'event-{event}')

    def _open(self) -> None:
        if not self._over.wait(BRIEF):
            self._opened = _try(objects.InstanceActionEvent.event_start, self.ctxt, self._uuid,
                                self._event, self._host)

    def end(self, **outcome: Any) -> None:
        self._close()
        self._write(**outcome)

    def end_later(self) -> None:
        """The end is a success, and nobody waits for it to be written."""
        name = f'event-{self._event}'
        if time.monotonic() - self._began >= BRIEF:
            utils.spawn(self.end, result='Success', name=name)
            return
        self._close()
        if self._opened:    # at the last moment
            utils.spawn(self._write, result='Success', name=name)
        else:
            _late.put(self)

    def _write(self, **outcome: Any) -> None:
        if self._opened:
            _try(objects.InstanceActionEvent.event_finish, self.ctxt, self._uuid, self._event,
                 self._host, **outcome)
        else:
            _try(objects.InstanceActionEventList.write, self.ctxt, [self.row(**outcome)])

    def _close(self) -> None:
        self._ended = time.monotonic()
        self._over.set()
        self._opening.join()

    def row(self, result: str = 'Success', **more: Any) -> dict[str, Any]:
        """For InstanceActionEventList.write, now."""
        now = time.monotonic()
        return {'instance_uuid': self._uuid, 'request_id': self.ctxt and self.ctxt.request_id,
                'event': self._event, 'host': self._host, 'began': now - self._began,
                'ended': now - self._ended, 'result': result, **more}


class _Late:
    """Ended steps that are written together."""

    def __init__(self) -> None:
        self._lock, self._steps = threading.Lock(), []

    def put(self, step: _Step) -> None:
        with self._lock:
            self._steps.append(step)
            first = len(self._steps) == 1
        if first:
            utils.spawn(self._write_soon, name='events')

    def _write_soon(self) -> None:
        time.sleep(TOGETHER)
        self.write()

    def write(self) -> None:
        with self._lock:
            steps, self._steps = self._steps, []
        if steps:
            _try(objects.InstanceActionEventList.write, steps[0].ctxt,
                 [step.row() for step in steps])


_late = _Late()


def flush() -> None:
    """Write what waits: a process that ends."""
    _late.write()


def log_failure(what: str, error: Exception, instance: Any) -> None:
    """Of a cast, which has no caller to tell: a line for a refusal, which is an answer, and for
    what an operator can cause; the stack for what nobody expects."""
    of = f' for instance {instance.uuid}' if instance is not None else ''
    said = exception.message_of(error)
    if faults.fault_for(error).code == http.HTTPStatus.SERVICE_UNAVAILABLE:
        LOG.warning('%s failed%s: %s', what, of, said)
    elif isinstance(error, exception.NovaLiteException) and faults.is_refusal(error):
        LOG.info('%s refused%s: %s', what, of, said)
    else:
        LOG.error('%s failed%s: %s', what, of, said, exc_info=error)


def record_fault(ctxt: Any, instance: Any, error: Exception, host: str) -> None:
    """Write ``error`` as the server's newest fault, once however many pass it on."""
    if getattr(error, 'recorded', False):
        return
    error.recorded = True
    text = ''.join(traceback.format_exception(error))
    fault = objects.InstanceFault(
        ctxt, instance_uuid=instance.uuid, code=faults.fault_for(error).code,
        message=exception.public_message(error)[:255], details=text, host=host)
    _try(fault.create)


def _try(write: Any, *args: Any, **kwargs: Any) -> bool:
    try:
        write(*args, **kwargs)
        return True
    except Exception as error:
        LOG.warning('Cannot record what happened: %s', exception.message_of(error))
        return False
