# SPDX-License-Identifier: Apache-2.0
"""Remote calls, each declared once.

An ``rpcapi.py`` holds an :class:`Interface`: signatures and a sentence, no bodies. The client is
the interface itself; the server that is made of the same declarations is rpc_server.py. What both
ends of the wire share is here: target, timeout, serializer, the transport.
"""
import contextlib
import contextvars
import functools
import inspect
import time
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, ParamSpec, TypeVar

import kombu.exceptions
import oslo_messaging as messaging
from oslo_log import log as logging

from nova_lite import context as nova_context
from nova_lite import driver_errors, exception
from nova_lite.conf import CONF
from nova_lite.objects import base as objects_base

LOG = logging.getLogger(__name__)
P = ParamSpec('P')
R = TypeVar('R')

EXCHANGE = 'nova-lite'
ALLOWED_EXMODS = ['nova_lite.exception']
SHORT, LONG = 'short', 'long'
# a message is offered to a broker that is away this many times, over some twenty seconds: a
# request of the API must end, and a task state must be given back
SEND_RETRIES = 4
# what a call raises when it does not get through, depending on how far it came
UNREACHABLE = (messaging.MessagingException, kombu.exceptions.KombuError, OSError)
# a message that no server can have got
NOT_SENT = (messaging.MessageDeliveryFailure, kombu.exceptions.OperationalError)
UNVERSIONED, VERSIONED = NOTIFICATION_TOPICS = ('notifications', 'versioned_notifications')


class Declaration(NamedTuple):
    """``to``: the argument that names the server, None for any. ``event``: whether the server's
    work is an event of the instance's current action. ``late``: the event's success need not
    be written at once, nor before the answer."""
    kind: str
    to: str | None
    timeout: str
    event: bool
    late: bool = False


class _State:
    transport: Any = None
    notifiers: dict[str, Any] = {}


_state = _State()
_limit: contextvars.ContextVar[float | None] = contextvars.ContextVar('rpc_limit', default=None)


# -- declaring --------------------------------------------------------------------------------
def _declare(declaration: Declaration) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def wrap(method: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(method)

        @functools.wraps(method)
        def stub(self: 'Interface', *args: Any, **kwargs: Any) -> Any:
            arguments = signature.bind(self, *args, **kwargs)
            arguments.apply_defaults()
            values = dict(arguments.arguments)
            del values['self']
            return self._send(method.__name__, declaration, values)

        setattr(stub, 'declaration', declaration)
        return typing.cast(Callable[P, R], stub)
    return wrap


def declaration_of(method: Callable[..., Any]) -> Declaration:
    """What was declared of a method of an Interface."""
    declaration: Declaration = getattr(method, 'declaration')
    return declaration


def call(to: str | None = None, timeout: str = SHORT, event: bool = False,
         late: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a method whose caller waits for the result."""
    return _declare(Declaration('call', to, timeout, event, late))


def cast(to: str | None = None, event: bool = False,
         late: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a method that returns as soon as the broker has the message."""
    return _declare(Declaration('cast', to, SHORT, event, late))


class Interface:
    """Base of the declarations: ``topic`` is the queue, ``namespace`` tells interfaces of one
    queue apart, ``version`` is that of all methods: its first number changes when who has the
    former one cannot be understood any more, the second when something was added."""
    topic = ''
    namespace: str | None = None
    version = '1.0'

    def _send(self, name: str, declaration: Declaration, values: dict[str, Any]) -> Any:
        ctxt = values.pop('ctxt')
        server = values.pop(declaration.to) if declaration.to else None
        client = _client(self.topic, self.version, self.namespace).prepare(
            server=server, **_timeouts(declaration.timeout))
        return getattr(client, declaration.kind)(ctxt, name, **values)

    @classmethod
    def declarations(cls) -> dict[str, Callable[..., Any]]:
        return {name: method for name, method in inspect.getmembers(cls, inspect.isfunction)
                if hasattr(method, 'declaration')}


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Calls made in this block are not waited for any longer, whatever their declaration says."""
    token = _limit.set(seconds)
    try:
        yield
    finally:
        _limit.reset(token)


def _timeouts(timeout: str) -> dict[str, Any]:
    limit = _limit.get()
    if limit is not None:
        return {'timeout': limit}
    if timeout == LONG:
        return {'timeout': CONF.long_rpc_timeout,
                'call_monitor_timeout': CONF.rpc_response_timeout}
    return {'timeout': CONF.rpc_response_timeout}


@functools.cache
def _client(topic: str, version: str, namespace: str | None) -> Any:
    target = messaging.Target(topic=topic, version=version, namespace=namespace)
    return messaging.get_rpc_client(transport(), target, serializer=RequestContextSerializer(),
                                    retry=SEND_RETRIES)


# -- the wire ---------------------------------------------------------------------------------
class RequestContextSerializer(messaging.Serializer):
    """Objects by oslo.versionedobjects, the context as its dict."""

    def __init__(self) -> None:
        self._objects = objects_base.NovaLiteObjectSerializer()

    def serialize_entity(self, ctxt: Any, entity: Any) -> Any:
        return self._objects.serialize_entity(ctxt, entity)

    def deserialize_entity(self, ctxt: Any, entity: Any) -> Any:
        return self._objects.deserialize_entity(ctxt, entity)

    def serialize_context(self, ctxt: Any) -> dict[str, Any]:
        return ctxt.to_dict()

    def deserialize_context(self, ctxt: dict[str, Any]) -> nova_context.RequestContext:
        return nova_context.RequestContext.from_dict(ctxt)


def init() -> None:
    """Connect this process's RPC and notifications as the configuration says. Can be repeated.

    ConfigInvalid for an address that makes no sense.
    """
    if _state.transport is not None:
        return
    messaging.set_transport_defaults(EXCHANGE)
    try:
        _state.transport = messaging.get_rpc_transport(CONF, allowed_remote_exmods=ALLOWED_EXMODS)
        notification_transport = messaging.get_notification_transport(CONF)
    except (messaging.InvalidTransportURL, messaging.DriverLoadFailure, ValueError):
        # their words quote the URL, and it holds a password
        raise exception.ConfigInvalid(
            reason='[DEFAULT]transport_url, or that of [oslo_messaging_notifications], cannot be '
                   'understood; give the address of the broker, for example '
                   'rabbit://user:password@controller:5672/nova-lite') from None
    _state.notifiers = {topic: messaging.Notifier(
        notification_transport, serializer=RequestContextSerializer(), topics=[topic])
        for topic in NOTIFICATION_TOPICS}


def cleanup() -> None:
    """Close the connections; tests and a stopping process call this."""
    if _state.transport is not None:
        _state.transport.cleanup()
    _state.transport = None
    _state.notifiers = {}
    _client.cache_clear()


def transport() -> Any:
    if _state.transport is None:
        raise RuntimeError('rpc.init() has not been called in this process')
    return _state.transport


def get_notifier(topic: str, publisher_id: str) -> Any:
    """The notifier of ``publisher_id`` (such as ``compute.host1``) on one of NOTIFICATION_TOPICS;
    None before :func:`init`."""
    notifier = _state.notifiers.get(topic)
    return notifier.prepare(publisher_id=publisher_id) if notifier else None


def wait_for_broker(stop: Callable[[], bool], interval: float = 1.0) -> bool:
    """Wait until a message can be sent; False when ``stop()`` became true first.

    Says once that the broker is away and once that it is back. BrokerRefused when it is there
    and does not let this service in.
    """
    target = messaging.Target(topic='nova-lite-ping', fanout=True)
    client = messaging.get_rpc_client(transport(), target)
    said = False
    while not stop():
        try:
            client.prepare(fanout=True, retry=0).cast({}, 'ping')
        except Exception as error:      # a refusal comes as the AMQP library's own class
            if driver_errors.meaning_of(error) is driver_errors.Meaning.LASTING:
                raise exception.BrokerRefused(reason=driver_errors.words_of(error)) from error
            if not isinstance(error, UNREACHABLE):
                raise
            if not said:
                LOG.warning('The message broker cannot be reached, waiting for it: %s', error)
                said = True
            time.sleep(interval)
            continue
        if said:
            LOG.info('The message broker is back')
        return True
    return False
