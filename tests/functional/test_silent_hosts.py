# SPDX-License-Identifier: Apache-2.0
"""A source whose compute service is gone, for a while or for good."""
import datetime

import pytest
from oslo_utils import timeutils

from nova_lite import embedded, objects
from nova_lite.compute import rpcapi
from nova_lite.conf import CONF
from nova_lite.migration import recovery
from nova_lite.objects import base


def just_down():
    return timeutils.utcnow(with_timezone=True) - datetime.timedelta(
        seconds=CONF.service_down_time + 1)


@pytest.fixture
def conductor(cloud, monkeypatch):
    monkeypatch.setattr(rpcapi, 'ANSWER_TIMEOUT', 0.5)
    return cloud.services.services[embedded.CONDUCTOR].manager.silent_hosts


@pytest.fixture
def silence(cloud):
    """``silence(host)``: its compute ends and does not come back before the test is over;
    ``silence.over(host)``: it does."""
    silent = set()

    def now(host):
        cloud.services.stop_service(host)
        silent.add(host)
        change(host, last_seen_up=just_down())

    def change(host, **values):
        service = objects.Service.get_by_host_and_binary(cloud.ctxt, host, 'nova-compute')
        for name, value in values.items():
            setattr(service, name, value)
        service.save()

    def over(host):
        silent.discard(host)
        change(host, forced_down=False)
        cloud.services.start_compute(host)

    now.change, now.over = change, over
    yield now
    for host in list(silent):
        over(host)


def held_at(cloud, server, step):
    fault = cloud.world.script(step, 'hang', uuid=server.uuid, times=1)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(fault)
    return fault


def has_files(cloud, server, host):
    return host in cloud.world.files(server.uuid)


def test_silent_source_when_the_copy_was_not_begun_then_the_server_is_free_again(
        cloud, conductor, silence):
    server = cloud.boot()
    fault = held_at(cloud, server, 'pre_live_migration')
    silence('src')
    conductor.look_after_silent_hosts()
    migration = server.migration
    assert migration.status == 'failed'
    assert 'src does not answer' in migration.reason and 'no copy had begun' in migration.reason
    assert server.states() == ('active', None)
    assert 'src does not answer' in server.fault.message
    assert cloud.claims_of(server) == {('server', 'src')}
    cloud.world.release(fault)
    silence.over('src')
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert migration.status == 'completed', migration.reason


def test_silent_source_when_the_guest_has_arrived_then_the_conductor_completes(
        cloud, conductor, silence):
    server = cloud.boot(disk=True)
    fault = held_at(cloud, server, 'post_live_migration_at_source')
    silence('src')
    conductor.look_after_silent_hosts()
    assert server.migration.status == 'completed'
    assert server.states() == ('active', None) and server.record.host == 'dst'
    assert cloud.claims_of(server) == {('server', 'dst')}
    # what is left at the source goes when it is back
    assert has_files(cloud, server, 'src')
    silence.over('src')
    assert not has_files(cloud, server, 'src') and has_files(cloud, server, 'dst')
    assert cloud.world.places(server.uuid) == {'dst': 'running'}
    cloud.world.release(fault)


def test_silent_source_when_the_copy_goes_on_then_it_is_waited_for(cloud, conductor, silence):
    server = cloud.boot()
    fault = held_at(cloud, server, 'live_migration@50')
    silence('src')
    conductor.look_after_silent_hosts()
    migration = server.migration
    assert migration.status == 'running'
    assert migration.reason == 'host src does not answer; on host dst the guest is incoming'
    cloud.world.release(fault)
    cloud.world.wait_for(lambda state: cloud_has_arrived(state, server), 30, 'arrival')
    conductor.look_after_silent_hosts()
    assert server.migration.status == 'completed'
    assert server.record.host == 'dst'


def cloud_has_arrived(state, server):
    guest = state.guests.get(server.uuid, {}).get('dst')
    return guest is not None and not guest.incoming


def test_silent_source_when_it_comes_back_in_time_then_it_goes_on_by_itself(
        cloud, conductor, silence):
    server = cloud.boot()
    fault = held_at(cloud, server, 'live_migration@50')
    silence('src')
    conductor.look_after_silent_hosts()
    silence.over('src')
    cloud.world.release(fault)
    migration = server.wait_status()
    assert (migration.status, migration.reason) == ('completed', None)


@pytest.mark.parametrize('forced', [True, False])
def test_silent_source_when_it_is_gone_for_good_then_nothing_is_touched(
        cloud, conductor, silence, forced):
    server = cloud.boot()
    fault = held_at(cloud, server, 'live_migration@50')
    silence('src')
    if forced:
        silence.change('src', forced_down=True)
    else:
        cloud.options.set(lost_host_timeout=0)
        assert CONF.lost_host_timeout == 0
    before = cloud.world.places(server.uuid)
    conductor.look_after_silent_hosts()
    migration = server.migration
    assert migration.status == 'error'
    assert 'on host dst the guest is incoming' in migration.reason
    assert 'Nothing was started or removed' in migration.reason
    assert server.states() == ('error', None)
    assert cloud.world.places(server.uuid) == before
    cloud.world.release(fault)


def test_silent_source_when_it_goes_on_while_the_destination_is_asked_then_is_let_alone(
        cloud, conductor, silence, monkeypatch):
    server = cloud.boot()
    fault = held_at(cloud, server, 'pre_live_migration')
    silence.change('src', forced_down=True)     # by an operator, too early

    copying = cloud.world.script('live_migration@50', 'hang', uuid=server.uuid, times=1)

    def slow(*arguments):
        cloud.world.release(fault)
        server.wait_status('running')
        return recovery.RUNS

    monkeypatch.setattr(rpcapi, 'ask_presence', slow)
    conductor.look_after_silent_hosts()
    cloud.world.release(copying)
    assert server.wait_status().status == 'completed'
    assert server.states() == ('active', None) and server.record.host == 'dst'
    silence.change('src', forced_down=False)


def test_silent_source_when_it_answers_then_its_migrations_are_left_to_it(
        cloud, conductor, silence):
    """Its heartbeats do not arrive, as it cannot reach a conductor, or they are lost."""
    server = cloud.boot()
    fault = held_at(cloud, server, 'live_migration@50')
    silence.change('src', last_seen_up=just_down())
    cloud.options.set(lost_host_timeout=0)
    conductor.look_after_silent_hosts()
    migration = server.migration
    assert (migration.status, migration.reason) == ('running', None)
    cloud.world.release(fault)
    assert server.wait_status().status == 'completed'
    silence.change('src', last_seen_up=timeutils.utcnow(with_timezone=True))


def test_silent_source_when_nobody_could_be_heard_then_it_is_not_given_up(
        cloud, conductor, silence):
    """All heartbeats are older than lost_host_timeout, as the database was away."""
    server = cloud.boot()
    fault = held_at(cloud, server, 'live_migration@50')
    silence('src')
    services = list(objects.ServiceList.get_by_filters(cloud.ctxt))
    for service in services:
        service.last_seen_up -= datetime.timedelta(seconds=2 * CONF.lost_host_timeout)
        service.save()
    cloud.at_end(lambda: forget_outage(cloud))
    conductor.look_after_silent_hosts()
    assert server.migration.status == 'running'
    for service in services:
        if service.binary == 'nova-conductor':      # the first to be back
            objects.Service.report(cloud.ctxt, service.id)
    conductor.look_after_silent_hosts()
    assert server.migration.status == 'running'
    silence.over('src')
    cloud.world.release(fault)
    migration = server.wait_status()
    assert (migration.status, migration.reason) == ('completed', None)


def forget_outage(cloud):
    """All is well, and long was."""
    for service in objects.ServiceList.get_by_filters(cloud.ctxt):
        objects.Service.report(cloud.ctxt, service.id)
        service.refresh()
        service.seen_since -= datetime.timedelta(hours=1)
        service.seen_before = None
        service.save()


def test_silent_source_when_it_answers_then_a_server_can_be_moved_away(
        cloud, conductor, silence):
    server = cloud.boot()
    silence.change('src', last_seen_up=just_down())
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    silence.change('src', last_seen_up=timeutils.utcnow(with_timezone=True))


def uncleaned(cloud, conductor, silence):
    """A server that lives at dst, its files still at src: src was slow, a conductor completed the
    migration, and src could not clean up either."""
    server = cloud.boot(disk=True)
    fault = held_at(cloud, server, 'post_live_migration_at_destination')
    silence.change('src', forced_down=True)     # by an operator, too early
    conductor.look_after_silent_hosts()
    assert server.migration.status == 'completed'
    failing = cloud.world.script('post_live_migration_at_source', 'fail', uuid=server.uuid,
                                 times=1)
    cloud.world.release(fault)
    cloud.world.wait_hit(failing)
    cloud.world.wait_for(lambda state: not cloud.compute('src').queue.moves, 10, 'the move to end')
    silence.change('src', forced_down=False)
    assert has_files(cloud, server, 'src')
    return server


def test_departed_when_the_source_was_slow_then_it_cleans_up_later(cloud, conductor, silence):
    server = uncleaned(cloud, conductor, silence)
    cloud.compute('src').sweep()
    assert not has_files(cloud, server, 'src') and has_files(cloud, server, 'dst')
    assert cloud.world.places(server.uuid) == {'dst': 'running'}
    assert server.migration.source_not_cleaned is False


def test_departed_when_the_hypervisor_is_away_then_the_next_sweep_cleans_up(
        cloud, conductor, silence):
    server = uncleaned(cloud, conductor, silence)
    cloud.world.script('post_live_migration_at_source', 'fail', uuid=server.uuid, times=1,
                       error='HypervisorUnavailable')
    for remains in (True, False):
        cloud.compute('src').sweep()
        assert has_files(cloud, server, 'src') == remains


def test_departed_when_the_server_was_deleted_then_its_files_go_too(cloud, conductor, silence):
    server = uncleaned(cloud, conductor, silence)
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    cloud.bell.wait_for(
        lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404, 'deleted')
    assert has_files(cloud, server, 'src')
    cloud.compute('src').sweep()
    assert not has_files(cloud, server, 'src')


def test_departed_when_a_guest_is_about_to_return_then_its_files_stay(cloud):
    server = cloud.boot(disk=True)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert migration.status == 'completed'
    server.wait_task_over()
    base.db().update_on_match(migration.TABLE, migration.id, {'source_not_cleaned': True},
                              {'status': 'completed'})
    fault = cloud.world.script('live_migration@50', 'hang', uuid=server.uuid, times=1)
    assert server.live_migrate('src').status == 202
    cloud.world.wait_hit(fault)
    cloud.compute('src').sweep()
    assert has_files(cloud, server, 'src')
    cloud.world.release(fault)
    assert server.wait_status().status == 'completed'
    server.wait_task_over()
    assert server.record.host == 'src'
    cloud.compute('src').sweep()
    assert has_files(cloud, server, 'src')
