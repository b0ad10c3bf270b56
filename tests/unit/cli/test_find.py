# SPDX-License-Identifier: Apache-2.0
"""From a name or an ID to the thing itself."""
import pytest

from nova_lite.cli import errors, find

ID = '11111111-0000-4000-8000-000000000001'


class Cloud:
    """In place of a Client: servers by project, and what else there is. ``may_look``: into other
    projects."""

    def __init__(self, servers=(), may_look=True, **lists):
        self._servers, self._may_look, self._lists = servers, may_look, lists

    def get(self, path):
        for server in self._servers:
            if path == f"/servers/{server['id']}":
                return {'server': server}
        raise errors.ApiError(404, 'Instance could not be found')

    def list(self, path, key, all_tenants=0, **query):
        if key != 'servers':
            return self._lists[key]
        if all_tenants and not self._may_look:
            raise errors.ApiError(403, 'Policy does not allow it')
        return [server for server in self._servers if all_tenants or server.get('mine')]


def server(name, number=1, **more):
    return {'id': f'{ID[:-1]}{number}', 'name': name, 'status': 'ACTIVE', **more}


def test_server_when_its_id_is_given_then_that_one():
    assert find.server(Cloud([server('a')]), ID)['name'] == 'a'


def test_server_when_a_name_looks_like_an_id_then_is_found_by_it():
    other = ID.replace('1', '2')
    assert find.server(Cloud([server(other, mine=True)]), other)['id'] == ID


def test_server_when_mine_has_the_name_then_that_of_another_project_does_not_count():
    cloud = Cloud([server('a', 1, mine=True), server('a', 2)])
    assert find.server(cloud, 'a')['id'].endswith('1')


def test_server_when_only_another_project_has_it_then_who_may_look_there_finds_it():
    assert find.server(Cloud([server('a')]), 'a')['id'] == ID
    with pytest.raises(errors.CommandError, match="No server with a name or ID of 'a'"):
        find.server(Cloud([server('a')], may_look=False), 'a')


def test_server_when_the_servers_pattern_is_looser_then_the_answer_is_looked_at_again():
    with pytest.raises(errors.CommandError, match='No server'):
        find.server(Cloud([server('aa', mine=True)]), 'a')


def test_server_when_several_have_the_name_then_their_ids_are_told():
    cloud = Cloud([server('a', number, mine=True) for number in (1, 2)])
    with pytest.raises(errors.CommandError, match='(?s)Multiple.*1  ACTIVE.*2  ACTIVE'):
        find.server(cloud, 'a')


def test_service_when_named_by_id_or_host_then_is_found_and_else_a_command_helps():
    services = [{'id': 1, 'binary': 'nova-conductor', 'host': 'a'},
                {'id': 2, 'binary': 'nova-compute', 'host': 'a'}]
    cloud = Cloud(services=services)
    assert [find.service(cloud, text)['id'] for text in ('1', 'a')] == [1, 2]
    with pytest.raises(errors.CommandError, match='service-list'):
        find.service(cloud, 'b')


def test_flavor_when_an_id_is_anothers_name_then_the_id_counts():
    cloud = Cloud(flavors=[{'id': '1', 'name': '2'}, {'id': '2', 'name': 'x'}])
    assert find.flavor(cloud, '2')['name'] == 'x'
    with pytest.raises(errors.CommandError, match='No flavor'):
        find.flavor(cloud, 'y')
