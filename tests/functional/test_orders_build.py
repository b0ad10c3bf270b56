# SPDX-License-Identifier: Apache-2.0
"""Building and deleting: a deletion goes before everything, and a lost conductor is replaced."""
import threading

import pytest

from nova_lite import embedded, moments, objects
from nova_lite.conductor import rpcapi as conductor_rpcapi
from nova_lite.db import models, rows, session


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
    monkeypatch.setattr(conductor_rpcapi.ConductorAPI, 'build_instance',
                        lambda self, ctxt, **arguments: None)
    server = cloud.order('src')
    monkeypatch.undo()
    orders = cloud.services.services[embedded.CONDUCTOR].manager.orders
    orders.take_over_orders()
    assert server.states() == ('building', 'scheduling')     # its message may still come
    table = models.Order.__table__
    with session.writer() as s:
        rows.update(s, table, {'lease_until': None}, table.c.instance_uuid == server.uuid)
    orders.take_over_orders()
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert cloud.world.places(server.uuid) == {'src': 'running'}
