# SPDX-License-Identifier: Apache-2.0
"""Hosts, services, flavors and images as ``openstack`` shows and changes them."""
import pytest

from tests.clients.all_in_one import HOSTS


def test_hypervisors_when_listed_and_shown_then_are_the_hosts(cloud, boot):
    boot('compute2')
    listed = cloud.openstack('hypervisor', 'list', '--long', '-f', 'json').json
    assert [row['Hypervisor Hostname'] for row in listed] == list(HOSTS)
    assert {row['State'] for row in listed} == {'up'}
    row = cloud.openstack('hypervisor', 'list', '--matching', 'compute2').table[0]
    assert (row['Hypervisor Hostname'], row['State']) == ('compute2', 'up')
    shown = cloud.openstack('hypervisor', 'show', 'compute2', '-f', 'json').json
    assert shown['hypervisor_hostname'] == 'compute2'
    assert (shown['status'], shown['state']) == ('enabled', 'up')
    assert shown['host_ip'] and shown['service_host'] == 'compute2'
    old = cloud.openstack('hypervisor', 'show', 'compute2', '-f', 'json', version='2.1').json
    assert (old['vcpus_used'], old['memory_mb_used']) == (1, 128 + 512)


def test_service_when_disabled_then_reason_is_listed_and_no_server_comes(cloud):
    cloud.openstack('compute', 'service', 'set', '--disable', '--disable-reason', 'new disk',
                    'compute3', 'nova-compute')
    try:
        rows = cloud.openstack('compute', 'service', 'list', '--service', 'nova-compute',
                               '--long').table
        assert {row['Host']: (row['Status'], row['State'], row['Disabled Reason'])
                for row in rows} == {'compute1': ('enabled', 'up', 'None'),
                                     'compute2': ('enabled', 'up', 'None'),
                                     'compute3': ('disabled', 'up', 'new disk')}
    finally:
        cloud.openstack('compute', 'service', 'set', '--enable', 'compute3', 'nova-compute')
    services = cloud.openstack('compute', 'service', 'list', '-f', 'json').json
    assert {row['Status'] for row in services} == {'enabled'}
    assert {(row['Binary'], row['Zone']) for row in services} == {
        ('nova-conductor', 'internal'), ('nova-scheduler', 'internal'), ('nova-compute', 'nova')}


def test_service_when_set_down_then_is_listed_as_down_until_set_up(cloud):
    for switch, state in (('--down', 'down'), ('--up', 'up')):
        cloud.openstack('compute', 'service', 'set', switch, 'compute3', 'nova-compute',
                        version='2.53')
        [row] = cloud.openstack('compute', 'service', 'list', '--host', 'compute3', '--service',
                                'nova-compute', '-f', 'json', version='2.53').json
        assert row['State'] == state


def test_service_when_unknown_then_says_so(cloud):
    said = cloud.openstack('compute', 'service', 'set', '--disable', 'nowhere', 'nova-compute',
                           code=1)
    assert 'nowhere' in said.err


def test_flavor_when_created_then_is_listed_and_shown_until_deleted(cloud):
    made = cloud.openstack('flavor', 'create', '--ram', '256', '--vcpus', '2', '--disk', '3',
                           '-f', 'json', 'm2.test').json
    assert (made['name'], made['ram'], made['vcpus'], made['disk']) == ('m2.test', 256, 2, 3)
    try:
        row = next(row for row in cloud.openstack('flavor', 'list').table
                   if row['Name'] == 'm2.test')
        assert (row['ID'], row['RAM'], row['Disk'], row['VCPUs'], row['Is Public']) == (
            made['id'], '256', '3', '2', 'True')
        shown = cloud.openstack('flavor', 'show', 'm2.test', '-f', 'json').json
        assert (shown['id'], shown['properties']) == (made['id'], {})
    finally:
        cloud.openstack('flavor', 'delete', 'm2.test')
    said = cloud.openstack('flavor', 'show', 'm2.test', code=1)
    assert 'No Flavor found for m2.test' in said.err


def test_image_when_listed_and_shown_then_is_that_of_the_directory(cloud):
    images = cloud.openstack('image', 'list').table
    assert [(row['Name'], row['Status']) for row in images] == [('tiny', 'active'),
                                                                ('tiny-disk', 'active')]
    shown = cloud.openstack('image', 'show', 'tiny-disk', '-f', 'json').json
    assert (shown['id'], shown['disk_format'], shown['min_disk'], shown['visibility']) == (
        images[1]['ID'], 'raw', 1, 'public')


@pytest.mark.parametrize('what', ['availability zone', 'extension'])
def test_surroundings_when_listed_then_are_printed(cloud, what):
    arguments = [*what.split(), 'list', '--compute', '-f', 'json']
    rows = cloud.openstack(*arguments).json
    if what == 'extension':
        assert 'os-hypervisors' in {row['Alias'] for row in rows}
    else:
        assert {(row['Zone Name'], row['Zone Status']) for row in rows} == {
            ('nova', 'available'), ('internal', 'available')}
