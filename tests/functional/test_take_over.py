# SPDX-License-Identifier: Apache-2.0
"""Requests whose message, or whose conductor, was lost before the source had them; and
whose database was away."""
import threading

import oslo_messaging as messaging
import pytest

from nova_lite import embedded, exception, objects
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.conductor import rpcapi as conductor_rpcapi
from nova_lite.conductor.live_migrations import LiveMigrations

SERVICE = embedded.CONDUCTOR


@pytest.fixture
def conductor(cloud):
    return cloud.services.services[SERVICE].manager.live_migrations


@pytest.fixture
def lose(monkeypatch):
    """``lose(INTERFACE, METHOD)``: its messages are lost until ``found()``."""
    def now(interface, method):
        monkeypatch.setattr(interface, method, lambda self, *args, **kwargs: None)

    now.found = monkeypatch.undo
    return now


def run_out(server):
    """Let the lease of the server's migration run out, whoever has it."""
    from nova_lite.db import models, rows, session
    table = models.Migration.__table__
    uuid = server.migration.uuid    # not read within the transaction, which would let others run
    with session.writer() as s:
        rows.update(s, table, {'lease_until': None}, table.c.uuid == uuid)


def hand_over_in_vain(server, conductor, lose):
    """The conductor has done its part, and the source does not hear of it."""
    lose(compute_rpcapi.ComputeAPI, 'live_migration')
    assert server.live_migrate('dst').status == 202
    server.wait(lambda server: server.migration.migrate_data, 'destination')
    server.wait(lambda server: not conductor._at_work, 'the hand-over')


def assert_moved(cloud, server, host):
    assert server.wait_status().status == 'completed'
    server.wait_task_over()
    assert server.record.host == host
    assert cloud.claims_of(server) == {('server', host)}


def test_take_over_when_the_message_to_the_conductor_was_lost_moves_the_server(
        cloud, conductor, lose):
    server = cloud.boot()
    lose(conductor_rpcapi.ComputeTaskAPI, 'live_migrate_instance')
    assert server.live_migrate('dst').status == 202
    assert (server.migration.status, server.migration.owner) == ('accepted', None)
    lose.found()
    conductor.take_over()
    assert server.migration.status == 'accepted'     # its message may still come
    run_out(server)
    conductor.take_over()
    assert_moved(cloud, server, 'dst')


def test_take_over_when_the_message_to_the_source_was_lost_sends_it_again(cloud, conductor, lose):
    server = cloud.boot()
    hand_over_in_vain(server, conductor, lose)
    assert server.migration.status == 'accepted'
    lose.found()
    run_out(server)
    conductor.take_over()
    assert_moved(cloud, server, 'dst')


def test_take_over_when_a_conductor_died_after_its_claim_starts_afresh(cloud, conductor):
    """It had refused one host and claimed room on another, and was about to ask that."""
    server = cloud.boot()
    migration = objects.Migration(
        cloud.ctxt, instance_uuid=server.uuid, source_compute='src', source_node='src',
        attempted_hosts=['third'], request_context=cloud.ctxt.to_dict(), requested_host=None,
        forced=False, refusals={'third': 'too hot'})
    migration.accept(server.record)
    assert migration.take('a conductor that is dead', -1)
    objects.Claim.claim(cloud.ctxt, 'third', migration.uuid, vcpus=1, memory_mb=128, disk_gb=0)
    conductor.take_over()
    assert_moved(cloud, server, 'dst')


def test_take_over_when_the_source_is_down_gives_the_server_back(cloud, conductor, lose):
    server = cloud.boot()
    hand_over_in_vain(server, conductor, lose)
    service = objects.Service.get_by_host_and_binary(cloud.ctxt, 'src', 'nova-compute')
    service.forced_down = True
    service.save()
    cloud.at_end(lambda: (setattr(service, 'forced_down', False), service.save()))
    run_out(server)
    conductor.take_over()
    migration = server.wait_status('error')
    assert 'src' in migration.reason and migration.failed_check == 'ComputeServiceUnavailable'
    assert server.states() == ('active', None)
    assert cloud.claims_of(server) == {('server', 'src')}


def test_run_when_the_message_comes_twice_moves_the_server_once(cloud, conductor):
    server = cloud.boot()
    fault = cloud.world.script('check_can_live_migrate_destination', 'hang', uuid=server.uuid,
                               times=1)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(fault)
    second = server.migration
    conductor.run(cloud.ctxt, server.record, second)
    other = LiveMigrations('another')
    other.run(cloud.ctxt, server.record, second)
    assert server.migration.status == 'accepted'
    assert server.migration.owner == conductor.owner
    cloud.world.release(fault)
    assert_moved(cloud, server, 'dst')
    assert server.statuses() == ['accepted', 'queued', 'preparing', 'running', 'completed']


def test_run_when_the_lease_was_lost_meanwhile_leaves_all_to_the_next_owner(cloud, conductor):
    """The first owner stood still for longer than its lease; the second is done first."""
    server = cloud.boot()
    fault = cloud.world.script('check_can_live_migrate_destination', 'hang', host='dst',
                               uuid=server.uuid, times=1)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(fault)
    run_out(server)
    other = LiveMigrations('another')
    other.take_over()
    assert_moved(cloud, server, 'dst')
    cloud.world.release(fault)
    server.wait(lambda server: not conductor._at_work, 'the end of the first owner')
    assert server.migration.status == 'completed'
    assert server.states() == ('active', None)
    assert cloud.claims_of(server) == {('server', 'dst')}


def test_release_when_a_conductor_stops_another_goes_on_at_once(cloud, conductor, lose):
    server = cloud.boot()
    hand_over_in_vain(server, conductor, lose)
    lose.found()
    other = LiveMigrations('another')
    other.take_over()
    assert server.migration.status == 'accepted'
    conductor.release_leases()
    other.take_over()
    assert_moved(cloud, server, 'dst')


@pytest.fixture
def database_away(monkeypatch):
    """``database_away(OWNER, METHOD)``: the method's next call, on its own or before its answer
    came back (``late``), finds no database. The fixture's answer is set when it has."""
    def once(owner, name, late=False):
        real, met = getattr(owner, name), threading.Event()

        def method(*args, **kwargs):
            if late:
                real(*args, **kwargs)
            monkeypatch.setattr(owner, name, real)
            met.set()
            raise exception.DatabaseUnavailable()
        monkeypatch.setattr(owner, name, method)
        return met
    return once


def assert_left_for_another(server, conductor, met):
    assert met.wait(10)
    server.wait(lambda server: not conductor._at_work, 'the end of the first owner')
    assert server.migration.status == 'accepted'
    assert server.states() == ('active', 'migrating')


def test_run_when_the_scheduler_finds_no_database_then_judges_nothing(
        cloud, conductor, database_away):
    server = cloud.boot()
    met = database_away(cloud.services.services['scheduler'].manager, '_choose')
    assert server.live_migrate('dst').status == 202
    assert_left_for_another(server, conductor, met)
    run_out(server)
    conductor.take_over()
    assert_moved(cloud, server, 'dst')


def test_run_when_nobody_knows_whether_the_destination_was_recorded_then_the_claim_stays(
        cloud, conductor, database_away):
    """It was: who takes over sends the server there without asking for room again."""
    server = cloud.boot()
    met = database_away(objects.Migration, 'record', late=True)
    assert server.live_migrate('dst').status == 202
    assert_left_for_another(server, conductor, met)
    assert cloud.claims_of(server) == {('server', 'src'), ('migration', 'dst')}
    run_out(server)
    conductor.take_over()
    assert_moved(cloud, server, 'dst')


def test_move_when_the_database_is_away_at_its_start_then_it_goes_on_later(cloud, database_away):
    server = cloud.boot(disk=True)
    met = database_away(cloud.services.services['dst'].manager.destination, 'pre')
    assert server.live_migrate('dst').status == 202
    queue = cloud.services.services['src'].manager.queue
    assert met.wait(10)
    server.wait(lambda server: not queue.moves, 'the end of the first try')
    assert server.states() == ('active', 'migrating')
    queue.wake()
    assert_moved(cloud, server, 'dst')
    assert server.statuses()[-2:] == ['running', 'completed']


def test_queue_when_the_answer_that_it_started_is_lost_then_it_is_taken_up(cloud, monkeypatch):
    server = cloud.boot(disk=True)
    real = objects.MigrationList.queue_up

    def queue_up(*args):
        monkeypatch.setattr(objects.MigrationList, 'queue_up', real)
        real(*args)
        raise messaging.MessagingTimeout('no answer')

    monkeypatch.setattr(objects.MigrationList, 'queue_up', queue_up)
    assert server.live_migrate('dst').status == 202
    assert_moved(cloud, server, 'dst')
    assert server.statuses()[-3:] == ['preparing', 'running', 'completed']
