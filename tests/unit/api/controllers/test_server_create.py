# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import objects
from tests.unit.api.conftest import IMAGE_ID
from tests.unit.api.tables import walk


@pytest.fixture
def create(api, flavor, hosts):
    """``create(**server)`` posts a good server with these changes; ``top`` goes beside it."""
    def post(version='2.80', user='member', top=None, **values):
        server = {'name': 'n', 'imageRef': IMAGE_ID, 'flavorRef': '1', 'networks': 'none',
                  **values}
        return api.post('/v2.1/servers', {'server': {
            key: value for key, value in server.items() if value is not Ellipsis},
            **(top or {})}, version=version, user=user)
    return post


def test_create_makes_a_record_and_asks_the_conductor(create, wire, ctxt):
    response = create(metadata={'a': 'b'}, description='d')
    assert response.status_int == 202
    made = response.json['server']
    instance = objects.Instance.get_by_uuid(ctxt, made['id'])
    assert (instance.display_name, instance.project_id, instance.user_id) == ('n', 'demo',
                                                                              'member')
    assert (instance.vm_state, instance.task_state) == ('building', 'scheduling')
    assert instance.metadata == {'a': 'b'}
    assert instance.display_description == 'd'
    assert (instance.image_ref, instance.flavor.flavorid) == (IMAGE_ID, '1')
    [(interface, method, values)] = wire.sent
    assert (interface, method) == ('ComputeTaskAPI', 'build_instance')
    order = objects.Order.get_by_instance(ctxt, instance.uuid)
    assert (order.task_state, order.arguments) == ('scheduling', {'host': None, 'force': False})
    assert made['links'][0]['href'].endswith(f'/v2.1/servers/{made["id"]}')


def test_password_is_the_given_or_a_random_one(create):
    assert create(adminPass='mine').json['server']['adminPass'] == 'mine'
    one, other = (create().json['server']['adminPass'] for _ in range(2))
    assert len(one) == 12 and one != other


NETWORKS = [
    ('2.36', ..., 202), ('2.36', [], 202), ('2.36', 'none', 400), ('2.37', ..., 400),
    ('2.37', 'none', 202), ('2.37', 'auto', 202), ('2.37', [], 202), ('2.37', 'some', 400),
    ('2.80', [{'uuid': 'c4a0a3a0-0000-4000-8000-000000000000'}], 400), ('2.80', None, 400),
    ('2.80', [{'uuid': 'x'}], 400), ('2.36', [{'uuid': 'x', 'tag': 't'}], 400)]


def test_networks_are_none_or_auto(create, wire):
    def check(version, networks, code):
        wire.sent.clear()
        response = create(version, networks=networks)
        assert response.status_int == code, response.text
        assert len(wire.sent) == (1 if code == 202 else 0)

    walk(NETWORKS, check)


FLAVORS = [1, '1', 'http://localhost/flavors/1', '/v2.1/flavors/1/']


def test_flavor_may_be_a_number_or_a_link(create):
    def check(reference):
        assert create(flavorRef=reference).status_int == 202

    walk(FLAVORS, check)


def test_image_may_be_a_link(create):
    assert create(imageRef=f'http://localhost/images/{IMAGE_ID}').status_int == 202


IMPOSSIBLE = [
    ({'flavorRef': '9'}, 'Flavor 9'), ({'imageRef': 'nothing'}, 'nothing'), ({'imageRef': ''},
                                                                             'imageRef'),
    ({'imageRef': ...}, 'imageRef'), ({'flavorRef': ...}, 'flavorRef'), ({'name': ...}, 'name'),
    ({'name': '  '}, 'name'), ({'name': 'x' * 256}, 'name'), ({'metadata': {'a': 1}}, 'metadata'),
    ({'metadata': {'': 'a'}}, 'metadata'), ({'metadata': {'a': 'x' * 256}}, 'metadata'),
    ({'user_data': 'eA=='}, 'user_data'), ({'config_drive': True}, 'config_drive'),
    ({'config_drive': 'yes'}, 'config_drive'), ({'tags': ['a']}, 'tags'),
    ({'trusted_image_certificates': ['a']}, 'trusted_image_certificates'),
    ({'return_reservation_id': True}, 'return_reservation_id'),
    ({'accessIPv4': '10.0.0.1'}, 'accessIPv4'), ({'key_name': 'k'}, 'key_name'),
    ({'security_groups': [{'name': 'web'}]}, 'web'),
    ({'block_device_mapping_v2': [{'source_type': 'volume', 'uuid': 'v'}]}, 'disk'),
    ({'min_count': 3, 'max_count': 2}, 'min_count'), ({'min_count': 0}, 'min_count'),
    ({'max_count': 1000}, '100'), ({'availability_zone': 'elsewhere'}, 'elsewhere'),
    ({'anything': 1}, 'anything'), ({'hostname': 'h'}, 'hostname')]


def test_what_cannot_be_done_is_a_bad_request_that_names_it(create, wire):
    def check(values, word):
        response = create(**values)
        assert response.status_int == 400
        assert word in response.json['badRequest']['message']
        assert wire.sent == []

    walk(IMPOSSIBLE, check)


def test_flavor_that_is_not_public_is_for_administrators(create, ctxt):
    objects.Flavor(ctxt, flavorid='p', name='private', memory_mb=128, vcpus=1, root_gb=1,
                   is_public=False).create()
    assert create(flavorRef='p').status_int == 400
    assert create(flavorRef='p', user='admin').status_int == 202


def test_metadata_beyond_the_limit_is_forbidden(create):
    assert create(metadata={f'k{number}': 'v' for number in range(128)}).status_int == 202
    assert create(metadata={f'k{number}': 'v' for number in range(129)}).status_int == 403


EMPTY = [
    {'config_drive': False}, {'config_drive': ''}, {'config_drive': 'False'}, {'tags': []},
    {'security_groups': [{'name': 'default'}]}, {'user_data': ''},
    {'trusted_image_certificates': None}, {'accessIPv4': ''}, {'return_reservation_id': False},
    {'OS-DCF:diskConfig': 'AUTO'}, {'top': {'os:scheduler_hints': {}}},
    {'block_device_mapping_v2': [{'source_type': 'image', 'destination_type': 'local',
                                  'boot_index': 0, 'uuid': IMAGE_ID,
                                  'delete_on_termination': True}]}]


def test_empty_wishes_are_granted(create):
    def check(values):
        assert create(**values).status_int == 202

    walk(EMPTY, check)


def test_scheduler_hints_are_refused(create):
    response = create(top={'os:scheduler_hints': {'different_host': 'x'}})
    assert response.status_int == 400
    assert 'scheduler_hints' in response.json['badRequest']['message']


OUTSIDE = [
    ('2.18', {'description': 'd'}), ('2.51', {'tags': []}), ('2.57', {'personality': []}),
    ('2.62', {'trusted_image_certificates': None}), ('2.73', {'host': 'host1'})]


def test_field_outside_its_versions_is_a_bad_request(create):
    def check(version, values):
        networks = {} if int(version[2:]) >= 37 else {'networks': ...}
        assert create(version, **values, **networks).status_int == 400

    walk(OUTSIDE, check)


def test_several_servers_are_numbered(create, wire, ctxt):
    assert create(max_count='3').status_int == 202
    assert wire.methods == ['build_instance'] * 3
    assert sorted(server.display_name for server in objects.InstanceList.get_by_filters(ctxt)) == [
        'n-1', 'n-2', 'n-3']


def test_flavor_too_small_for_the_image_is_a_bad_request(create, ctxt):
    objects.Flavor(ctxt, flavorid='2', name='small', memory_mb=32, vcpus=1, root_gb=0).create()
    response = create(flavorRef='2')
    assert response.status_int == 400
    assert '64' in response.json['badRequest']['message']


def test_disabled_flavor_cannot_be_used(create, ctxt):
    objects.Flavor(ctxt, flavorid='2', name='d', memory_mb=128, vcpus=1, disabled=True).create()
    assert create(flavorRef='2').status_int == 400


# -- where it goes ----------------------------------------------------------------------------
PLACES = [
    ({'availability_zone': 'nova'}, (None, False), 'nova'),
    ({'availability_zone': 'nova:host2'}, ('host2', True), 'nova'),
    ({'availability_zone': 'nova:host2:host2'}, ('host2', True), 'nova'),
    ({'availability_zone': 'nova::host2'}, ('host2', True), 'nova'),
    ({'availability_zone': ':host2'}, ('host2', True), None),
    ({'host': 'host2'}, ('host2', False), None),
    ({'hypervisor_hostname': 'host2'}, ('host2', False), None),
    ({'host': 'host2', 'hypervisor_hostname': 'host2'}, ('host2', False), None),
    ({'host': 'host2', 'availability_zone': 'nova'}, ('host2', False), 'nova')]


def test_administrator_says_where(create, wire, ctxt):
    def check(values, hint, zone):
        assert create(user='admin', **values).status_int == 202
        sent = wire.sent[-1][2]
        order = objects.Order.get_by_instance(ctxt, sent['instance'].uuid)
        assert (order.arguments['host'], order.arguments['force']) == hint
        assert sent['instance'].availability_zone == zone

    walk(PLACES, check)


UNKNOWN_HOSTS = [
    {'availability_zone': 'nova:nowhere'}, {'availability_zone': 'nova::nowhere'},
    {'availability_zone': 'nova:host1:host2'}, {'host': 'nowhere'},
    {'hypervisor_hostname': 'nowhere'}, {'host': 'host1', 'hypervisor_hostname': 'host2'},
    {'availability_zone': 'nova:host1', 'host': 'host2'}]


def test_unknown_host_is_a_bad_request(create, wire):
    def check(values):
        assert create(user='admin', **values).status_int == 400
        assert wire.sent == []

    walk(UNKNOWN_HOSTS, check)


FORBIDDEN_PLACES = [{'availability_zone': 'nova:host2'}, {'host': 'host2'},
                    {'availability_zone': 'nova:nowhere'}]


def test_others_do_not_say_where(create, wire):
    def check(values):
        assert create(user='manager', **values).status_int == 403
        assert wire.sent == []

    walk(FORBIDDEN_PLACES, check)
