# SPDX-License-Identifier: Apache-2.0
"""Building and deleting: a deletion goes before everything, and a lost conductor is replaced."""
import threading

import oslo_messaging as messaging
import pytest

from nova_lite import embedded, moments, objects
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.conductor import rpcapi as conductor_rpcapi
from nova_lite.db import models, rows, session
from nova_lite.scheduler import rpcapi as scheduler_rpcapi


def conductor_orders(cloud):
    return cloud.services.services[embedded.CONDUCTOR].manager.orders


def take_over(cloud, server):
    """The lease runs out, and a conductor looks."""
    table = models.Order.__table__
    with session.writer() as s:
        rows.update(s, table, {'lease_until': None}, table.c.instance_uuid == server.uuid)
    conductor_orders(cloud).take_over_orders()


def assert_gone(cloud, server):
    cloud.bell.wait_for(
        lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404, 'deleted')
    assert cloud.world.places(server.uuid) == {}
    assert not [host for consumer, host in cloud.claims() if consumer == server.uuid]


def test_delete_while_the_guest_is_made_wins_and_leaves_nothing(cloud):
    step = cloud.world.script('spawn', 'hang', host='src', times=1)
    server = cloud.order('src')
    cloud.world.wait_hit(step)
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    cloud.world.release(step)
    assert_gone(cloud, server)


@pytest.mark.parametrize('hold, then', [('spawn', 'spawning'), (None, None)])
def test_delete_when_the_build_goes_on_between_its_read_and_its_write_is_204(
        cloud, monkeypatch, tmp_path, hold, then):
    """It has read ``scheduling`` without a host; a host is found, and has built it where nothing
    holds it, before the deletion is written."""
    monkeypatch.setattr(moments, 'DIRECTORY', str(tmp_path))
    scheduling, deleting = tmp_path / 'order-scheduling-given', tmp_path / 'order-deleting-asked'
    for moment in (scheduling, deleting):
        moment.touch()
    step = hold and cloud.world.script(hold, 'hang', host='src', times=1)
    made, answers = [], []
    build = threading.Thread(target=lambda: made.append(cloud.order('src')))
    build.start()
    cloud.bell.wait_for(lambda: met(scheduling), 'a server that is written')
    [row] = objects.InstanceList.get_by_filters(cloud.ctxt, {'task_state': 'scheduling'})
    delete = threading.Thread(
        target=lambda: answers.append(cloud.api.delete(f'/servers/{row.uuid}').status))
    delete.start()
    cloud.bell.wait_for(lambda: met(deleting), 'a deletion that has read it')
    go_on(scheduling)
    build.join(30)
    [server] = made
    server.wait(lambda server: server.record.task_state == then and server.record.host == 'src',
                str(then))
    go_on(deleting)
    delete.join(30)
    assert answers == [204]
    if step:
        cloud.world.release(step)
    assert_gone(cloud, server)


def met(moment):
    return moment.with_name(f'{moment.name}.met').exists()


def go_on(moment):
    moment.with_name(f'{moment.name}.go').touch()


def test_delete_while_the_server_is_stopped_wins(cloud):
    server = cloud.boot('src')
    step = cloud.world.script('power_off', 'hang', uuid=server.uuid, times=1)
    assert server.act('os-stop').status == 202
    cloud.world.wait_hit(step)
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    cloud.world.release(step)
    assert_gone(cloud, server)


def test_build_when_the_message_to_the_conductor_is_lost_is_taken_over(cloud, monkeypatch):
    monkeypatch.setattr(conductor_rpcapi.ComputeTaskAPI, 'build_instance',
                        lambda self, ctxt, **arguments: None)
    server = cloud.order('src')
    monkeypatch.undo()
    conductor_orders(cloud).take_over_orders()
    assert server.states() == ('building', 'scheduling')     # its message may still come
    take_over(cloud, server)
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert cloud.world.places(server.uuid) == {'src': 'running'}


@pytest.mark.parametrize('state', ['active', 'error'])
def test_reset_state_does_not_take_a_deletion_back(cloud, monkeypatch, state):
    """Otherwise a server whose guest is half gone would come back as a stopped one."""
    server = cloud.boot('src', disk=True)
    monkeypatch.setattr(compute_rpcapi.ComputeAPI, 'terminate_instance',
                        lambda self, ctxt, **arguments: None)
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    answer = server.act('os-resetState', {'state': state})
    assert answer.status == 409 and 'deleting' in str(answer.body)
    cloud.compute('src').sync_power_states()
    assert server.states() == ('active', 'deleting')
    cloud.compute('src').sweep()
    assert_gone(cloud, server)


@pytest.mark.parametrize('state', ['active', 'error'])
def test_reset_state_does_not_take_back_that_a_server_is_built(cloud, monkeypatch, state):
    """Otherwise it would be active on no host, with a claim on one."""
    monkeypatch.setattr(conductor_rpcapi.ComputeTaskAPI, 'build_instance',
                        lambda self, ctxt, **arguments: None)
    server = cloud.order('src')
    monkeypatch.undo()
    answer = server.act('os-resetState', {'state': state})
    assert answer.status == 409 and 'scheduling' in str(answer.body)
    take_over(cloud, server)
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')


@pytest.mark.parametrize('error', [messaging.MessageDeliveryFailure('the broker is away'),
                                   messaging.MessagingTimeout('no answer')])
def test_build_when_the_scheduler_cannot_be_asked_is_taken_over(cloud, monkeypatch, error):
    asked = threading.Event()

    def fail(self, ctxt, **arguments):
        asked.set()
        raise error

    monkeypatch.setattr(scheduler_rpcapi.SchedulerAPI, 'select_destinations', fail)
    server = cloud.order('src')
    assert asked.wait(10)
    conductor_orders(cloud).renew_order_leases()
    monkeypatch.undo()
    cloud.bell.wait_for(lambda: not conductor_orders(cloud)._at_work, 'the end of the first try')
    assert server.states() == ('building', 'scheduling')
    take_over(cloud, server)
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert cloud.claims_of(server) == {('server', 'src')}
