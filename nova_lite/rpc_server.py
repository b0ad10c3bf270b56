# SPDX-License-Identifier: Apache-2.0
"""The serving end of the remote calls: a manager behind its declarations.

Only what is declared can be called, and a server does not start when its manager's method differs
from the declaration. Every call runs in its scope, with its event of the instance's action, and a
cast that fails leaves a line in the log and a fault on the server.
"""
import contextlib
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import oslo_messaging as messaging
from oslo_log import log as logging

from nova_lite import exception, rpc

LOG = logging.getLogger(__name__)

Scope = Callable[[], contextlib.AbstractContextManager]


class Record(Protocol):
    """Where a user reads later what was done: action_events.py, which the service passes."""

    def reporter(self, ctxt: Any, event: str, instance_uuid: str, host: str,
                 late: bool = False) -> contextlib.AbstractContextManager[None]: ...

    def log_failure(self, what: str, error: Exception, instance: Any = None) -> None: ...

    def record_fault(self, ctxt: Any, instance: Any, error: Exception, host: str) -> None: ...


class Endpoint:
    """What a server answers: the declared methods of ``manager`` and nothing else.

    ``scope`` is a context manager in which each call runs; a compute enters its way to the
    conductor there. RuntimeError when the manager lacks a method or its parameters differ.
    """

    def __init__(self, interface: type[rpc.Interface], manager: Any, host: str, record: Record,
                 scope: Scope = contextlib.nullcontext) -> None:
        self.target = messaging.Target(namespace=interface.namespace, version=interface.version)
        for name, declared in interface.declarations().items():
            method = getattr(manager, name, None)
            check_method(interface, name, declared, method)
            setattr(self, name, _guard(interface.topic, name, rpc.declaration_of(declared),
                                       getattr(manager, name), host, record, scope))


def check_method(interface: type[rpc.Interface], name: str, declared: Callable,
                 method: Callable | None) -> None:
    """RuntimeError unless ``method`` takes what ``declared`` sends."""
    if method is None:
        raise RuntimeError(f'{interface.__name__}.{name} is declared but not implemented')
    expected = [parameter for parameter in inspect.signature(declared).parameters
                if parameter not in ('self', rpc.declaration_of(declared).to)]
    found = list(inspect.signature(method).parameters)
    if found != expected:
        raise RuntimeError(f'{interface.__name__}.{name} is declared with {expected} but '
                           f'implemented with {found}')


def _guard(topic: str, name: str, declaration: rpc.Declaration, method: Callable, host: str,
           record: Record, scope: Scope) -> Callable:
    """Wrap a manager's method with what every served call needs."""

    def serve(ctxt: Any, **kwargs: Any) -> Any:
        with scope(), contextlib.ExitStack() as stack:
            if declaration.event:
                stack.enter_context(record.reporter(
                    ctxt, f'{topic}_{name}', kwargs['instance'].uuid, host, declaration.late))
            return method(ctxt, **kwargs)

    def serve_call(ctxt: Any, **kwargs: Any) -> Any:
        try:
            return serve(ctxt, **kwargs)
        except exception.NovaLiteException as error:
            # the caller is told; a stack trace here would only say it twice
            LOG.info('%s.%s refused: %s', topic, name, error.format_message())
            raise messaging.ExpectedException() from error

    def serve_cast(ctxt: Any, **kwargs: Any) -> None:
        try:
            serve(ctxt, **kwargs)
        except Exception as error:
            record.log_failure(f'{topic}.{name}', error, kwargs.get('instance'))
            if 'instance' in kwargs:
                with scope():
                    record.record_fault(ctxt, kwargs['instance'], error, host)

    return functools.wraps(method)(serve_call if declaration.kind == 'call' else serve_cast)


def get_server(interfaces: Sequence[type[rpc.Interface]], manager: Any, host: str, record: Record,
               scope: Scope = contextlib.nullcontext) -> Any:
    """An oslo.messaging server for ``manager`` at ``host``, on the one topic of ``interfaces``."""
    [topic] = {interface.topic for interface in interfaces}
    endpoints = [Endpoint(interface, manager, host, record, scope) for interface in interfaces]
    return messaging.get_rpc_server(rpc.transport(), messaging.Target(topic=topic, server=host),
                                    endpoints,
                                    serializer=rpc.RequestContextSerializer(),
                                    access_policy=messaging.DefaultRPCAccessPolicy)
