# SPDX-License-Identifier: Apache-2.0
import datetime
import urllib.parse

import pytest
from oslo_utils import timeutils

from tests.fixtures.db import make_migration
from tests.unit.api.tables import walk

NOW = timeutils.utcnow(with_timezone=True)


def ids(response):
    assert response.status_int == 200, response.text
    return [migration['id'] for migration in response.json['migrations']]


@pytest.fixture
def history(ctxt, make_server):
    """1 running, 2 refused, 3 of another project, from other hosts."""
    one, two, other = make_server(), make_server(), make_server(project_id='elsewhere')
    first = make_migration(ctxt, one, source_compute='host1', dest_compute='host2',
                           project_id='demo', user_id='u1')
    for event in ('queue', 'prepare', 'run'):
        first.advance(event)
    make_migration(ctxt, two, source_compute='host1', dest_compute='host3', project_id='demo',
                   user_id='u2').advance('reject', reason='full')
    make_migration(ctxt, other, source_compute='host3', dest_compute='host1',
                   project_id='elsewhere', user_id='u3')
    return one, other


ORDERS = [('2.1', [1, 2, 3]), ('2.58', [1, 2, 3]),
          ('2.59', [3, 2, 1]), ('2.80', [3, 2, 1])]


def test_list_is_of_all_projects_newest_first_from_2_59(api, history):
    def check(version, found):
        assert ids(api.get('/v2.1/os-migrations', version=version)) == found

    walk(ORDERS, check)


FILTERS = [
    ('status=running', [1]), ('status=error', [2]), ('status=nothing', []), ('host=host2', [1]),
    ('host=host3', [3, 2]), ('source_compute=host1', [2, 1]), ('migration_type=resize', []),
    ('migration_type=live-migration', [3, 2, 1]), ('hidden=0', [3, 2, 1]), ('hidden=1', []),
    ('status=running&status=error', [2, 1]), ('status=running&status=nothing', [1]),
    ('host=host2&host=host3', [3, 2, 1]), ('user_id=u1&user_id=u3', [3, 1]),
    ('source_compute=host1&source_compute=host3', [3, 2, 1]),
    ('project_id=demo&project_id=elsewhere', [3, 2, 1]),
    ('migration_type=resize&migration_type=live-migration', [3, 2, 1]),
    ('user_id=u2', [2]), ('project_id=elsewhere', [3]), ('limit=2', [3, 2]), ('limit=0', [])]


def test_list_is_narrowed(api, history):
    def check(query, found):
        assert ids(api.get(f'/v2.1/os-migrations?{query}')) == found

    walk(FILTERS, check)


def test_list_of_one_server(api, history):
    assert ids(api.get(f'/v2.1/os-migrations?instance_uuid={history[1].uuid}')) == [3]


def test_list_of_changes(api, history):
    for name, days, found in (('changes-since', -1, [3, 2, 1]), ('changes-since', 1, []),
                              ('changes-before', 1, [3, 2, 1]), ('changes-before', -1, [])):
        moment = urllib.parse.quote((NOW + datetime.timedelta(days=days)).isoformat())
        assert ids(api.get(f'/v2.1/os-migrations?{name}={moment}')) == found


def test_list_in_pages(api, history):
    url, found = '/v2.1/os-migrations?limit=1', []
    while url:
        page = api.get(url)
        found += ids(page)
        links = page.json.get('migrations_links')
        url = links[0]['href'].removeprefix('http://localhost') if links else None
    assert found == [3, 2, 1]


QUERIES = [
    ('2.58', 'unknown=1', 200), ('2.59', 'unknown=1', 400), ('2.58', 'limit=x', 200),
    ('2.59', 'limit=x', 400), ('2.59', 'marker=x', 400), ('2.65', 'changes-before=x', 400),
    ('2.59', 'marker=c4a0a3a0-0000-4000-8000-000000000000', 400), ('2.79', 'user_id=u', 400),
    ('2.58', 'user_id=u', 200), ('2.80', 'hidden=maybe', 400), ('2.80', 'limit=1&limit=2', 400)]


def test_query_by_version(api, history):
    def check(version, query, code):
        assert api.get(f'/v2.1/os-migrations?{query}', version=version).status_int == code

    walk(QUERIES, check)


PROJECTS = [
    ('manager', '2.80', 'project_id=demo', 200), ('manager', '2.80', '', 403),
    ('manager', '2.80', 'project_id=elsewhere', 403), ('manager', '2.23', '', 403),
    ('member', '2.80', 'project_id=demo', 403), ('admin', '2.1', '', 200)]


def test_list_of_other_projects_is_refused_not_cut(api, history):
    def check(user, version, query, code):
        response = api.get(f'/v2.1/os-migrations?{query}', user=user, version=version)
        assert response.status_int == code
        if user == 'manager' and code == 200:
            assert ids(response) == [2, 1]
            assert {migration['source_compute'] for migration in response.json['migrations']} == {
                None}

    walk(PROJECTS, check)


def test_link_is_there_while_it_is_in_progress(api, history):
    shown = {one['id']: one.get('links') for one in
             api.get('/v2.1/os-migrations', version='2.23').json['migrations']}
    assert shown[1][0]['href'].endswith(f'/v2.1/servers/{history[0].uuid}/migrations/1')
    assert shown[2] is None
