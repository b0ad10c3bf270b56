# SPDX-License-Identifier: Apache-2.0
"""``openstack server``: the life of a server outside a migration."""
from tests.clients.conftest import once

# command and its options, status afterwards
STATES = [(['pause'], 'PAUSED'), (['unpause'], 'ACTIVE'), (['stop'], 'SHUTOFF'),
          (['start'], 'ACTIVE')]
MORE_STATES = [(['suspend'], 'SUSPENDED'), (['resume'], 'ACTIVE'),
               (['reboot', '--hard', '--wait'], 'ACTIVE')]


def walk(cloud, server, states):
    """Each command prints nothing, or that it is done, and the server settles in its state."""
    for words, status in states:
        said = cloud.openstack('server', *words, server).out
        assert said.strip() == ('Complete' if '--wait' in words else ''), words
        cloud.wait(lambda: cloud.server(server)['OS-EXT-STS:task_state'] is None, words)
        assert cloud.server(server)['status'] == status, words


def test_server_when_created_used_and_deleted_then_openstack_prints_it(cloud):
    made = cloud.openstack('server', 'create', '--image', 'tick', '--flavor', 'tick.small',
                           '--property', 'colour=red', '--wait', '-f', 'json', 'made').json
    try:
        assert (made['status'], made['properties']) == ('ACTIVE', {'colour': 'red'})
        assert made['adminPass']
        [row] = cloud.openstack('server', 'list', '--name', '^made$').table
        assert row == {'ID': made['id'], 'Name': 'made', 'Status': 'ACTIVE', 'Networks': '',
                       'Image': 'tick', 'Flavor': 'tick.small'}
        shown = cloud.openstack('server', 'show', 'made').fields
        assert (shown['id'], shown['OS-EXT-SRV-ATTR:host']) == (
            made['id'], made['OS-EXT-SRV-ATTR:host'])
        assert shown['image'].startswith('tick (')
        assert "name='tick.small'" in shown['flavor'] and "ram='192'" in shown['flavor']
        assert (shown['OS-EXT-STS:power_state'], shown['host_status']) == ('Running', 'UP')

        walk(cloud, made['id'], STATES)
        cloud.openstack('server', 'lock', '--reason', 'do not touch', 'made', version='2.73')
        shown = cloud.openstack('server', 'show', 'made', '-f', 'json').json
        assert (shown['locked'], shown['locked_reason']) == (True, 'do not touch')
        cloud.openstack('server', 'unlock', 'made')
        assert cloud.server(made['id'])['locked'] is False

        assert cloud.openstack('server', 'delete', '--wait', 'made').out == ''
        assert cloud.openstack('server', 'list', '--name', '^made$', '-f', 'json').json == []
    finally:
        cloud.delete(made['id'])


@once
def test_server_create_when_host_is_named_then_it_is_there(cloud):
    said = cloud.openstack('server', 'create', '--image', 'tick', '--flavor', 'tick.small',
                           '--nic', 'none', '--host', 'compute2', '--wait', '-f', 'json', 'placed',
                           version='2.74').json
    try:
        assert said['OS-EXT-SRV-ATTR:host'] == 'compute2'
        listed = cloud.openstack('server', 'list', '--host', 'compute2', '--long', '-f', 'json')
        assert [(row['Name'], row['Host'], row['Power State']) for row in listed.json] \
            == [('placed', 'compute2', 1)]
    finally:
        cloud.delete(said['id'])


@once
def test_server_when_suspended_and_rebooted_then_runs_again(cloud, boot, watch):
    server = boot()
    walk(cloud, server, MORE_STATES)
    watch(server).wait_ticks(5)
    said = cloud.openstack('server', 'start', server, code=1)
    assert 'vm_state active' in said.err


@once
def test_server_when_name_or_flavor_is_unknown_then_error_is_said(cloud):
    said = cloud.openstack('server', 'show', 'nobody', code=1)
    assert 'No Server found for nobody' in said.err
    said = cloud.openstack('server', 'create', '--image', 'tick', '--flavor', 'm9.none', 'x',
                           code=1)
    assert 'No Flavor found for m9.none' in said.err
