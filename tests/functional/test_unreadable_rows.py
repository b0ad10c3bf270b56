# SPDX-License-Identifier: Apache-2.0
"""An operator's slip in one row of the database: all others are listed, the server can be deleted.
"""
import pytest
import sqlalchemy as sa

from nova_lite.db import session


def edit(table, column, text, **where):
    [(key, value)] = where.items()
    with session.writer() as s:
        done = s.execute(sa.text(f'update {table} set {column} = :text where {key} = :value'),
                         {'text': text, 'value': value})
    assert done.rowcount


@pytest.fixture
def edited(cloud):
    """:func:`edit` for the time of a test."""
    def act(table, column, text, **where):
        [(key, value)] = where.items()
        with session.reader() as s:
            before = s.execute(sa.text(f'select {column} from {table} where {key} = :value'),
                               {'value': value}).scalar()
        edit(table, column, text, **where)
        cloud.at_end(lambda: edit(table, column, before, **where))
    return act


def is_gone(cloud, server):
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    cloud.bell.wait_for(lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404,
                        'deleted')
    return cloud.claims_of(server) == set() and cloud.world.places(server.uuid) == {}


@pytest.mark.parametrize(('column', 'text', 'field', 'shown'), [
    ('flavor', '[1]', 'flavor', {}), ('flavor', '{broken', 'flavor', {}),
    ('metadata', '[1]', 'metadata', {}), ('image_meta', '[1]', 'OS-EXT-STS:vm_state', 'active'),
    ('launched_at', 'never', 'OS-SRV-USG:launched_at', None)])
def test_server_when_a_value_of_it_cannot_be_read_then_it_is_shown_without_and_can_be_deleted(
        cloud, column, text, field, shown):
    good, bad = cloud.boot('src'), cloud.boot('src')
    edit('instances', column, text, uuid=bad.uuid)
    for version in ('2.1', '2.80'):
        found = {row['id']: row for row in cloud.api.get(
            '/servers/detail', version=version)['servers']}
        assert good.uuid in found and found[bad.uuid][field] == shown
    assert bad.show()[field] == shown
    assert is_gone(cloud, bad) and is_gone(cloud, good)


def test_server_when_its_flavor_cannot_be_read_then_a_move_is_refused_and_nothing_has_happened(
        cloud):
    server = cloud.boot('src')
    edit('instances', 'flavor', '[1]', uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert 'cannot be read in the database' in migration.reason
    assert server.states() == ('active', None)
    assert is_gone(cloud, server)


@pytest.mark.parametrize(('table', 'column', 'text', 'key', 'value', 'path', 'word'), [
    ('flavors', 'extra_specs', '[1]', 'flavorid', '42', '/flavors/detail', 'flavors'),
    ('flavors', 'swap', 'much', 'flavorid', '42', '/flavors/detail', 'flavors'),
    ('services', 'last_seen_up', 'never', 'host', 'third', '/os-services', 'services'),
    ('services', 'clock_skew', 'x', 'host', 'third', '/os-services', 'services'),
    ('compute_nodes', 'cpu_info', '[1]', 'host', 'third', '/os-hypervisors/detail', 'hypervisors'),
    ('compute_nodes', 'cpu_info', '{broken', 'host', 'third', '/os-hypervisors/detail',
     'hypervisors'),
    ('compute_nodes', 'vcpus', 'many', 'host', 'third', '/os-hypervisors/detail', 'hypervisors')])
def test_list_when_a_value_of_one_row_cannot_be_read_then_all_are_in_it(
        cloud, edited, table, column, text, key, value, path, word):
    everything = len(cloud.api.get(path)[word])
    edited(table, column, text, **{key: value})
    assert len(cloud.api.get(path)[word]) == everything > 1


@pytest.mark.parametrize(('column', 'text'), [
    ('timings', '[1]'), ('progress', '7'), ('migrate_data', '[1]'), ('goals', '{broken'),
    ('steering', '"x"'), ('finished_at', 'never'), ('memory_total', 'much')])
def test_migration_when_a_value_of_it_cannot_be_read_then_all_are_listed(cloud, column, text):
    server = cloud.boot('src')
    assert server.live_migrate('dst').status == 202
    uuid = server.wait_status().uuid
    edit('migrations', column, text, uuid=uuid)
    found = cloud.api.get('/os-migrations')['migrations']
    assert uuid in {row['uuid'] for row in found}
    assert is_gone(cloud, server)


@pytest.mark.parametrize('column', ['context', 'arguments'])
def test_order_when_a_value_of_it_cannot_be_read_then_the_server_can_be_deleted(
        cloud, monkeypatch, column):
    server = cloud.boot('src')
    orders = cloud.compute('src').orders
    with monkeypatch.context() as lost:
        lost.setattr(orders, 'carry_out', lambda uuid: None)
        assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
        cloud.bell.wait_for(lambda: server.states()[1] == 'deleting', 'ordered')
        edit('orders', column, '[1]', instance_uuid=server.uuid)
    cloud.compute('src').sweep()
    cloud.bell.wait_for(lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404,
                        'deleted')


# -- a host that is none --------------------------------------------------------------------
def test_server_when_its_host_has_no_compute_service_then_it_is_deleted_at_once_with_its_claims(
        cloud):
    server = cloud.boot('src')
    edit('instances', 'host', 'nosuch', uuid=server.uuid)
    edit('claims', 'host', 'third', consumer_uuid=server.uuid)
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    assert cloud.api.request('GET', f'/servers/{server.uuid}').status == 404
    assert cloud.claims_of(server) == set()
    with session.reader() as s:
        assert s.execute(sa.text('select count(*) from orders where instance_uuid = :uuid'),
                         {'uuid': server.uuid}).scalar() == 0


def test_server_when_its_host_is_only_down_then_its_deletion_waits_for_that_host(cloud):
    server = cloud.boot('third')
    cloud.world.stop_hypervisor('third')
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    assert server.states()[1] == 'deleting'
    cloud.world.start_hypervisor('third')
    cloud.compute('third').sweep()
    cloud.bell.wait_for(lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404,
                        'deleted')


def test_deletion_when_its_host_loses_its_service_meanwhile_then_a_conductor_ends_it(
        cloud, monkeypatch):
    server = cloud.boot('src')
    with monkeypatch.context() as lost:
        lost.setattr(cloud.compute('src').orders, 'carry_out', lambda uuid: None)
        assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    edit('instances', 'host', 'nosuch', uuid=server.uuid)
    edit('orders', 'lease_until', None, instance_uuid=server.uuid)      # its time is over
    cloud.bell.wait_for(lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404,
                        'deleted')
    assert cloud.claims_of(server) == set()
