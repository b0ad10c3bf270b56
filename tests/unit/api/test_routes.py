# SPDX-License-Identifier: Apache-2.0
"""Walks the whole table of routes. Who may do what is the table of test_policy_matrix.py."""
import itertools
import re

import pytest

from nova_lite import objects, policies
from nova_lite.api import microversion, routes, routing
from nova_lite.policies import base
from tests.fixtures.db import make_migration
from tests.unit.api.conftest import IMAGE_ID
from tests.unit.api.requests import extra_headers, good_request

RULES = {rule.name: rule for rule in policies.list_rules()}


def ids(route):
    return f'{route.method} {route.root}{route.path} {route.action or ""} {route.since}'


@pytest.fixture
def params(ctxt, server, hosts, flavor):
    """What the paths name, all of it existing."""
    migration = make_migration(ctxt, server, source_compute='host1', project_id='demo')
    action = objects.InstanceAction.action_start(ctxt, server.uuid, 'live-migration', 'req-1')
    server.metadata = {'key': 'value'}
    server.save()
    service = objects.Service.get_by_host_and_binary(ctxt, 'host1', 'nova-compute')
    return {'server_id': server.uuid, 'migration_id': migration.id,
            'request_id': action.request_id, 'service_id': service.uuid,
            'hypervisor_id': hosts[0].uuid, 'pattern': 'host', 'flavor_id': flavor.flavorid,
            'key': 'key', 'aggregate_id': 1, 'image_id': IMAGE_ID, 'alias': 'servers',
            'keypair_name': 'k'}


def test_every_route_refuses_who_has_no_credentials(api, params):
    wrong = []
    for route in routes.ROUTES:
        request = good_request(route, **params)
        response = api(*request[:3], user=None, version=request[3],
                       **extra_headers(route))
        if response.status_int != 401 or 'unauthorized' not in response.json:
            wrong.append((ids(route), response.status_int))
    assert wrong == []


def test_every_route_works_for_an_administrator(api, params, make_server):
    """The good requests are good: what is not answered well is a conflict of states, or what is
    never there."""
    wrong = []
    for route in routes.ROUTES:
        server = make_server(metadata={'key': 'value'})
        request = good_request(route, **{**params, 'server_id': server.uuid})
        code = api(*request[:3], version=request[3], **extra_headers(route)).status_int
        if code != route.status and code not in (404, 409, 501):
            wrong.append((ids(route), code))
    assert wrong == []


@pytest.mark.parametrize('route', routes.ROUTES, ids=ids)
def test_rule_of_a_route_exists_and_documents_it(route):
    rule = RULES[route.rule]
    root = '' if route.root == routing.COMPUTE else route.root
    wanted = re.sub(r'{\w+}', '{}', f'{root}{route.path}')
    if route.action:
        wanted += f' ({route.action})'
    documented = {(operation['method'], re.sub(r'{\w+}', '{}', operation['path']))
                  for operation in rule.operations}
    assert (route.method, wanted) in documented


def test_every_rule_guards_a_route_or_is_asked_in_one():
    asked_in_controllers = {
        'os_compute_api:servers:index:get_all_tenants',
        'os_compute_api:servers:detail:get_all_tenants',
        'os_compute_api:servers:allow_all_filters', 'os_compute_api:servers:show:host_status',
        'os_compute_api:servers:show:host_status:unknown-only',
        'os_compute_api:os-extended-server-attributes',
        'os_compute_api:servers:create:forced_host',
        'compute:servers:create:requested_destination',
        'os_compute_api:os-lock-server:unlock:unlock_override',
        'os_compute_api:os-migrate-server:migrate_live:host',
        'os_compute_api:servers:migrations:index:host',
        'os_compute_api:os-migrations:index:all_projects',
        'os_compute_api:os-migrations:index:host', 'os_compute_api:os-instance-actions:events',
        'os_compute_api:os-instance-actions:events:details', 'os_compute_api:limits:other_project'}
    unused = (set(RULES) - {rule.name for rule in base.RULES} - asked_in_controllers
              - {route.rule for route in routes.ROUTES})
    assert unused == set()


def test_one_route_at_most_for_a_request():
    key = lambda route: (route.root, route.path, route.method, route.action or '')  # noqa: E731
    for _, group in itertools.groupby(sorted(routes.ROUTES, key=key), key):
        group = list(group)
        for minor in range(microversion.MIN_MINOR, microversion.MAX_MINOR + 1):
            assert sum(route.serves(minor) for route in group) <= 1


@pytest.mark.parametrize('route', routes.ROUTES, ids=ids)
def test_bodies_start_where_the_route_does(route):
    if route.body is not None:
        assert route.body.versions[0][0] <= route.since
        minors = [minor for minor, _ in route.body.versions]
        assert minors == sorted(set(minors))


def test_wrong_method_names_the_right_ones(api, params):
    wrong = []
    for path in {route.root + route.path for route in routes.ROUTES if not route.own}:
        allowed = {route.method for route in routes.ROUTES
                   if route.root + route.path == path and not route.own}
        allowed = sorted(allowed | ({'HEAD'} if 'GET' in allowed else set()))
        response = api('PATCH', path.format(**params))
        if (response.status_int, response.headers.get('Allow')) != (405, ', '.join(allowed)):
            wrong.append((path, response.status_int, response.headers.get('Allow')))
        assert response.json['badMethod']['code'] == 405
    assert wrong == []


def test_head_is_answered_as_get_without_the_body(api, params):
    wrong = []
    for route in routes.ROUTES:
        if route.method != 'GET' or route.own or route.path.endswith('/uptime'):
            continue
        method, path, body, version = good_request(route, **params)
        got, headed = (api(name, path, version=version) for name in ('GET', 'HEAD'))
        same = all(got.headers[name] == headed.headers[name]
                   for name in ('Content-Length', 'Content-Type'))
        if (headed.status_int, headed.body, same) != (got.status_int, b'', True):
            wrong.append((path, headed.status_int, headed.body))
    assert wrong == []


@pytest.mark.parametrize('route', [each for each in routes.ROUTES if each.own], ids=ids)
def test_own_route_is_not_there_for_novas_clients(api, params, route):
    method, path, body, version = good_request(route, **params)
    others = any(each.path == route.path and not each.own for each in routes.ROUTES)
    assert api(method, path, body, version=version).status_int == (405 if others else 404)


def test_route_outside_its_versions_is_not_there(api, params):
    wrong = []
    for route in routes.ROUTES:
        method, path, body, _ = good_request(route, **params)
        for minor in {route.since - 1, route.until + 1} - {0, 81}:
            others = any(other.serves(minor) for other in routes.ROUTES
                         if (other.method, other.path, other.action) == (
                             method, route.path, route.action))
            response = api(method, path, body, version=f'2.{minor}', **extra_headers(route))
            if not others and response.status_int != 404:
                wrong.append((ids(route), minor, response.status_int))
    assert wrong == []


@pytest.mark.parametrize('path', ['/v2.1/servers', '/v2.1/demo/servers'])
def test_project_in_the_path_is_optional(api, server, path):
    href = api.get(path).json['servers'][0]['links'][0]['href']
    assert href == f'http://localhost{path}/{server.uuid}'


def test_foreign_project_in_the_path_is_a_bad_request(api, server):
    response = api.get('/v2.1/elsewhere/servers')
    assert response.status_int == 400
    assert 'elsewhere' in response.json['badRequest']['message']


def test_project_may_be_called_like_a_resource(api, basic, server):
    users = (basic / 'users.yaml').read_text().replace('demo', 'flavors')
    (basic / 'users.yaml').write_text(users)
    assert api.get('/v2.1/flavors/servers').status_int == 404     # the flavor "servers"
    assert api.get('/v2.1/flavors/servers/detail').status_int == 200


@pytest.mark.parametrize('path', [
    '/v2.1/nothing', '/v2.1/servers/', '/v2.1//servers', '/v2.1/servers/a/b/c/d', '/v2.1/demo',
    '/v2.1/servers%0a', '/v2.1/servers/%00', '/v2.1/flavors/%e2%80%8b'])
def test_unknown_path_is_not_found_in_novas_form(api, path):
    response = api.get(path)
    assert response.status_int == 404
    assert set(response.json) == {'itemNotFound'}
    assert response.json['itemNotFound']['code'] == 404


def test_path_that_is_no_text_is_a_bad_request(api):
    assert api.get('/v2.1/servers/%ff').status_int == 400
