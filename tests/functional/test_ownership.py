# SPDX-License-Identifier: Apache-2.0
"""Orders that come late, and guests of which nobody knows where they run."""
import contextlib

import pytest

from nova_lite import exception, objects
from nova_lite.compute import live_migration_destination, ownership, rpcapi


@pytest.fixture
def late(monkeypatch):
    """``late(METHOD)``: its message does not arrive; returns the list of those on their way."""
    def hold(method):
        messages = []
        monkeypatch.setattr(rpcapi.ComputeAPI, method,
                            lambda self, ctxt, **arguments: messages.append((ctxt, arguments)))
        return messages
    return hold


@pytest.fixture
def asked(monkeypatch):
    """Of which migrations, by which host, the record is asked; it allows them all."""
    found = []
    monkeypatch.setattr(ownership, 'check_expected',
                        lambda ctxt, migration, host: found.append((migration, host)))
    return found


def deliver(cloud, method, message):
    ctxt, arguments = message
    getattr(cloud.compute(arguments.pop('host')), method)(ctxt, **arguments)


def test_start_when_the_order_is_older_than_a_reset_is_not_carried_out(cloud, late):
    server = cloud.boot()
    server.act('os-stop')
    server.wait(lambda server: server.states() == ('stopped', None), 'SHUTOFF')
    messages = late('start_instance')
    assert server.act('os-start').status == 202
    assert server.act('os-resetState', {'state': 'error'}).status == 202
    deliver(cloud, 'start_instance', messages[0])
    assert cloud.world.places(server.uuid) == {'src': 'shutoff'}
    assert server.states() == ('error', None)


def test_unpause_when_the_guest_has_left_meanwhile_is_not_carried_out(cloud, late):
    server = cloud.boot()
    server.act('pause')
    server.wait(lambda server: server.states() == ('paused', None), 'PAUSED')
    messages = late('unpause_instance')
    assert server.act('unpause').status == 202
    record = server.record
    record.task_state = None        # as an operator may have it in the database
    record.save()
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    server.wait_task_over()
    deliver(cloud, 'unpause_instance', messages[0])
    assert cloud.world.places(server.uuid) == {'dst': 'paused'}


def test_reboot_when_the_destination_may_have_the_guest_is_refused(cloud):
    server = cloud.boot()
    cloud.options.set(lost_host_timeout=0)
    cloud.world.script('post_live_migration_at_destination', error='HypervisorUnavailable',
                       uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'error'
    assert server.states() == ('error', None)
    assert server.act('reboot', {'type': 'HARD'}).status == 202
    server.wait_task_over()
    assert server.states() == ('error', None)
    server.wait(lambda server: 'host dst may have the guest (running;' in server.fault.message,
                'the fault')
    assert 'End it there, or take that place over' in server.fault.message
    assert cloud.world.places(server.uuid) == {'dst': 'running'}


def test_reboot_when_the_migration_was_refused_before_it_began_is_carried_out(cloud):
    server = cloud.boot()
    assert server.live_migrate('src').status == 202
    assert server.wait_status().status == 'error'
    assert server.act('reboot', {'type': 'HARD'}).status == 202
    server.wait(lambda server: server.states() == ('active', None), 'the reboot')


def test_preparation_when_it_was_checked_long_ago_then_the_record_is_asked(
        cloud, asked, monkeypatch):
    monkeypatch.setattr(live_migration_destination, 'JUST_CHECKED', 0)
    server = cloud.boot()
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    assert asked == [(server.migration.uuid, 'dst')]


def test_preparation_when_it_was_checked_just_now_then_only_the_first_is_done_unasked(
        cloud, asked, monkeypatch):
    monkeypatch.setattr(live_migration_destination, 'JUST_CHECKED', 60)
    server = cloud.boot()
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    assert asked == []
    data = objects.LiveMigrateData.from_stored(cloud.ctxt, server.migration)
    with contextlib.suppress(exception.NovaLiteException):      # the guest is there already
        cloud.compute('dst').pre_live_migration(cloud.ctxt, server.record, [], data)
    assert asked == [(server.migration.uuid, 'dst')]


def test_preparation_when_the_migration_has_ended_meanwhile_is_refused(cloud):
    server = cloud.boot()
    fault = cloud.world.script('live_migration@50', 'hang', uuid=server.uuid, times=1)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(fault)
    migration = server.migration
    data = objects.LiveMigrateData.from_stored(cloud.ctxt, migration)
    with pytest.raises(exception.MigrationPreCheckError, match='any more, which is running'):
        cloud.compute('dst').pre_live_migration(cloud.ctxt, server.record, [], data)
    with pytest.raises(exception.MigrationPreCheckError, match='host third is not to prepare'):
        cloud.compute('third').pre_live_migration(cloud.ctxt, server.record, [], data)
    cloud.world.release(fault)
    assert server.wait_status().status == 'completed'
