# SPDX-License-Identifier: Apache-2.0
"""Who one is: options instead of variables, wrong passwords, users who are no administrators."""
import dataclasses

import pytest

from tests.clients import clouds


@pytest.fixture(scope='session')
def member(cloud, request):
    """The user ``demo`` of the project ``demo`` of the same cloud."""
    if cloud.variables['OS_AUTH_TYPE'] == 'http_basic':
        lab = request.getfixturevalue('lab')
        return dataclasses.replace(cloud, variables=lab.environment('demo'))
    keystone = request.getfixturevalue('keystone')
    keystone.add_user('demo', 'demo', 'member')
    return dataclasses.replace(
        cloud, variables=clouds.keystone_variables(keystone, user='demo', project='demo'))


def test_member_when_at_work_then_has_servers_but_no_say_about_hosts(member, cloud):
    server = member.boot('mine')
    try:
        shown = member.openstack('server', 'show', server, '-f', 'json').json
        assert (shown['status'], shown['OS-EXT-SRV-ATTR:host']) == ('ACTIVE', None)
        for command in (['server', 'migrate', '--live-migration', server],
                        ['hypervisor', 'list'], ['server', 'list', '--all-projects']):
            assert '403' in member.openstack(*command, code=1).err, command

        names = {row['Name'] for row in cloud.openstack('server', 'list', '-f', 'json').json}
        assert 'mine' not in names
        rows = cloud.openstack('server', 'list', '--all-projects', '-f', 'json').json
        assert 'mine' in {row['Name'] for row in rows}
    finally:
        member.delete(server)


def test_openstack_when_told_by_options_then_needs_no_variables(basic_cloud):
    told = {name.removeprefix('OS_').lower().replace('_', '-'): value
            for name, value in basic_cloud.variables.items()}
    options = [word for name in ('auth-type', 'endpoint', 'username', 'password')
               for word in (f'--os-{name}', told[name])]
    said = basic_cloud.run('openstack', *options, 'hypervisor', 'list', variables={})
    assert len(said.table) == 3


def test_openstack_when_password_is_wrong_then_says_401(cloud):
    variables = {**cloud.variables, 'OS_PASSWORD': 'wrong'}
    said = cloud.run('openstack', 'flavor', 'list', variables=variables, code=1)
    assert '401' in said.err
