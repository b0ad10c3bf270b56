# SPDX-License-Identifier: Apache-2.0
"""Many at once: one wins, the others are told, and nothing is half done."""
import pytest

from nova_lite import exception, objects
from nova_lite.db import retry
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('database')

RUNNERS = 6


def consumers(count):
    return [f'{number:08d}-0000-4000-8000-000000000000' for number in range(count)]


def test_save_when_many_want_the_task_state_then_one_has_it(ctxt):
    instance = db.make_instance(ctxt, task_state=None)

    def take(number):
        mine = objects.Instance.get_by_uuid(ctxt, instance.uuid)
        mine.task_state, mine.display_name = 'migrating', str(number)
        mine.save(expected_task_state=None)
        return number

    results = db.race([lambda number=number: take(number) for number in range(RUNNERS)])
    winners = [result for result in results if isinstance(result, int)]
    assert len(winners) == 1
    assert all(type(result) is exception.UnexpectedTaskStateError
               for result in results if result not in winners), results
    instance.refresh()
    assert instance.display_name == str(winners[0])


def test_advance_when_many_want_an_edge_then_one_takes_it(ctxt):
    for host in ('src', 'dst'):
        db.make_host(ctxt, host)
    instance = db.make_instance(ctxt)
    migration = db.make_migration(ctxt, instance)
    objects.Claim.claim(ctxt, 'src', instance.uuid, **db.ROOM)
    objects.Claim.claim(ctxt, 'dst', migration.uuid, **db.ROOM)
    for event in ('queue', 'prepare', 'run'):
        migration.advance(event)
    events = ['complete', 'cancel', 'fail', 'lose', 'complete', 'fail']
    outcome = {'complete': 'completed', 'cancel': 'cancelled', 'fail': 'failed', 'lose': 'error'}

    def take(number):
        mine = objects.Migration.get_by_id(ctxt, migration.id)
        mine.advance(events[number], reason=f'{number}')
        return number

    results = db.race([lambda number=number: take(number) for number in range(len(events))])
    winners = [result for result in results if isinstance(result, int)]
    assert len(winners) == 1, results
    assert all(type(result) is exception.InvalidMigrationState
               for result in results if result not in winners), results
    migration.refresh()
    instance.refresh()
    assert (migration.status, migration.reason) == (outcome[events[winners[0]]], str(winners[0]))
    assert instance.task_state is None
    assert instance.host == ('dst' if migration.status == 'completed' else 'src')
    db.assert_books_balance(ctxt)


def test_create_when_many_are_born_of_one_server_then_one_is(ctxt):
    """Whoever comes first: the server's task_state is not asked here."""
    instance = db.make_instance(ctxt)
    for _ in range(3):
        results = db.race([lambda: db.make_migration(ctxt, instance)] * RUNNERS)
        [winner] = [result for result in results if isinstance(result, objects.Migration)]
        assert all(type(result) is exception.InstanceInvalidState
                   for result in results if result is not winner), results
        winner.advance('cancel')


def test_claim_when_many_want_the_last_place_then_one_has_it(ctxt):
    db.make_host(ctxt, 'h1', vcpus=1)
    results = db.race([
        lambda uuid=uuid: objects.Claim.claim(ctxt, 'h1', uuid, **db.ROOM).consumer_uuid
        for uuid in consumers(RUNNERS)])
    winners = [result for result in results if isinstance(result, str)]
    assert len(winners) == 1, results
    assert all(type(result) is exception.InsufficientResources
               for result in results if result not in winners), results
    assert db.claims_of(winners[0]) == ['h1']
    db.assert_books_balance(ctxt)


def test_claim_when_the_same_comes_many_times_then_it_counts_once(ctxt):
    db.make_host(ctxt, 'h1')
    uuid, = consumers(1)
    results = db.race([lambda: objects.Claim.claim(ctxt, 'h1', uuid, **db.ROOM).id] * RUNNERS)
    assert len(set(results)) == 1, results
    assert objects.ComputeNode.get_by_host(ctxt, 'h1').vcpus_used == 1
    db.assert_books_balance(ctxt)


def test_drop_when_many_drop_the_same_then_it_is_given_back_once(ctxt):
    db.make_host(ctxt, 'h1')
    for uuid in consumers(5):
        objects.Claim.claim(ctxt, 'h1', uuid, **db.ROOM)
        assert db.race([lambda: objects.Claim.drop(ctxt, uuid)] * RUNNERS) == [None] * RUNNERS
    assert objects.ComputeNode.get_by_host(ctxt, 'h1').vcpus_used == 0
    db.assert_books_balance(ctxt)


def test_claims_when_taken_dropped_and_reported_at_once_then_the_books_balance(ctxt):
    hosts = ('h1', 'h2')
    for host in hosts:
        db.make_host(ctxt, host, vcpus=3)

    def churn(uuid, order):
        for _ in range(3):
            for host in order:
                try:
                    objects.Claim.claim(ctxt, host, uuid, **db.ROOM)
                except exception.InsufficientResources:
                    pass
            objects.Claim.drop(ctxt, uuid)

    def report():
        for memory in (1024, 256, 512):
            for host in hosts:
                objects.ComputeNode.report(ctxt, host, {'reserved_host_memory_mb': memory,
                                                        'running_vms': 1})

    runners = [lambda uuid=uuid, order=order: churn(uuid, order)
               for uuid, order in zip(
            consumers(RUNNERS), [hosts, hosts[::-1]] * RUNNERS, strict=False)]
    results = db.race([*runners, report])
    assert results == [None] * len(results)
    db.assert_books_balance(ctxt)
    for node in objects.ComputeNodeList.get_all(ctxt):
        assert (node.vcpus_used, node.memory_mb_used) == (0, 512)


def test_register_and_report_when_many_start_at_once_then_one_row(ctxt):
    results = db.race([lambda: objects.Service.register(ctxt, 'h1', 'nova-compute', 'compute').id]
                      * RUNNERS)
    assert len(set(results)) == 1, results
    service = objects.Service.get_by_host_and_binary(ctxt, 'h1', 'nova-compute')
    assert service.report_count == RUNNERS
    results = db.race([lambda: objects.ComputeNode.report(ctxt, 'h1', db.HOST).id] * RUNNERS)
    assert len(set(results)) == 1, results
    db.race([lambda: objects.Service.report(ctxt, service.id)] * RUNNERS)
    service = objects.Service.get_by_id(ctxt, service.id)
    assert service.report_count == 2 * RUNNERS


def test_destroy_when_the_migration_ends_at_once_then_no_claim_is_left(ctxt):
    for host in ('src', 'dst'):
        db.make_host(ctxt, host)
    for _ in range(4):
        instance = db.make_instance(ctxt)
        migration = db.make_migration(ctxt, instance)
        objects.Claim.claim(ctxt, 'src', instance.uuid, **db.ROOM)
        objects.Claim.claim(ctxt, 'dst', migration.uuid, **db.ROOM)
        for event in ('queue', 'prepare', 'run'):
            migration.advance(event)
        results = db.race([instance.destroy, lambda: migration.advance('complete')])
        assert results == [None, None]
        assert db.claims_of(instance.uuid) == db.claims_of(migration.uuid) == []
    db.assert_books_balance(ctxt)


def test_events_when_many_are_written_for_one_request_then_none_stands_in_anothers_way(
        ctxt, monkeypatch):
    """Each held its action for reading and then wanted to write it: a deadlock for all but one."""
    monkeypatch.setattr(retry, 'RETRY_SECONDS', 0.0)
    monkeypatch.setattr(retry, 'LEAST_ATTEMPTS', 1)
    instance = db.make_instance(ctxt)
    objects.InstanceAction.action_start(ctxt, instance.uuid, 'live-migration')
    action = objects.InstanceAction.get_by_request_id(ctxt, instance.uuid, ctxt.request_id)

    def write(number):
        for step in range(20):
            name = f'step_{number}_{step}'
            objects.InstanceActionEvent.event_start(ctxt, instance.uuid, name, host='src')
            objects.InstanceActionEvent.event_finish(ctxt, instance.uuid, name, host='src')

    results = db.race([lambda number=number: write(number) for number in range(RUNNERS)])
    assert results == [None] * RUNNERS
    events = objects.InstanceActionEventList.get_by_action(ctxt, action.id).objects
    assert len(events) == 20 * RUNNERS and all(event.finish_time for event in events)
