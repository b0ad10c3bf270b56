# SPDX-License-Identifier: Apache-2.0
"""Orders whose message is lost or comes twice, and hosts that start with orders left to do."""
import threading

import oslo_messaging as messaging
import pytest

from nova_lite import objects
from nova_lite.compute import rpcapi as compute_rpcapi

# what is done first, the order, its message, what the server and its guest are in the end
ORDERS = [
    (None, 'os-stop', None, 'stop_instance', 'stopped', 'shutoff'),
    ('os-stop', 'os-start', None, 'start_instance', 'active', 'running'),
    (None, 'reboot', {'type': 'SOFT'}, 'reboot_instance', 'active', 'running'),
    (None, 'reboot', {'type': 'HARD'}, 'reboot_instance', 'active', 'running'),
    (None, 'pause', None, 'pause_instance', 'paused', 'paused'),
    ('pause', 'unpause', None, 'unpause_instance', 'active', 'running'),
    (None, 'suspend', None, 'suspend_instance', 'suspended', 'saved'),
    ('suspend', 'resume', None, 'resume_instance', 'active', 'running')]
IDS = ['stop', 'start', 'reboot-soft', 'reboot-hard', 'pause', 'unpause', 'suspend', 'resume']
every_order = pytest.mark.parametrize('before, order, argument, method, vm_state, guest', ORDERS,
                                      ids=IDS)


@pytest.fixture
def messages(monkeypatch):
    """``messages(METHOD)``: they are caught from now on; the list of them."""
    def catch(method):
        caught = []
        monkeypatch.setattr(compute_rpcapi.ComputeAPI, method,
                            lambda self, ctxt, **arguments: caught.append((ctxt, arguments)))
        return caught

    catch.end = monkeypatch.undo
    return catch


def ready(cloud, before):
    server = cloud.boot('src', disk=True)
    if before:
        server.act(before)
        server.wait_task_over()
    return server


def restart(cloud, host):
    cloud.services.stop_service(host)
    cloud.services.start_compute(host)


def assert_is(cloud, server, vm_state, guest):
    server.wait(lambda server: server.states() == (vm_state, None), vm_state)
    assert cloud.world.places(server.uuid) == {'src': guest}
    assert objects.OrderList.servers_of_host(cloud.ctxt, 'src') == []


@every_order
def test_order_when_its_message_is_lost_is_carried_out_by_the_host_that_starts(
        cloud, messages, before, order, argument, method, vm_state, guest):
    server = ready(cloud, before)
    messages(method)
    assert server.act(order, argument).status == 202
    assert server.record.task_state is not None
    messages.end()
    restart(cloud, 'src')
    assert_is(cloud, server, vm_state, guest)


@every_order
def test_order_when_its_message_comes_twice_is_carried_out_once(
        cloud, messages, before, order, argument, method, vm_state, guest):
    server = ready(cloud, before)
    caught = messages(method)
    assert server.act(order, argument).status == 202
    messages.end()
    [(ctxt, arguments)] = caught
    calls = cloud.at_once(*[lambda: getattr(cloud.compute('src'), method)(
        ctxt, arguments['instance'])] * 2)
    assert calls == [None, None]
    assert_is(cloud, server, vm_state, guest)
    written = server.record.updated_at
    getattr(cloud.compute('src'), method)(ctxt, arguments['instance'])
    assert server.record.updated_at == written
    events = [event['event'] for event in server.stories()[
        {'os-stop': 'stop', 'os-start': 'start'}.get(order, order)]['events']]
    server.wait(lambda server: list(server.actions()), 'the events')
    assert events.count(f'compute_{method}') <= 1


def test_order_when_the_host_looks_again_while_it_is_at_work_is_not_taken_up_twice(cloud):
    server = cloud.boot('src')
    step = cloud.world.script('power_off', 'hang', uuid=server.uuid, times=1)
    assert server.act('os-stop').status == 202
    cloud.world.wait_hit(step)
    with cloud.world.look() as world:
        reached = world.faults[step].hits
    cloud.compute('src').sweep()
    cloud.compute('src').sweep()
    cloud.world.release(step)
    assert_is(cloud, server, 'stopped', 'shutoff')
    with cloud.world.look() as world:
        assert world.faults[step].hits == reached == 1


def test_order_when_the_message_is_lost_is_carried_out_by_the_next_look(cloud, messages):
    server = cloud.boot('src')
    messages('pause_instance')
    assert server.act('pause').status == 202
    messages.end()
    cloud.compute('src').sweep()
    assert_is(cloud, server, 'paused', 'paused')


def test_order_when_it_is_done_and_not_written_is_written_by_the_host_that_starts(
        cloud, monkeypatch):
    """Nothing is done a second time."""
    server = cloud.boot('src')
    asked = threading.Event()

    def no_answer(self, *args, **kwargs):
        asked.set()
        raise messaging.MessagingTimeout('no answer')

    monkeypatch.setattr(objects.Order, 'finish', no_answer)
    assert server.act('suspend').status == 202
    assert asked.wait(10)
    monkeypatch.undo()
    assert server.states() == ('active', 'suspending')
    born = cloud.world.guest('src', server.uuid).boot_id
    restart(cloud, 'src')
    assert_is(cloud, server, 'suspended', 'saved')
    assert cloud.world.guest('src', server.uuid).boot_id == born


def test_order_when_there_is_nothing_to_pause_gives_the_server_back_with_a_fault(cloud, messages):
    server = cloud.boot('src')
    messages('pause_instance')
    assert server.act('pause').status == 202
    cloud.compute('src').driver.power_off(cloud.ctxt, server.record)
    messages.end()
    restart(cloud, 'src')
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert 'nothing runs' in server.fault.message


# -- the operator's word while a migration is not over ----------------------------------------
def copying(cloud):
    """A server in the middle of its copy."""
    server = cloud.boot('src', disk=True)
    step = cloud.world.script('live_migration@50', 'hang', uuid=server.uuid, times=1)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(step)
    return server, step


def test_reset_state_while_a_migration_is_unfinished_is_refused_and_changes_nothing(cloud):
    server, step = copying(cloud)
    answer = server.act('os-resetState', {'state': 'active'})
    assert answer.status == 409
    assert f'migration {server.migration.uuid}, which is running' in str(answer.body)
    assert server.states() == ('active', 'migrating')
    cloud.world.release(step)
    assert server.wait_status().status == 'completed'
    assert cloud.claims_of(server) == {('server', 'dst')}


def test_reset_state_by_force_ends_the_migration_and_leaves_no_claim(cloud):
    server, step = copying(cloud)
    assert server.act('os-resetState', {'state': 'active', 'nova-lite:force': True}).status == 202
    assert server.states() == ('active', None)
    assert server.migration.status == 'cancelled'
    assert cloud.claims_of(server) == {('server', 'src')}
    cloud.compute('src').sync_power_states()
    assert server.states() == ('active', None)
    assert cloud.world.places(server.uuid) == {'src': 'running'}
