# SPDX-License-Identifier: Apache-2.0
"""No guest is started where another host may have it, whatever the record says.

The simulated world writes down when a guest runs twice, and each test fails on that by itself.
"""
import dataclasses

import pytest

from nova_lite import objects
from nova_lite.compute import presence, rpcapi
from nova_lite.virt.simulation import guests, state
from nova_lite.virt.simulation.virsh import Virsh
from tests.functional import situations


@pytest.fixture(autouse=True)
def deaf(cloud):
    for host in cloud.hosts:
        situations.deaf(cloud, host)


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setattr(presence, 'ANSWER_TIMEOUT', 0.5)


@pytest.fixture
def asked(monkeypatch):
    """The hosts that are asked what they have."""
    hosts, ask = [], rpcapi.ComputeAPI.locate_guest
    monkeypatch.setattr(rpcapi.ComputeAPI, 'locate_guest', lambda self, ctxt, host, instance: (
        hosts.append(host), ask(self, ctxt, host=host, instance=instance))[1])
    return hosts


def stop(server):
    assert server.act('os-stop').status == 202
    server.wait(lambda server: server.states() == ('stopped', None), 'SHUTOFF')


def migrate_by_hand(cloud, server, dest, **options):
    virsh = Virsh(cloud.world, 'src')
    virsh.migrate(server.uuid, dest, **options)
    virsh.wait_migrated(server.uuid)


def call_it_stopped(server):
    """As the look at power states did before it read why a guest is off."""
    record = server.record
    record.vm_state = 'stopped'
    record.save()


def is_refused(cloud, server, action, argument=None, words=''):
    """The order is taken, and nothing of it is done; the server's fault says ``words``."""
    before, states = cloud.world.places(server.uuid), server.states()
    assert server.act(action, argument).status == 202
    server.wait(lambda server: server.fault and words in server.fault.message, words)
    server.wait_task_over()
    assert cloud.world.places(server.uuid) == before
    assert server.states() == states


def is_started(server):
    assert server.act('os-start').status == 202
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')


def ended(cloud, server, event, dest='dst'):
    """A migration of the server to ``dest`` that has ended so."""
    migration = objects.Migration(
        cloud.ctxt, instance_uuid=server.uuid, source_compute='src', dest_compute=dest,
        migrate_data=objects.LiveMigrateData(cloud.ctxt, dest_host=dest).obj_to_primitive())
    migration.create()
    migration.advance(event)


def put_copy(cloud, server, host):
    """A paused copy of the guest on ``host``, of nobody knows where."""
    with cloud.world.change() as now:
        guests.add(now, dataclasses.replace(
            guests.get(now, 'src', server.uuid), host=host, state=state.PAUSED,
            reason=state.BY_USER, since=None))


# -- after an operator's virsh ----------------------------------------------------------------
@pytest.mark.parametrize('undefinesource', [False, True])
def test_start_when_the_guest_was_migrated_by_hand_is_refused_with_the_host_named(
        cloud, undefinesource):
    server = cloud.boot()
    migrate_by_hand(cloud, server, 'third', undefinesource=undefinesource)
    call_it_stopped(server)
    is_refused(cloud, server, 'os-start', words='host third may have the guest (running;')
    assert cloud.world.places(server.uuid)['third'] == 'running'


def test_start_when_the_guest_was_migrated_by_hand_and_has_ended_there_is_refused(cloud):
    server = cloud.boot()
    migrate_by_hand(cloud, server, 'third', persistent=True)
    Virsh(cloud.world, 'third').destroy(server.uuid)
    call_it_stopped(server)
    is_refused(cloud, server, 'os-start', words='host third may have the guest (off;')


def test_start_when_the_guest_was_migrated_by_hand_and_is_nowhere_any_more_is_done(cloud):
    server = cloud.boot()
    migrate_by_hand(cloud, server, 'third')
    Virsh(cloud.world, 'third').destroy(server.uuid)
    call_it_stopped(server)
    is_started(server)
    assert cloud.world.places(server.uuid) == {'src': 'running'}


def test_start_when_the_guest_has_gone_and_a_host_is_silent_is_refused_until_that_is_fenced(
        cloud, patience):
    server = cloud.boot()
    migrate_by_hand(cloud, server, 'third')
    Virsh(cloud.world, 'third').destroy(server.uuid)
    call_it_stopped(server)
    cloud.services.stop_service('dst')
    cloud.at_end(lambda: cloud.services.start_compute('dst'))
    is_refused(cloud, server, 'os-start', words='host dst may have the guest and does not answer')
    force_down(cloud, 'dst')
    is_started(server)


def force_down(cloud, host):
    service = objects.Service.get_by_host_and_binary(cloud.ctxt, host, 'nova-compute')
    path = f'/os-services/{service.uuid}'
    assert cloud.api.request('PUT', path, {'forced_down': True}).status == 200
    cloud.at_end(lambda: cloud.api.request('PUT', path, {'forced_down': False}))


def restart_hypervisor(cloud, host):
    cloud.world.stop_hypervisor(host)
    cloud.world.start_hypervisor(host)


def test_start_when_the_hypervisor_has_forgotten_that_the_guest_was_migrated_is_refused(cloud):
    server = cloud.boot()
    migrate_by_hand(cloud, server, 'third')
    restart_hypervisor(cloud, 'src')
    call_it_stopped(server)
    is_refused(cloud, server, 'os-start', words='host third may have the guest (running;')


def test_start_when_the_hypervisor_has_forgotten_why_it_is_off_waits_for_no_silent_host(
        cloud, asked, patience):
    server = cloud.boot()
    stop(server)
    restart_hypervisor(cloud, 'src')
    cloud.services.stop_service('third')
    cloud.at_end(lambda: cloud.services.start_compute('third'))
    is_started(server)
    assert 'dst' in asked


def test_reboot_when_a_copy_by_hand_is_under_way_is_refused(cloud):
    server = cloud.boot()
    order = cloud.world.script('live_migration@50', 'hang', uuid=server.uuid)
    Virsh(cloud.world, 'src').migrate(server.uuid, 'third')
    cloud.world.wait_hit(order)
    is_refused(cloud, server, 'reboot', {'type': 'HARD'}, 'leaving: another host has a part in it')


# -- after a migration ------------------------------------------------------------------------
def test_start_when_a_copy_that_the_record_gave_up_finished_after_a_reset_is_refused(cloud):
    server = cloud.boot()
    order = cloud.world.script('live_migration@50', 'hang', uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    server.migration.advance('lose', reason='given up')
    assert server.act('os-resetState', {'state': 'active'}).status == 202
    cloud.world.release(order)
    cloud.world.wait_for(lambda now: guests.find(now, 'src', server.uuid) is None, 30, 'arrival')
    stop(server)
    is_refused(cloud, server, 'os-start', words='host dst may have the guest (running;')
    assert cloud.world.places(server.uuid) == {'dst': 'running'}


def test_start_when_a_later_migration_was_refused_then_the_one_in_doubt_counts_still(cloud):
    server = cloud.boot()
    ended(cloud, server, 'lose')
    assert server.act('os-resetState', {'state': 'active'}).status == 202
    assert server.live_migrate('src').status == 202
    assert server.wait_status().status == 'error'
    stop(server)
    put_copy(cloud, server, 'dst')
    is_refused(cloud, server, 'os-start', words='host dst may have the guest (paused;')


def test_start_when_a_failed_migrations_destination_is_silent_is_done(cloud, patience):
    server = cloud.boot()
    ended(cloud, server, 'fail')
    stop(server)
    cloud.services.stop_service('dst')
    cloud.at_end(lambda: cloud.services.start_compute('dst'))
    is_started(server)


def test_start_when_a_migration_in_doubt_has_a_silent_destination_is_refused(cloud, patience):
    server = cloud.boot()
    ended(cloud, server, 'lose')
    assert server.act('os-resetState', {'state': 'active'}).status == 202
    stop(server)
    cloud.services.stop_service('dst')
    cloud.at_end(lambda: cloud.services.start_compute('dst'))
    is_refused(cloud, server, 'os-start', words='host dst may have the guest and does not answer')


def test_start_when_a_failed_migrations_destination_has_a_copy_is_refused(cloud):
    server = cloud.boot()
    ended(cloud, server, 'fail')
    stop(server)
    put_copy(cloud, server, 'dst')
    is_refused(cloud, server, 'os-start', words='host dst may have the guest (paused;')


def test_start_when_a_migration_is_not_over_is_refused(cloud):
    server = cloud.boot()
    stop(server)
    migration = objects.Migration(cloud.ctxt, instance_uuid=server.uuid, source_compute='src')
    migration.create()
    cloud.at_end(lambda: migration.advance('fail'))
    is_refused(cloud, server, 'os-start', words=f'migration {migration.uuid} is not over')


def test_orders_when_the_guest_has_never_moved_then_no_host_is_asked(cloud, asked):
    server = cloud.boot()
    stop(server)
    is_started(server)
    assert server.act('reboot', {'type': 'HARD'}).status == 202
    server.wait(lambda server: server.states() == ('active', None), 'the reboot')
    assert asked == []


# -- every way to start -----------------------------------------------------------------------
@pytest.mark.parametrize(('before', 'action', 'argument'), [
    ('os-stop', 'os-start', None), ('os-stop', 'reboot', {'type': 'HARD'}),
    (None, 'reboot', {'type': 'SOFT'}), (None, 'reboot', {'type': 'HARD'}),
    ('suspend', 'resume', None), ('pause', 'unpause', None)])
def test_order_that_lets_a_guest_run_when_another_host_has_it_is_refused(
        cloud, before, action, argument):
    server = cloud.boot()
    ended(cloud, server, 'lose')
    assert server.act('os-resetState', {'state': 'active'}).status == 202
    if before:
        assert server.act(before).status == 202
        server.wait(lambda server: server.states()[0] != 'active', before)
        server.wait_task_over()
    put_copy(cloud, server, 'dst')
    is_refused(cloud, server, action, argument, 'host dst may have the guest (paused;')


def test_build_when_another_host_has_the_guest_is_refused(cloud, monkeypatch):
    messages = []
    monkeypatch.setattr(rpcapi.ComputeAPI, 'build_and_run_instance',
                        lambda self, ctxt, **arguments: messages.append((ctxt, arguments)))
    server = cloud.order()
    server.wait(lambda server: messages, 'the order to build')
    ended(cloud, server, 'fail')
    with cloud.world.change() as now:
        guests.add(now, state.Guest(server.uuid, 'dst', state.RUNNING, '<domain/>', 'x'))
    ctxt, _ = messages[0]
    cloud.compute('src').build_and_run_instance(ctxt, instance=server.record)
    assert 'host dst may have the guest (running;' in server.fault.message
    assert server.states() == ('error', None)
    assert cloud.world.places(server.uuid) == {'dst': 'running'}
