# SPDX-License-Identifier: Apache-2.0
"""Availability zones, limits, extensions, key pairs."""
import pytest

from nova_lite import objects
from nova_lite.api import routes


def test_zone_is_one_and_available_while_a_host_is_enabled(api, ctxt, hosts):
    def zone():
        return api.get('/v2.1/os-availability-zone', user='reader').json['availabilityZoneInfo']

    assert zone() == [{'zoneName': 'nova', 'zoneState': {'available': True}, 'hosts': None}]
    for host in ('host1', 'host2'):
        service = objects.Service.get_by_host_and_binary(ctxt, host, 'nova-compute')
        service.disabled = True
        service.save()
    assert zone()[0]['zoneState'] == {'available': False}


def test_zones_in_detail_have_the_hosts(api, ctxt, hosts):
    objects.Service.register(ctxt, 'controller', 'nova-scheduler', 'scheduler')
    zones = {zone['zoneName']: zone['hosts'] for zone in
             api.get('/v2.1/os-availability-zone/detail').json['availabilityZoneInfo']}
    assert set(zones['nova']) == {'host1', 'host2'}
    assert set(zones['internal']) == {'controller'}
    state = zones['nova']['host1']['nova-compute']
    assert (state['available'], state['active']) == (True, True)


def test_limits_count_what_the_project_uses(api, make_server):
    make_server()
    make_server(vcpus=2, memory_mb=512)
    make_server(project_id='elsewhere')
    absolute = api.get('/v2.1/limits', user='reader').json['limits']['absolute']
    assert (absolute['totalInstancesUsed'], absolute['totalCoresUsed'],
            absolute['totalRAMUsed']) == (2, 3, 640)
    assert absolute['maxTotalInstances'] == -1


@pytest.mark.parametrize('user, code', [('admin', 200), ('manager', 403)])
def test_limits_of_another_project_are_the_administrators(api, make_server, user, code):
    make_server(project_id='elsewhere')
    response = api.get('/v2.1/limits?tenant_id=elsewhere', user=user)
    assert response.status_int == code
    if code == 200:
        assert response.json['limits']['absolute']['totalInstancesUsed'] == 1


def test_extensions_name_what_is_served(api):
    aliases = {one['alias'] for one in api.get('/v2.1/extensions').json['extensions']}
    served = {part for route in routes.ROUTES for part in route.path.split('/')
              if part.startswith('os-')} - {'os-extra_specs'}
    assert served <= aliases
    assert api.get('/v2.1/extensions/os-migrations').json['extension']['alias'] == 'os-migrations'
    assert api.get('/v2.1/extensions/nothing').status_int == 404


def test_there_are_no_aggregates(api):
    assert api.get('/v2.1/os-aggregates').json == {'aggregates': []}
    assert api.get('/v2.1/os-aggregates/1').status_int == 404


def test_there_are_no_key_pairs(api):
    assert api.get('/v2.1/os-keypairs', user='reader').json == {'keypairs': []}
    assert api.get('/v2.1/os-keypairs/mine', user='reader').status_int == 404
