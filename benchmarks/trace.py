# SPDX-License-Identifier: Apache-2.0
"""One process of nova-lite, watched from the inside: ``python -m benchmarks.trace FILE LEVEL
MODULE [OPTIONS]`` runs ``MODULE.main()`` and writes what it does to FILE, a JSON object a line.

LEVEL ``driver``: begin and end of each of the hypervisor's steps. LEVEL ``all``: also every SQL
statement, remote call, cast and notification, with the step of the migration that it is made for.
The product knows nothing of it. Times are time.monotonic(), which all processes of a machine
share.
"""
import functools
import importlib
import inspect
import json
import os
import sys
import threading
import time
from typing import Any

from nova_lite import monkey_patch

PACKAGE = os.sep + 'nova_lite' + os.sep
# where a frame only passes a statement or a message on
PASSING = tuple(PACKAGE + name.replace('/', os.sep) for name in (
    'rpc.py', 'db/', 'objects/', 'notifications.py', 'conductor/rpcapi.py', 'service.py',
    'utils.py', 'context.py'))
DATABASE = ('nova_lite.cmd.api', 'nova_lite.cmd.conductor', 'nova_lite.cmd.scheduler')
CAUSE = 'bench_cause'


class Recorder:
    """Lines of one file, written by whichever thread has something to say."""

    def __init__(self, path: str, process: str) -> None:
        self._process = process
        self._file = open(path, 'a', encoding='utf-8')      # noqa: SIM115 (it stays open)
        self._lock = threading.Lock()

    def write(self, kind: str, what: str, **more: Any) -> None:
        line = json.dumps({'at': time.monotonic(), 'process': self._process, 'kind': kind,
                           'what': what, **more})
        with self._lock:
            self._file.write(line + '\n')
            self._file.flush()


def step() -> tuple[str, str]:
    """(the method of an object that wants it, the step of the work it is wanted for)."""
    wanting, frame = '', inspect.currentframe()
    while frame is not None:
        file, name = frame.f_code.co_filename, frame.f_code.co_qualname
        if PACKAGE in file:
            if PACKAGE + 'objects' in file and not name.startswith(('remotable', '_')):
                wanting = wanting or name
            elif not any(part in file for part in PASSING):
                if name.startswith('ConductorManager.object_'):
                    ctxt = frame.f_locals.get('ctxt') or frame.f_locals['objinst']._context
                    return wanting, getattr(ctxt, CAUSE, None) or name
                return wanting, _of_task(frame) or name
        frame = frame.f_back
    return wanting, 'service'


def _of_task(frame: Any) -> str | None:
    """The step of a task (step_runner.py) that the frame works for."""
    while frame is not None:
        after = frame.f_back
        if after is not None and after.f_code.co_filename.endswith('step_runner.py'):
            return frame.f_code.co_qualname
        frame = after
    return None


def watch_driver(recorder: Recorder) -> None:
    from nova_lite.virt import driver
    from nova_lite.virt.libvirt.driver import LibvirtDriver
    for name in driver.ComputeDriver.__abstractmethods__:
        setattr(LibvirtDriver, name, _timed(recorder, name, getattr(LibvirtDriver, name)))


def _timed(recorder: Recorder, name: str, method: Any) -> Any:
    @functools.wraps(method)
    def timed(self: Any, *args: Any, **kwargs: Any) -> Any:
        uuid = next((arg.uuid for arg in args if hasattr(arg, 'vm_state')), '')
        began = time.monotonic()
        try:
            return method(self, *args, **kwargs)
        finally:
            recorder.write('driver', name, host=self.host_name, uuid=uuid, began=began)
    return timed


def watch_messages(recorder: Recorder) -> None:
    import oslo_messaging as messaging
    from nova_lite import rpc
    send, notify = rpc.Interface._send, messaging.Notifier._notify
    serializer = rpc.RequestContextSerializer
    serialize, deserialize = serializer.serialize_context, serializer.deserialize_context

    @functools.wraps(send)
    def _send(self: Any, name: str, declaration: Any, values: dict[str, Any]) -> Any:
        wanting, by = step()
        what = f'{self.topic}.{name}'
        if name.startswith('object_'):
            what += f' ({wanting})'
        request, began = values['ctxt'].request_id, time.monotonic()
        try:
            return send(self, name, declaration, values)
        finally:
            recorder.write(declaration.kind, what, by=by, request=request, began=began)

    def _notify(self: Any, ctxt: Any, event_type: str, *args: Any, **kwargs: Any) -> Any:
        recorder.write('notification', event_type, by=step()[1],
                       request=getattr(ctxt, 'request_id', None))
        return notify(self, ctxt, event_type, *args, **kwargs)

    def serialize_context(self: Any, ctxt: Any) -> dict[str, Any]:
        return {**serialize(self, ctxt), CAUSE: step()[1]}

    def deserialize_context(self: Any, values: dict[str, Any]) -> Any:
        values = dict(values)
        cause = values.pop(CAUSE, None)
        ctxt = deserialize(self, values)
        setattr(ctxt, CAUSE, cause)
        return ctxt

    rpc.Interface._send, messaging.Notifier._notify = _send, _notify
    serializer.serialize_context = serialize_context
    serializer.deserialize_context = deserialize_context


def watch_statements(recorder: Recorder) -> None:
    import sqlalchemy
    from oslo_context import context

    @sqlalchemy.event.listens_for(sqlalchemy.Engine, 'before_cursor_execute')
    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        wanting, by = step()
        current = context.get_current()
        recorder.write('sql', ' '.join(statement.split()), by=by, wanting=wanting,
                       request=current.request_id if current else None)


def main() -> None:
    path, level, module = sys.argv[1:4]
    sys.argv = [module, *sys.argv[4:]]
    monkey_patch.patch()
    process = importlib.import_module(module)
    recorder = Recorder(path, os.path.basename(path).removesuffix('.trace'))
    if module.endswith('compute'):
        watch_driver(recorder)
    if level == 'all':
        watch_messages(recorder)
        if module in DATABASE:
            watch_statements(recorder)
    process.main()


if __name__ == '__main__':
    main()
