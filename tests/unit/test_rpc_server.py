# SPDX-License-Identifier: Apache-2.0
"""A server answers what is declared, by a manager that does what is declared, and tells of casts
that fail."""
import logging
import types

import pytest

from nova_lite import action_events, exception, rpc, rpc_server
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conductor.rpcapi import INTERFACES
from nova_lite.scheduler.rpcapi import SchedulerAPI
from tests.unit.test_rpc import Greeter, GreeterAPI


@pytest.mark.parametrize('method, complaint', [
    (None, 'declared but not implemented'),
    (lambda ctxt, name: None, 'implemented with'),
    (lambda ctxt, loud, name: None, 'implemented with'),
])
def test_server_when_the_manager_differs_then_it_does_not_start(method, complaint):
    manager = Greeter()
    manager.greet = method
    with pytest.raises(RuntimeError, match=complaint):
        rpc_server.Endpoint(GreeterAPI, manager, 'host1', action_events)


def test_interfaces_when_compared_with_the_managers_then_they_agree():
    from nova_lite.compute.manager import ComputeManager
    from nova_lite.conductor.manager import ConductorManager
    from nova_lite.scheduler.manager import SchedulerManager
    for interface, manager in ((ComputeAPI, ComputeManager), (SchedulerAPI, SchedulerManager),
                               *((interface, ConductorManager) for interface in INTERFACES)):
        for name, declared in interface.declarations().items():
            method = getattr(manager, name, None)
            bound = method.__get__(object()) if method else None
            rpc_server.check_method(interface, name, declared, bound)


@pytest.mark.parametrize('error, level, traced', [
    (exception.UnableToMigrateToSelf(instance_id='i', host='h'), logging.INFO, False),
    (exception.InvalidMigrationState(migration_id=1, instance_uuid='i', state='s', method='abort'),
     logging.INFO, False),
    (exception.NoValidHost(reason='full'), logging.INFO, False),
    (exception.DatabaseUnavailable(), logging.WARNING, False),
    (exception.LiveMigrationLost(reason='x'), logging.ERROR, True),
    (ValueError('a bug'), logging.ERROR, True)], ids=lambda value: type(value).__name__)
def test_cast_when_it_is_refused_then_one_line_and_a_stack_for_a_bug_alone(
        caplog, monkeypatch, error, level, traced):
    class Interface(rpc.Interface):
        topic = 'greeter'

        @rpc.cast()
        def order(self, ctxt, instance):
            """Give an order."""

    class Manager:
        def order(self, ctxt, instance):
            raise error

    told = []
    monkeypatch.setattr(action_events, 'record_fault', lambda *args: told.append(args[2]))
    caplog.set_level(logging.DEBUG)
    endpoint = rpc_server.Endpoint(Interface, Manager(), 'host', action_events)
    endpoint.order(None, instance=types.SimpleNamespace(uuid='the-uuid'))
    [line] = [record for record in caplog.records if record.name == 'nova_lite.action_events']
    assert (line.levelno, bool(line.exc_info)) == (level, traced)
    assert 'the-uuid' in line.getMessage() and told == [error]
