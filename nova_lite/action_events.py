# SPDX-License-Identifier: Apache-2.0
"""What a user can read afterwards: the events of an action, and the fault of a server."""
import concurrent.futures
import contextlib
import contextvars
import http
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import background, exception, faults, objects

LOG = logging.getLogger(__name__)


BRIEF = 0.5     # s; a step that is over sooner is written once, with both its times
TOGETHER = 1.0  # s that a success waits for others, to be written with them
AT_LAST = 60.0  # s after which an end does not wait for what somebody else is writing
AT_ONCE = 10    # beginnings, and ends, that are written at the same moment


@contextlib.contextmanager
def reporter(ctxt: Any, event: str, instance_uuid: str, host: str,
             late: bool = False) -> Iterator[None]:
    """Write an event of the context's action around a piece of work: Success, or Error with the
    reason. That it cannot be written never hurts the work itself.

    The work does not wait for its beginning to be written. ``late``: nor does who asked for the
    work wait for its success to be written; an error is written before it is raised.
    """
    step = _Step(ctxt, event, instance_uuid, host)
    before = _current.set(step)
    try:
        yield
    except Exception as error:
        if not step.is_told:
            step.end(**_failure(error))
        raise
    finally:
        _current.reset(before)
    if late:
        step.end_later()
    else:
        step.end(result='Success')


_current: contextvars.ContextVar = contextvars.ContextVar('event', default=None)


def _failure(error: Exception) -> dict[str, str]:
    return {'result': 'Error', 'details': exception.message_of(error),
            'traceback': ''.join(traceback.format_exception(error))}


@contextlib.contextmanager
def told_with_the_end(instance_uuid: str,
                      error: Exception | None = None) -> Iterator[list[dict[str, Any]]]:
    """What waits to be written of that server's steps, to be written in the transaction that ends
    its migration: who reads that end finds them. With ``error``, that the step of now ends with
    it too. Where the end is not written, they wait on."""
    steps = _late.take(instance_uuid)
    rows = [step.row() for step in steps]
    failing: _Step | None = _current.get() if error is not None else None
    if failing is not None and error is not None:
        failing.close()
        if failing.was_opened:
            failing.end(**_failure(error))
        else:
            rows.append(failing.row(**_failure(error)))
    try:
        yield rows
    except Exception:
        _late.put(*steps)
        raise
    if failing is not None:
        failing.is_told = True


class _Step:
    """An event on its way to the database: opened there only when it lasts."""

    def __init__(self, ctxt: Any, event: str, instance_uuid: str, host: str) -> None:
        self.ctxt, self._event, self.instance_uuid, self._host = ctxt, event, instance_uuid, host
        self._began = time.monotonic()
        self._ended: float | None = None
        self._over, self.was_opened = threading.Event(), False
        self.is_told = False        # with the end of a migration
        self._opening = _beginnings.put(self._open)

    def _open(self) -> None:
        if not self._over.wait(BRIEF):
            self.was_opened = _try(objects.InstanceActionEvent.event_start, self.ctxt,
                                   self.instance_uuid, self._event, self._host)

    def end(self, **outcome: Any) -> None:
        self.close()
        self._write(**outcome)

    def end_later(self) -> None:
        """The end is a success, and nobody waits for it to be written."""
        if time.monotonic() - self._began >= BRIEF:
            _late.end(self)
            return
        self.close()
        if self.was_opened:     # at the last moment
            _late.end(self)
        else:
            _late.put(self)

    def _write(self, **outcome: Any) -> None:
        """What waits is taken along, since somebody waits for this."""
        if self.was_opened:
            _try(objects.InstanceActionEvent.event_finish, self.ctxt, self.instance_uuid,
                 self._event, self._host, **outcome)
            _late.write()
        else:
            _late.write(self.ctxt, self.row(**outcome))

    def close(self) -> None:
        """It is over now."""
        self._ended = self._ended or time.monotonic()
        self._over.set()
        if self._opening is not None and not self._opening.cancel():
            concurrent.futures.wait([self._opening])

    def row(self, result: str = 'Success', **more: Any) -> dict[str, Any]:
        """For InstanceActionEventList.write, now."""
        now = time.monotonic()
        return {'instance_uuid': self.instance_uuid,
                'request_id': self.ctxt and self.ctxt.request_id, 'event': self._event,
                'host': self._host, 'began': now - self._began,
                'ended': now - (self._ended or now),
                'result': result, **more}


class _Late:
    """Ended steps that are written together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[_Step] = []
        # whose steps are being written, until the event is set
        self._under_way: dict[threading.Event, set[str]] = {}
        self._hurry = threading.Event()
        self._writer = background.BackgroundWriter('events', at_once=AT_ONCE,
                                                   wake=self._hurry.set)

    def put(self, *steps: _Step) -> None:
        with self._lock:
            first = not self._steps
            self._steps.extend(steps)
        if first and steps and self._writer.put(self._write_soon) is None:
            self.write()        # too many wait: the work has to wait too

    def end(self, step: _Step) -> None:
        """Have it ended beside the work: its beginning may still be on its way."""
        done = threading.Event()
        with self._lock:
            self._under_way[done] = {step.instance_uuid}

        def work() -> None:
            try:
                step.end(result='Success')
            finally:
                self._over(done)

        if self._writer.put(work) is None:
            work()

    def take(self, instance_uuid: str) -> list[_Step]:
        """Those of that server, which the caller writes. What others are writing of it is there
        afterwards, or has failed."""
        with self._lock:
            mine = [step for step in self._steps if step.instance_uuid == instance_uuid]
            self._steps = [step for step in self._steps if step.instance_uuid != instance_uuid]
            writing = [done for done, uuids in self._under_way.items() if instance_uuid in uuids]
        for done in writing:
            done.wait(AT_LAST)
        return mine

    def _write_soon(self) -> None:
        self._hurry.wait(TOGETHER)
        self.write()

    def flush(self, timeout: float) -> bool:
        """Write what waits now, and wait for what others are writing: whether all is written."""
        self._hurry.set()
        try:
            self.write()
            return self._writer.flush(timeout)
        finally:
            self._hurry.clear()

    def write(self, ctxt: Any = None, *rows: dict[str, Any]) -> None:
        """What waits, and with it ``rows``."""
        done = threading.Event()
        with self._lock:
            steps, self._steps = self._steps, []
            self._under_way[done] = {step.instance_uuid for step in steps}
        try:
            if rows or steps:
                _try(objects.InstanceActionEventList.write, ctxt if rows else steps[0].ctxt,
                     [*(step.row() for step in steps), *rows])
        finally:
            self._over(done)

    def _over(self, done: threading.Event) -> None:
        with self._lock:
            del self._under_way[done]
        done.set()


_beginnings = background.BackgroundWriter('event-beginnings', at_once=AT_ONCE)
_late = _Late()


def flush(timeout: float) -> None:
    """Write what waits, in ``timeout`` seconds at most: a process that ends."""
    if not _late.flush(timeout):
        LOG.warning('Not all events of actions could be written within %g s', timeout)


def log_failure(what: str, error: Exception, instance: Any = None) -> None:
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
    setattr(error, 'recorded', True)
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
