# SPDX-License-Identifier: Apache-2.0
"""``openstack server migrate`` and ``openstack server migration``: moves, and what is told."""
from tests.clients.conftest import once
from tests.lab import control

MIGRATE = ('server', 'migrate', '--live-migration')
# Tell a host, abort, force to complete: the oldest version at which the client will.
TO_HOST, ABORT, FORCE, SHOW = '2.30', '2.24', '2.22', '2.59'


def test_migrate_when_waited_for_then_guest_ticks_on_elsewhere_and_history_tells(cloud, boot,
                                                                                 watch):
    server = boot('compute1')
    name, ticks = cloud.server(server)['name'], watch(server)
    ticks.wait_ticks(5)
    assert 'Complete' in cloud.openstack(*MIGRATE, '--wait', name).out
    first = cloud.host_of(server)
    assert first in ('compute2', 'compute3')
    said = cloud.openstack(*MIGRATE, '--host', 'compute1', '--wait', name, version=TO_HOST)
    assert 'Complete' in said.out
    control.assert_unharmed(server, ticks)
    shown = cloud.server(server)
    assert (shown['status'], shown['OS-EXT-SRV-ATTR:host']) == ('ACTIVE', 'compute1')

    rows = cloud.openstack('server', 'migration', 'list', '--server', name).table
    assert [(row['Source Compute'], row['Dest Compute'], row['Status'], row['Type'],
             row['Server UUID']) for row in rows] == [
        (first, 'compute1', 'completed', 'live-migration', server),
        ('compute1', first, 'completed', 'live-migration', server)]
    events = cloud.openstack('server', 'event', 'list', server, '-f', 'json').json
    assert [event['Action'] for event in events] == ['live-migration', 'live-migration', 'create']
    shown = cloud.openstack('server', 'event', 'show', server, events[0]['Request ID'],
                            '-f', 'json').json
    results = {event['event']: (event['result'], event['host']) for event in shown['events']}
    assert results['compute_live_migration'] == ('Success', first)
    assert results['compute_pre_live_migration'] == ('Success', 'compute1')


def test_migrate_when_disk_is_private_then_block_migration_takes_it_along(cloud, boot, watch):
    server = boot('compute1', 'tick-disk', 'tick.disk')
    ticks = watch(server)
    ticks.wait_ticks(5)
    said = cloud.openstack(*MIGRATE, '--block-migration', '--host', 'compute3', '--wait', server,
                           version=TO_HOST)
    assert 'Complete' in said.out
    assert cloud.host_of(server) == 'compute3'
    assert cloud.migrations(server)[0]['status'] == 'completed'
    control.assert_unharmed(server, ticks)


def test_migration_when_running_then_openstack_shows_aborts_and_forces_it(cloud, restless):
    assert cloud.openstack(*MIGRATE, '--host', 'compute2', restless, version=TO_HOST).out == ''
    running = cloud.wait_running(restless)
    assert cloud.server(restless)['status'] == 'MIGRATING'
    shown = cloud.openstack('server', 'migration', 'show', restless, running['uuid'],
                            '-f', 'json', version=SHOW).json
    assert (shown['ID'], shown['Status']) == (running['id'], 'running')
    assert (shown['Source Compute'], shown['Dest Compute']) == ('compute1', 'compute2')
    assert shown['Memory Processed Bytes'] > 0
    assert 0 < shown['Memory Remaining Bytes'] <= shown['Memory Total Bytes']
    said = cloud.openstack('server', 'migration', 'abort', restless, str(running['id']),
                           version=ABORT)
    assert said.out == ''
    assert cloud.wait_migrated(restless)['status'] == 'cancelled'
    assert cloud.host_of(restless) == 'compute1'

    cloud.openstack(*MIGRATE, '--host', 'compute2', restless, version=TO_HOST)
    number = str(cloud.wait_running(restless)['id'])
    said = cloud.openstack('server', 'migration', 'force', 'complete', restless, number,
                           version=FORCE)
    assert said.out == ''
    assert cloud.wait_migrated(restless)['status'] == 'completed'
    assert cloud.host_of(restless) == 'compute2'


@once
def test_migrate_when_refused_then_reason_is_printed_and_server_stays(cloud, boot):
    server = boot('compute1', 'tick-disk', 'tick.disk')
    for options, words in ((['--host', 'compute1'], 'current host'),
                           (['--host', 'nowhere'], 'nowhere'),
                           (['--shared-migration'], 'is not on shared storage')):
        said = cloud.openstack(*MIGRATE, *options, server, version=TO_HOST, code=1)
        assert 'BadRequestException: 400' in said.err and words in said.err
        shown = cloud.server(server)
        assert (shown['status'], shown['OS-EXT-SRV-ATTR:host']) == ('ACTIVE', 'compute1')
        assert cloud.migrations(server)[0]['status'] == 'error'


@once
def test_migration_show_when_told_a_number_then_client_asks_for_something_else(cloud, restless):
    """openstackclient 10.5.0 hands the server and the number to the SDK in the wrong order. By
    UUID it lists and finds the migration, which is what the other tests do."""
    cloud.sdk.compute.live_migrate_server(restless, host='compute2')
    number = str(cloud.wait_running(restless)['id'])
    try:
        said = cloud.openstack('--debug', 'server', 'migration', 'show', restless, number,
                               version=ABORT, code=1)
        assert f'/servers/{number}/migrations/{restless}' in said.err
        assert f'/servers/{restless}/migrations/{number}' not in said.err
        shown = cloud.get(f'/servers/{restless}/migrations/{number}', ABORT)['migration']
        assert (shown['id'], shown['status']) == (int(number), 'running')
    finally:
        cloud.sdk.compute.abort_server_migration(number, restless)
