# SPDX-License-Identifier: Apache-2.0
"""What hosts report and promise: the books balance at every moment."""
import datetime

import pytest

from nova_lite import exception, objects
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('way')

A, B, C = (f'{letter * 8}-0000-4000-8000-000000000000' for letter in 'abc')


def candidates(ctxt, memory_mb=256, vcpus=1, disk_gb=1, **more):
    return [node.host for node in objects.ComputeNodeList.get_candidates(
        ctxt, memory_mb, vcpus, disk_gb, **more)]


# -- reports ----------------------------------------------------------------------------------
def test_report_when_the_host_is_new_then_reserved_counts_as_used(ctxt):
    node = db.make_host(ctxt, 'h1')
    assert (node.memory_mb_used, node.free_ram_mb) == (512, 4096 - 512)
    assert (node.local_gb_used, node.free_disk_gb) == (2, 98)
    assert (node.vcpus_used, node.hypervisor_hostname) == (0, 'node')
    service = objects.Service.get_by_host_and_binary(ctxt, 'h1', 'nova-compute')
    assert node.service_id == service.id


def test_report_when_repeated_then_one_row_with_its_uuid_and_its_claims(ctxt):
    first = db.make_host(ctxt, 'h1')
    objects.Claim.claim(ctxt, 'h1', A, **db.ROOM)
    node = objects.ComputeNode.report(ctxt, 'h1', {
        'memory_mb': 8192, 'reserved_host_memory_mb': 1024, 'local_gb': 50,
        'reserved_host_disk_mb': 100, 'running_vms': 3, 'ram_allocation_ratio': 1.5})
    assert (node.id, node.uuid, node.vcpus, node.running_vms) == (first.id, first.uuid, 4, 3)
    assert (node.memory_mb_used, node.free_ram_mb) == (1024 + 256, 8192 - 1024 - 256)
    assert (node.local_gb_used, node.free_disk_gb, node.vcpus_used) == (1 + 1, 48, 1)
    db.assert_books_balance(ctxt)
    assert len(objects.ComputeNodeList.get_all(ctxt)) == 1


@pytest.mark.parametrize('megabytes, gigabytes', [(0, 0), (1, 1), (1024, 1), (1025, 2)])
def test_report_when_reserved_disk_changes_then_whole_gib_are_kept(ctxt, megabytes, gigabytes):
    db.make_host(ctxt, 'h1')
    node = objects.ComputeNode.report(ctxt, 'h1', {'reserved_host_disk_mb': megabytes})
    assert node.local_gb_used == gigabytes
    node = objects.ComputeNode.report(ctxt, 'h1', {'reserved_host_disk_mb': 3000})
    assert node.local_gb_used == 3


@pytest.mark.parametrize('name', ['memory_mb_used', 'free_disk_gb', 'uuid', 'host', 'id',
                                  'deleted', 'no_such'])
def test_report_when_it_holds_what_is_not_the_hosts_then_invalid(ctxt, name):
    with pytest.raises(exception.Invalid, match=name):
        objects.ComputeNode.report(ctxt, 'h1', {name: 1})


def test_report_when_the_host_was_removed_and_is_back_then_old_claims_count(ctxt):
    db.make_host(ctxt, 'h1')
    objects.Claim.claim(ctxt, 'h1', A, **db.ROOM)
    objects.Service.get_by_host_and_binary(ctxt, 'h1', 'nova-compute').destroy()
    with pytest.raises(exception.ComputeHostNotFound):
        objects.ComputeNode.get_by_host(ctxt, 'h1')
    db.make_host(ctxt, 'h1')
    db.assert_books_balance(ctxt)
    assert objects.ComputeNode.get_by_host(ctxt, 'h1').vcpus_used == 1


# -- claims -----------------------------------------------------------------------------------
def test_claim_when_there_is_room_then_it_is_taken_once(ctxt):
    db.make_host(ctxt, 'h1')
    for _ in range(2):
        claim = objects.Claim.claim(ctxt, 'h1', A, **db.ROOM)
        assert (claim.host, claim.consumer_uuid, claim.memory_mb) == ('h1', A, 256)
    node = objects.ComputeNode.get_by_host(ctxt, 'h1')
    assert (node.vcpus_used, node.memory_mb_used, node.local_gb_used) == (1, 512 + 256, 2 + 1)
    db.assert_books_balance(ctxt)


@pytest.mark.parametrize('kind, most, named', [
    ('memory_mb', 4096 - 512, 'MiB of memory'), ('vcpus', 4, 'vCPUs'), ('disk_gb', 98, 'disk')])
def test_claim_when_one_more_than_there_is_then_refused_by_name(ctxt, kind, most, named):
    db.make_host(ctxt, 'h1')
    wanted = {'vcpus': 0, 'memory_mb': 0, 'disk_gb': 0}
    with pytest.raises(exception.InsufficientResources) as refusal:
        objects.Claim.claim(ctxt, 'h1', A, **{**wanted, kind: most + 1})
    message = refusal.value.format_message()
    assert 'host h1' in message and named in message and f'{most} left' in message
    assert db.claims_of(A) == []
    objects.Claim.claim(ctxt, 'h1', A, **{**wanted, kind: most})
    db.assert_books_balance(ctxt)


def test_claim_when_the_ratio_allows_then_more_than_there_is(ctxt):
    db.make_host(ctxt, 'h1', cpu_allocation_ratio=2.5)
    objects.Claim.claim(ctxt, 'h1', A, vcpus=10, memory_mb=1, disk_gb=0)
    with pytest.raises(exception.InsufficientResources):
        objects.Claim.claim(ctxt, 'h1', B, vcpus=1, memory_mb=1, disk_gb=0)


def test_claim_when_the_host_is_over_full_then_what_needs_nothing_of_it_still_fits(ctxt):
    db.make_host(ctxt, 'h1')
    objects.Claim.claim(ctxt, 'h1', A, vcpus=0, memory_mb=0, disk_gb=90)
    objects.ComputeNode.report(ctxt, 'h1', {'local_gb': 10})
    objects.Claim.claim(ctxt, 'h1', B, vcpus=1, memory_mb=1, disk_gb=0)
    db.assert_books_balance(ctxt)


def test_claim_when_the_host_is_unknown_then_not_found(ctxt):
    with pytest.raises(exception.ComputeHostNotFound, match='h9'):
        objects.Claim.claim(ctxt, 'h9', A, **db.ROOM)


@pytest.mark.parametrize('end', ['cancel', 'fail', 'lose'])
def test_claim_when_the_migration_is_over_then_nobody_would_give_it_back_and_it_is_refused(
        ctxt, end):
    for host in ('src', 'dst'):
        db.make_host(ctxt, host)
    migration = db.make_migration(ctxt, db.make_instance(ctxt))
    migration.advance(end)
    with pytest.raises(exception.InvalidMigrationState, match=f'is {migration.status}'):
        objects.Claim.claim(ctxt, 'dst', migration.uuid, **db.ROOM)
    assert db.claims_of(migration.uuid) == []
    db.assert_books_balance(ctxt)


def test_claim_when_the_server_is_gone_then_nobody_would_give_it_back_and_it_is_refused(ctxt):
    db.make_host(ctxt, 'src')
    instance = db.make_instance(ctxt)
    objects.Claim.claim(ctxt, 'src', instance.uuid, **db.ROOM)
    instance.destroy()
    objects.Claim.drop(ctxt, instance.uuid)
    with pytest.raises(exception.InstanceNotFound, match=instance.uuid):
        objects.Claim.claim(ctxt, 'src', instance.uuid, **db.ROOM)
    assert db.claims_of(instance.uuid) == []
    db.assert_books_balance(ctxt)


def test_claim_when_the_server_has_a_host_meanwhile_then_one_on_another_is_refused(ctxt):
    """A scheduler may answer after its conductor was given up and another has found a host."""
    for host in ('src', 'h1'):
        db.make_host(ctxt, host)
    instance = db.make_instance(ctxt)
    with pytest.raises(exception.InstanceInvalidState, match='in host src'):
        objects.Claim.claim(ctxt, 'h1', instance.uuid, **db.ROOM)
    objects.Claim.claim(ctxt, 'src', instance.uuid, **db.ROOM)
    assert db.claims_of(instance.uuid) == ['src']
    db.assert_books_balance(ctxt)


def test_drop_when_called_again_or_for_one_host_then_only_that_is_given_back(ctxt):
    db.make_host(ctxt, 'h1')
    db.make_host(ctxt, 'h2')
    for host in ('h1', 'h2'):
        objects.Claim.claim(ctxt, host, A, **db.ROOM)
        objects.Claim.claim(ctxt, host, B, **db.ROOM)
    objects.Claim.drop(ctxt, A, 'h1')
    objects.Claim.drop(ctxt, A, 'h1')
    assert (db.claims_of(A), db.claims_of(B)) == (['h2'], ['h1', 'h2'])
    objects.Claim.drop(ctxt, B)
    objects.Claim.drop(ctxt, B)
    objects.Claim.drop(ctxt, C)
    assert (db.claims_of(A), db.claims_of(B)) == (['h2'], [])
    db.assert_books_balance(ctxt)


# -- candidates -------------------------------------------------------------------------------
def test_candidates_when_asked_then_those_with_room_the_emptiest_first(ctxt):
    for host, memory in (('h1', 4096), ('h2', 8192), ('h3', 2048)):
        db.make_host(ctxt, host, memory_mb=memory)
    assert candidates(ctxt) == ['h2', 'h1', 'h3']
    assert candidates(ctxt, memory_mb=2000) == ['h2', 'h1']
    assert candidates(ctxt, vcpus=5) == candidates(ctxt, disk_gb=99) == []
    assert candidates(ctxt, ignore_hosts=['h2'], limit=1) == ['h1']
    assert candidates(ctxt, requested_host='h3') == ['h3']
    assert candidates(ctxt, requested_host='h3', ignore_hosts=['h3']) == []


def test_candidates_when_a_service_cannot_be_used_then_its_host_is_not_there(ctxt):
    for host in ('h1', 'h2', 'h3', 'h4'):
        db.make_host(ctxt, host)
    now = objects.Service.get_by_host_and_binary(ctxt, 'h1', 'nova-compute').last_seen_up
    for host, field, value in (('h1', 'disabled', True), ('h2', 'forced_down', True),
                               ('h3', 'last_seen_up', now - datetime.timedelta(hours=1))):
        service = objects.Service.get_by_host_and_binary(ctxt, host, 'nova-compute')
        setattr(service, field, value)
        service.save()
    assert candidates(ctxt) == ['h4']


# -- finding ----------------------------------------------------------------------------------
def test_nodes_when_looked_for_then_found_or_named_as_missing(ctxt):
    one = db.make_host(ctxt, 'h1', hypervisor_hostname='rack1-h1')
    two = db.make_host(ctxt, 'h2', hypervisor_hostname='rack2-h2')
    assert objects.ComputeNode.get_by_host(ctxt, 'h1').uuid == one.uuid
    assert objects.ComputeNode.get_by_id(ctxt, two.id).host == 'h2'
    assert objects.ComputeNode.get_by_uuid(ctxt, two.uuid).host == 'h2'
    with pytest.raises(exception.ComputeHostNotFound, match='h3'):
        objects.ComputeNode.get_by_host(ctxt, 'h3')

    def get(filters=None, **more):
        nodes = objects.ComputeNodeList.get_by_filters(ctxt, filters, **more)
        return [node.host for node in nodes]

    assert get() == ['h1', 'h2'] and get({'host': ['h2']}) == ['h2']
    assert get({'hypervisor_hostname_pattern': 'rack2'}) == ['h2']
    assert get({'hypervisor_hostname_pattern': 'rack%'}) == []
    assert get(limit=1) == ['h1'] and get(marker=one.uuid) == ['h2']
