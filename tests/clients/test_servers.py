# SPDX-License-Identifier: Apache-2.0
"""``openstack server``: the life of a server outside a migration."""
import pytest


@pytest.fixture
def made(cloud):
    """A server made by the program; what it printed."""
    said = cloud.openstack('server', 'create', '--image', 'tiny', '--flavor', 'm1.nano',
                           '--property', 'colour=red', '--wait', '-f', 'json', 'made')
    yield said.json
    cloud.delete(said.json['id'])


def test_server_create_when_waited_for_then_it_is_printed_and_can_be_listed_and_deleted(
        cloud, made):
    assert made['status'] == 'ACTIVE'
    assert made['OS-EXT-SRV-ATTR:host'] in ('compute1', 'compute2', 'compute3')
    assert made['properties'] == {'colour': 'red'}
    assert made['adminPass']
    [row] = cloud.openstack('server', 'list', '--name', '^made$').table
    assert row == {'ID': made['id'], 'Name': 'made', 'Status': 'ACTIVE', 'Networks': '',
                   'Image': 'tiny', 'Flavor': 'm1.nano'}

    shown = cloud.openstack('server', 'show', 'made').fields
    assert shown['id'] == made['id']
    assert shown['image'].startswith('tiny (')
    assert (shown['OS-EXT-STS:power_state'], shown['OS-EXT-STS:vm_state']) == ('Running', 'active')
    assert "name='m1.nano'" in shown['flavor'] and "ram='128'" in shown['flavor']
    assert shown['host_status'] == 'UP'

    assert cloud.openstack('server', 'delete', '--wait', 'made').out == ''
    assert cloud.openstack('server', 'list', '--name', '^made$', '-f', 'json').json == []
    said = cloud.openstack('server', 'show', 'made', code=1)
    assert 'No Server found for made' in said.err


def test_server_create_when_host_is_named_then_it_is_there(cloud):
    said = cloud.openstack('server', 'create', '--image', 'tiny', '--flavor', 'm1.nano',
                           '--nic', 'none', '--host', 'compute2', '--wait', '-f', 'json', 'placed',
                           version='2.74').json
    try:
        assert said['OS-EXT-SRV-ATTR:host'] == 'compute2'
        listed = cloud.openstack('server', 'list', '--host', 'compute2', '--long', '-f', 'json')
        assert [(row['Name'], row['Host'], row['Power State']) for row in listed.json] \
            == [('placed', 'compute2', 1)]
    finally:
        cloud.delete(said['id'])


def test_server_create_when_flavor_is_unknown_then_error_is_said(cloud):
    said = cloud.openstack('server', 'create', '--image', 'tiny', '--flavor', 'm9.none', 'x',
                           code=1)
    assert 'No Flavor found for m9.none' in said.err


STATES = [
    # command, status, task state and vm state afterwards
    ('pause', 'PAUSED', 'paused'), ('unpause', 'ACTIVE', 'active'),
    ('suspend', 'SUSPENDED', 'suspended'), ('resume', 'ACTIVE', 'active'),
    ('stop', 'SHUTOFF', 'stopped'), ('start', 'ACTIVE', 'active'),
]


def test_server_when_stopped_paused_and_back_then_state_is_shown(cloud, boot):
    server = boot()
    for command, status, vm_state in STATES:
        assert cloud.openstack('server', command, server).out == ''
        cloud.wait(lambda: cloud.server(server)['OS-EXT-STS:task_state'] is None, command)
        shown = cloud.server(server)
        assert (shown['status'], shown['OS-EXT-STS:vm_state']) == (status, vm_state), command
    said = cloud.openstack('server', 'start', server, code=1)
    assert 'vm_state active' in said.err


def test_server_when_rebooted_then_it_runs_again(cloud, boot):
    server = boot()
    for kind in ('--soft', '--hard'):
        said = cloud.openstack('server', 'reboot', kind, '--wait', server)
        assert 'Complete' in said.out
        assert cloud.server(server)['status'] == 'ACTIVE'


def test_server_when_locked_then_reason_is_shown_until_unlocked(cloud, boot):
    server = boot()
    cloud.openstack('server', 'lock', '--reason', 'do not touch', server, version='2.73')
    shown = cloud.openstack('server', 'show', '-f', 'json', server).json
    assert (shown['locked'], shown['locked_reason']) == (True, 'do not touch')
    assert [row['ID'] for row in cloud.openstack(
        'server', 'list', '--locked', '-f', 'json', version='2.73').json] == [server]
    cloud.openstack('server', 'unlock', server)
    assert (cloud.server(server)['locked'], cloud.server(server)['locked_reason']) == (False, None)
