# SPDX-License-Identifier: Apache-2.0
"""Migrations that are bounded, aborted and forced, with guests that write faster than the link."""
from nova_lite.lab.image import Image
from tests.lab import control
from tests.lab.control import (
    BUSY_RATE,
    LINK,
    assert_settled,
    assert_unharmed,
    process_of,
    record,
    stopped,
    wait_copying,
    wait_status,
)


# -- the completion timeout -----------------------------------------------------------------------
def test_copy_that_does_not_converge_when_its_time_is_up_then_it_is_aborted(boot, busy, options):
    options.set(bandwidth=LINK, completion_timeout=4, timeout_action='abort')
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        migration, seen = server.wait_migrated()
        assert migration['status'] == 'cancelled', record(server)
        assert 'did not end within 8 s' in record(server)['reason']
        assert_unharmed(server, watch)
        assert watch.record.longest_silence() < 5
    assert_settled(server, 'compute1')


def test_copy_that_does_not_converge_when_forced_at_its_time_then_it_completes(
        boot, busy, options):
    options.set(bandwidth=LINK, completion_timeout=4, timeout_action='force_complete')
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        migration, seen = server.wait_migrated()
        assert migration['status'] == 'completed', record(server)
        assert 'running (post-copy)' not in seen
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')


def test_copy_that_does_not_converge_when_the_guest_is_throttled_then_it_completes(
        lab, boot, options):
    # the link takes 2.4 s for all that the guest rewrites, so no allowed pause is enough; and the
    # guest makes up for lost time when it may run, so less than the last throttle does not help
    Image('tick-throttled', dirty=12, rate=BUSY_RATE).write(lab.state.images)
    options.set(bandwidth=LINK // 2, permit_auto_converge=True, downtime=1500, downtime_steps=3,
                downtime_delay=3)
    server = boot('tick-throttled', host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        migration, _ = server.wait_migrated(240)
        assert migration['status'] == 'completed', record(server)
        assert record(server)['receipt']['copy']['throttle'], record(server)['receipt']
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')


def test_copy_that_does_not_converge_when_post_copy_is_permitted_then_it_switches(
        boot, busy, options):
    options.set(bandwidth=LINK, completion_timeout=4, timeout_action='force_complete',
                permit_post_copy=True)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        migration, seen = server.wait_migrated()
        assert migration['status'] == 'completed', record(server)
        assert seen[-2:] == ['running (post-copy)', 'completed'], seen
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')


def test_options_when_changed_during_a_copy_then_it_obeys_the_new_ones(boot, busy, options):
    options.set(bandwidth=LINK)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        wait_copying(server)
        options.set(bandwidth=LINK, completion_timeout=1)
        migration, _ = server.wait_migrated(30)
        assert migration['status'] == 'cancelled', record(server)
        assert_unharmed(server, watch)
    assert_settled(server, 'compute1')


# -- orders ---------------------------------------------------------------------------------------
def abort(server, migration, microversion='2.68'):
    return server.cloud.request('DELETE', f'/servers/{server.id}/migrations/{migration["id"]}',
                                microversion=microversion)


def events(server):
    """What has been done for the server, step by step."""
    return [row['event'] for row in control.query(
        server.cloud.lab, 'event',
        'instance_actions_events WHERE action_id IN '
        f"(SELECT id FROM instance_actions WHERE instance_uuid='{server.id}')")]


def force_complete(server, migration):
    return server.cloud.request(
        'POST', f'/servers/{server.id}/migrations/{migration["id"]}/action',
        {'force_complete': None})


def test_abort_when_queued_then_the_copy_never_starts(boot, busy, options):
    options.set(bandwidth=LINK)
    first, second = boot(busy, host='compute1'), boot(host='compute1')
    first.live_migrate('compute2')
    wait_status(first, 'running')
    with second.watch() as watch:
        second.live_migrate('compute2')
        queued = wait_status(second, 'queued')
        assert abort(second, queued, '2.64')[0] == 400
        assert abort(second, queued)[0] == 202
        assert second.wait_migrated()[0]['status'] == 'cancelled'
        kept = record(second)
        assert (kept['status'], kept['reason']) == ('cancelled', 'aborted while it was queued')
        assert 'preparing' not in kept['receipt']['at']
        assert_unharmed(second, watch)
        assert_settled(second, 'compute1')
        assert abort(second, queued)[0] in (400, 409)
    assert abort(first, first.migrations()[-1])[0] == 202
    assert first.wait_migrated()[0]['status'] == 'cancelled'
    assert_settled(first, 'compute1')


def test_abort_when_preparing_then_what_was_made_over_there_goes(lab, boot, busy, options):
    options.set(bandwidth=LINK)
    first, second = boot(busy, host='compute1'), boot('tick-disk', 'tick.disk', host='compute1')
    first.live_migrate('compute3')
    wait_status(first, 'running')
    with second.watch() as watch:
        second.live_migrate('compute2')
        wait_status(second, 'queued')
        with stopped(process_of(lab, 'compute', 'compute2')):
            assert abort(first, first.migrations()[-1])[0] == 202
            preparing = wait_status(second, 'preparing')
            assert abort(second, preparing)[0] == 202
            control.wait_until(lambda: 'compute_live_migration_abort' in events(second), 20,
                               'the order to reach the source')
        assert second.wait_migrated()[0]['status'] == 'cancelled', record(second)
        kept = record(second)
        assert 'aborted before the copy began' in kept['reason']
        assert_unharmed(second, watch)
    assert_settled(second, 'compute1')
    assert_settled(first, 'compute1')


def test_abort_when_running_then_the_guest_stays_and_nothing_is_left(boot, busy, options):
    options.set(bandwidth=LINK)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        migration = wait_status(server, 'running')
        wait_copying(server)
        assert abort(server, migration)[0] == 202
        assert server.wait_migrated()[0]['status'] == 'cancelled', record(server)
        assert 'aborted on request' in record(server)['reason']
        assert_unharmed(server, watch)
    assert_settled(server, 'compute1')
    assert abort(server, migration)[0] in (400, 409)


def test_force_complete_when_running_then_the_guest_arrives_running(boot, busy, options):
    options.set(bandwidth=LINK)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        migration = wait_status(server, 'running')
        wait_copying(server)
        assert force_complete(server, migration)[0] == 202
        assert server.wait_migrated()[0]['status'] == 'completed', record(server)
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')
    assert force_complete(server, migration)[0] in (400, 409)
