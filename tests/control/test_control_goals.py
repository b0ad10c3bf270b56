# SPDX-License-Identifier: Apache-2.0
"""Migrations that are governed by goals, of guests that write faster than the link."""
import signal

from tests.lab.control import (
    LINK,
    assert_settled,
    assert_unharmed,
    decided,
    process_of,
    record,
    wait_copying,
    wait_status,
    wait_until,
)


def migrate(server, **goals):
    status, answer = server.action('os-migrateLive', {
        'host': 'compute2', 'block_migration': 'auto', 'nova-lite:goals': goals})
    assert status == 202, answer


def test_copy_that_does_not_converge_when_its_goals_allow_the_pause_then_it_completes(
        boot, busy, options):
    options.set(bandwidth=LINK)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        # all that the guest writes to takes three seconds
        migrate(server, max_downtime_ms=6000, deadline_s=120)
        migration, seen = server.wait_migrated()
        assert migration['status'] == 'completed', record(server)
        assert 'running (post-copy)' not in seen
        kept = record(server)['receipt']
        assert kept['goals'] == {'max_downtime_ms': 6000, 'deadline_s': 120, 'if_not': 'abort'}
        assert [each['kind'] for each in kept['decisions']][:3] == [
            'auto_converge', 'set_downtime', 'set_downtime'], kept
        assert 'needs a pause of' in kept['decisions'][2]['reason']
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')


def test_copy_that_does_not_converge_when_its_goals_say_postcopy_then_it_switches_by_itself(
        boot, busy, options):
    options.set(bandwidth=LINK)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        migrate(server, max_downtime_ms=50, deadline_s=300, if_not='postcopy')
        migration, seen = server.wait_migrated()
        assert migration['status'] == 'completed', record(server)
        assert seen[-2:] == ['running (post-copy)', 'completed'], seen
        assert decided(server)[-1] == 'post_copy'
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')


def test_copy_when_its_compute_is_killed_then_the_next_one_keeps_the_deadline(
        lab, boot, busy, options):
    options.set(bandwidth=LINK)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        migrate(server, max_downtime_ms=50, deadline_s=25, if_not='abort')
        wait_status(server, 'running')
        wait_until(lambda: 'set_downtime' in decided(server), 30, 'the first decision')
        process_of(lab, 'compute', 'compute1').signal(signal.SIGKILL)
        before = decided(server)
        lab.restart('compute', 'compute1')
        migration, _ = server.wait_migrated()
        assert migration['status'] == 'cancelled', record(server)
        assert 'did not end within 25 s' in record(server)['reason']
        kept = decided(server)
        assert kept[:len(before)] == before and kept[-1] == 'abort'
        assert_unharmed(server, watch)
    assert_settled(server, 'compute1')


def test_copy_when_retuned_then_it_ends_by_its_new_terms(boot, busy, options):
    options.set(bandwidth=2)
    server = boot(busy, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        migration = wait_status(server, 'running')
        wait_copying(server)
        url = f'/servers/{server.id}/migrations/{migration["id"]}'
        status, answer = server.cloud.request('PATCH', url, {'migration': {
            'bandwidth': 200, 'max_downtime_ms': 5000, 'deadline_s': 300}})
        assert status == 202, answer
        assert server.wait_migrated()[0]['status'] == 'completed', record(server)
        assert {'set_bandwidth', 'set_goal'} <= set(decided(server))
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')
    assert server.cloud.request('PATCH', url, {'migration': {'bandwidth': 1}})[0] == 409
