# SPDX-License-Identifier: Apache-2.0
"""Hosts, services, flavors and images as ``openstack`` shows and changes them."""
from tests.clients.conftest import once

HOSTS = ('compute1', 'compute2', 'compute3')


def test_hypervisors_when_listed_and_shown_then_are_the_hosts(cloud, boot):
    boot('compute2')
    rows = cloud.openstack('hypervisor', 'list').table
    assert {row['Hypervisor Hostname']: (row['Hypervisor Type'], row['State']) for row in rows} \
        == dict.fromkeys(HOSTS, ('QEMU', 'up'))
    shown = cloud.openstack('hypervisor', 'show', 'compute2', '-f', 'json', version='2.80').json
    assert (shown['hypervisor_hostname'], shown['service_host']) == ('compute2', 'compute2')
    assert (shown['status'], shown['state']) == ('enabled', 'up')
    assert (shown['vcpus_used'], shown['memory_mb_used']) == (1, 192 + 512)
    assert shown['host_ip'] == '10.77.0.12'
    assert shown['uptime'] and shown['host_time'] and shown['load_average']


def test_service_when_disabled_then_reason_is_listed_until_it_is_enabled(cloud):
    said = cloud.openstack('compute', 'service', 'set', '--disable', '--disable-reason',
                           'new disk', 'compute3', 'nova-compute')
    try:
        assert said.out == ''
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


def test_flavor_when_created_then_is_printed_and_listed_until_deleted(cloud):
    made = cloud.openstack('flavor', 'create', '--ram', '256', '--vcpus', '2', '--disk', '3',
                           '-f', 'json', 'm2.test').json
    assert (made['name'], made['ram'], made['vcpus'], made['disk']) == ('m2.test', 256, 2, 3)
    try:
        [row] = [row for row in cloud.openstack('flavor', 'list').table
                 if row['Name'] == 'm2.test']
        assert (row['ID'], row['RAM'], row['Disk'], row['VCPUs'], row['Is Public']) == (
            made['id'], '256', '3', '2', 'True')
    finally:
        cloud.openstack('flavor', 'delete', 'm2.test')
    said = cloud.openstack('flavor', 'show', 'm2.test', code=1)
    assert 'No Flavor found for m2.test' in said.err


@once
def test_service_when_set_down_then_is_listed_as_down_until_set_up(cloud):
    for switch, state in (('--down', 'down'), ('--up', 'up')):
        cloud.openstack('compute', 'service', 'set', switch, 'compute3', 'nova-compute',
                        version='2.53')
        [row] = cloud.openstack('compute', 'service', 'list', '--host', 'compute3', '--service',
                                'nova-compute', '-f', 'json', version='2.53').json
        assert row['State'] == state
    said = cloud.openstack('compute', 'service', 'set', '--disable', 'nowhere', 'nova-compute',
                           code=1)
    assert 'nowhere' in said.err


@once
def test_image_when_listed_and_shown_then_is_that_of_the_directory(cloud):
    images = {row['Name']: row for row in cloud.openstack('image', 'list').table}
    assert images.keys() >= {'tick', 'tick-disk', 'tick-busy'}
    assert {row['Status'] for row in images.values()} == {'active'}
    shown = cloud.openstack('image', 'show', 'tick-disk', '-f', 'json').json
    assert (shown['id'], shown['disk_format'], shown['min_disk'], shown['visibility']) == (
        images['tick-disk']['ID'], 'raw', 1, 'public')


@once
def test_surroundings_when_listed_then_are_printed(cloud):
    rows = cloud.openstack('extension', 'list', '--compute', '-f', 'json').json
    assert 'os-hypervisors' in {row['Alias'] for row in rows}
    rows = cloud.openstack('availability', 'zone', 'list', '--compute', '-f', 'json').json
    assert {(row['Zone Name'], row['Zone Status']) for row in rows} == {
        ('nova', 'available'), ('internal', 'available')}
