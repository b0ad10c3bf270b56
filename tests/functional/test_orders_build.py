# SPDX-License-Identifier: Apache-2.0
"""Building and deleting: a deletion goes before everything, and a lost conductor is replaced."""
from nova_lite import embedded
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
