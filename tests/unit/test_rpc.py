# SPDX-License-Identifier: Apache-2.0
"""Declarations: client and server come from one place and cannot drift apart."""
import contextlib

import oslo_messaging as messaging
import pytest

from nova_lite import action_events, context, exception, rpc, rpc_server
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conductor.rpcapi import INTERFACES
from nova_lite.conf import CONF
from nova_lite.scheduler.rpcapi import SchedulerAPI


class GreeterAPI(rpc.Interface):
    topic = 'greeter'

    @rpc.call(to='host')
    def greet(self, ctxt, host, name, loud=False):
        """Say hello."""

    @rpc.call()
    def fail(self, ctxt):
        """Raise."""


class Greeter:
    def greet(self, ctxt, name, loud):
        return [name.upper() if loud else name, ctxt.request_id, scope_entered[-1]]

    def fail(self, ctxt):
        raise exception.NoValidHost(reason='full')

    def secret(self, ctxt):
        return 'not declared'


scope_entered = []


@contextlib.contextmanager
def scope():
    scope_entered.append('entered')
    yield
    scope_entered.append('left')


@pytest.fixture
def greeter(tmp_path):
    conf_file = tmp_path / 'nova-lite.conf'
    conf_file.write_text('[DEFAULT]\ntransport_url = fake://\n')
    CONF([f'--config-file={conf_file}'], project='nova-lite')
    rpc.init()
    server = rpc_server.get_server([GreeterAPI], Greeter(), 'host1', action_events, scope)
    server.start()
    yield GreeterAPI()
    server.stop()
    server.wait()
    rpc.cleanup()
    CONF([], project='nova-lite')


def test_call_when_answered_then_the_context_went_along_inside_the_scope(greeter):
    ctxt = context.RequestContext(user_id='u', project_id='p')
    answer = greeter.greet(ctxt, host='host1', name='ann', loud=True)
    assert answer == ['ANN', ctxt.request_id, 'entered']
    assert scope_entered[-1] == 'left'


def test_call_when_the_other_side_refuses_then_its_error_is_ours(greeter):
    with pytest.raises(exception.NoValidHost) as caught:
        greeter.fail(context.RequestContext())
    assert caught.value.format_message() == 'No valid host was found. full'


def test_call_when_its_namespace_or_version_is_another_then_is_not_served(greeter):
    class Elsewhere(GreeterAPI):
        namespace = 'elsewhere'

    class Newer(GreeterAPI):
        version = '1.1'

    for interface in (Elsewhere, Newer):
        with pytest.raises(messaging.rpc.dispatcher.UnsupportedVersion):
            interface().greet(context.RequestContext(), host='host1', name='ann')


def test_interfaces_when_walked_then_no_two_serve_the_same_name():
    places = [(interface.topic, interface.namespace) for interface in (
        ComputeAPI, *INTERFACES, SchedulerAPI)]
    assert len(set(places)) == len(places)


def test_call_when_an_argument_is_forgotten_then_the_caller_hears_it(greeter):
    with pytest.raises(TypeError, match='name'):
        greeter.greet(context.RequestContext(), host='host1')


def test_server_when_a_method_is_not_declared_then_it_cannot_be_called(greeter):
    client = messaging.get_rpc_client(
        rpc.transport(), messaging.Target(topic='greeter', version='1.0'),
        serializer=rpc.RequestContextSerializer())
    with pytest.raises(messaging.rpc.dispatcher.NoSuchMethod):
        client.call(context.RequestContext(), 'secret')


@pytest.mark.parametrize('interface', [ComputeAPI, *INTERFACES, SchedulerAPI])
def test_interfaces_when_walked_then_each_method_says_what_it_does(interface):
    declarations = interface.declarations()
    assert declarations
    for name, method in declarations.items():
        assert method.__doc__, name
        assert method.declaration.kind in ('call', 'cast')
