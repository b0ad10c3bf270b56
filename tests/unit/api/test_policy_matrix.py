# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route by every persona, and the exact answer.

The personas: nobody who is known (``none``), one of another project, one of the project without a
role, its reader, member and manager, an administrator, and one whose project is another. What is
asked about belongs to the project demo, or is asked for as a list of the own project.
"""
import re
from typing import Any, NamedTuple

import pytest

from nova_lite import objects
from nova_lite.api import routes
from tests.fixtures.db import make_host, make_migration
from tests.unit.api.conftest import IMAGE_ID
from tests.unit.api.requests import extra_headers, good_request

PERSONAS = {'none': None, 'other': 'stranger', 'norole': 'nobody', 'reader': 'reader',
            'member': 'member', 'manager': 'manager', 'admin': 'admin', 'admin2': 'other_admin'}
MATRIX = """
request                                       none other norole reader member manager admin admin2
GET /servers                                   401   200    403    200    200     200   200    200
POST /servers                                  401   202    403    403    202     202   202    202
GET /servers/detail                            401   200    403    200    200     200   200    200
GET {server}                                   401   404    403    200    200     200   200    200
PUT {server}                                   401   404    403    403    200     200   200    200
DELETE {server}                                401   404    403    403    204     204   204    204
GET {server}/location                          401   404    403    403    403     403   200    200
POST {server}/location                         401   404    403    403    403     403   409    409
GET {server}/metadata                          401   404    403    200    200     200   200    200
POST {server}/metadata                         401   404    403    403    200     200   200    200
PUT {server}/metadata                          401   404    403    403    200     200   200    200
GET {server}/metadata/{key}                    401   404    403    200    200     200   200    200
PUT {server}/metadata/{key}                    401   404    403    403    200     200   200    200
DELETE {server}/metadata/{key}                 401   404    403    403    204     204   204    204
POST {server}: os-migrateLive                  401   404    403    403    403     202   202    202
POST {server}: os-start                        401   404    403    403    202     202   202    202
POST {server}: os-stop                         401   404    403    403    202     202   202    202
POST {server}: pause                           401   404    403    403    202     202   202    202
POST {server}: unpause                         401   404    403    403    202     202   202    202
POST {server}: suspend                         401   404    403    403    202     202   202    202
POST {server}: resume                          401   404    403    403    202     202   202    202
POST {server}: reboot                          401   404    403    403    202     202   202    202
POST {server}: lock                            401   404    403    403    202     202   202    202
POST {server}: unlock                          401   404    403    403    202     202   202    202
POST {server}: os-resetState                   401   404    403    403    403     403   202    202
GET {server}/migrations                        401   404    403    403    403     200   200    200
GET {server}/migrations/{id}                   401   404    403    403    403     403   200    200
DELETE {server}/migrations/{id}                401   404    403    403    403     202   202    202
POST {server}/migrations/{id}: force_complete  401   404    403    403    403     202   202    202
PATCH {server}/migrations/{id}                 401   404    403    403    403     202   202    202
GET {server}/migrations/{id}/events            401   404    403    403    403     403   200    200
GET /os-migrations                             401   403    403    403    403     403   200    200
GET {server}/os-instance-actions               401   404    403    200    200     200   200    200
GET {server}/os-instance-actions/{id}          401   404    403    200    200     200   200    200
GET /os-services                               401   403    403    403    403     403   200    200
PUT /os-services/enable                        401   403    403    403    403     403   200    200
PUT /os-services/disable                       401   403    403    403    403     403   200    200
PUT /os-services/disable-log-reason            401   403    403    403    403     403   200    200
PUT /os-services/force-down                    401   403    403    403    403     403   200    200
PUT /os-services/{id}                          401   403    403    403    403     403   200    200
DELETE /os-services/{id}                       401   403    403    403    403     403   204    204
GET /os-hypervisors                            401   403    403    403    403     403   200    200
GET /os-hypervisors/detail                     401   403    403    403    403     403   200    200
GET /os-hypervisors/statistics                 401   403    403    403    403     403   200    200
GET /os-hypervisors/{id}                       401   403    403    403    403     403   200    200
GET /os-hypervisors/{id}/uptime                401   403    403    403    403     403   200    200
GET /os-hypervisors/{pattern}/search           401   403    403    403    403     403   200    200
GET /os-hypervisors/{pattern}/servers          401   403    403    403    403     403   200    200
GET /os-aggregates                             401   403    403    403    403     403   200    200
GET /os-aggregates/{id}                        401   403    403    403    403     403   404    404
GET /os-availability-zone                      401   200    200    200    200     200   200    200
GET /os-availability-zone/detail               401   403    403    403    403     403   200    200
GET /flavors                                   401   200    200    200    200     200   200    200
POST /flavors                                  401   403    403    403    403     403   200    200
GET /flavors/detail                            401   200    200    200    200     200   200    200
GET /flavors/{id}                              401   200    200    200    200     200   200    200
DELETE /flavors/{id}                           401   403    403    403    403     403   202    202
GET /flavors/{id}/os-extra_specs               401   200    403    200    200     200   200    200
GET /flavors/{id}/os-extra_specs/{key}         401   200    403    200    200     200   200    200
GET /limits                                    401   200    200    200    200     200   200    200
GET /extensions                                401   200    200    200    200     200   200    200
GET /extensions/{alias}                        401   200    200    200    200     200   200    200
GET /os-keypairs                               401   200    200    200    200     200   200    200
GET /os-keypairs/{keypair_name}                401   404    404    404    404     404   404    404
GET /images                                    401   200    200    200    200     200   200    200
GET /images/detail                             401   200    200    200    200     200   200    200
GET /images/{id}                               401   200    200    200    200     200   200    200
GET /v2/images                                 401   200    200    200    200     200   200    200
GET /v2/images/{id}                            401   200    200    200    200     200   200    200
GET /servers of all projects                   401   403    403    403    403     403   200    200
GET /servers/detail of all projects            401   403    403    403    403     403   200    200
POST /servers on a host                        401   403    403    403    403     403   202    202
POST /servers forced on a host                 401   403    403    403    403     403   202    202
POST {server}: os-migrateLive to a host        401   404    403    403    403     403   202    202
POST {server}: unlock an administrator's lock  401   404    403    403    403     403   202    202
GET /os-migrations of a project                401   403    403    403    403     200   200    200
GET /limits of another project                 401   403    403    403    403     403   200    200
"""


class Asked(NamedTuple):
    """A request of ``route`` that says something more, which another rule decides about."""
    route: routes.Route
    what: str = ''
    query: str = ''
    body: dict[str, Any] = {}       # beside what a good request has, in its one object


def route_of(method, path, action=None):
    return next(route for route in routes.ROUTES
                if (route.method, route.path, route.action) == (method, path, action))


MORE = [
    Asked(route_of('GET', '/servers'), 'of all projects', query='all_tenants=1'),
    Asked(route_of('GET', '/servers/detail'), 'of all projects', query='all_tenants=1'),
    Asked(route_of('POST', '/servers'), 'on a host', body={'host': 'host2'}),
    Asked(route_of('POST', '/servers'), 'forced on a host',
          body={'availability_zone': 'nova:host2'}),
    Asked(route_of('POST', routes.ACTION, 'os-migrateLive'), 'to a host', body={'host': 'host2'}),
    Asked(route_of('POST', routes.ACTION, 'unlock'), "an administrator's lock"),
    Asked(route_of('GET', '/os-migrations'), 'of a project', query='project_id=demo'),
    Asked(route_of('GET', '/limits'), 'of another project', query='tenant_id=another'),
]
ASKED = [*map(Asked, routes.ROUTES), *MORE]
# what a server must be in for the action to make sense
STATES = {'os-start': 'stopped', 'unpause': 'paused', 'resume': 'suspended'}


def label(asked):
    route = asked.route
    path = (route.root.removeprefix('/v2.1') + route.path).removesuffix('/action')
    path = re.sub(r'{\w+_id}', '{id}', path.replace('/servers/{server_id}', '{server}'))
    words = f'{route.method} {path}' + (f': {route.action}' if route.action else '')
    return f'{words} {asked.what}'.strip()


def rows():
    """By the label of a route: the answers in the order of PERSONAS."""
    heads, *lines = [line.rsplit(maxsplit=len(PERSONAS)) for line in MATRIX.strip().split('\n')]
    assert heads[1:] == list(PERSONAS)
    return {name: [int(code) for code in codes] for name, *codes in lines}


@pytest.fixture
def answer(api, ctxt, make_server, hosts):
    """``answer(asked, user)``: the code, when all that the request names is there and is new."""
    numbers = iter(range(10 ** 6))

    def ask(asked, user):
        route, number = asked.route, next(numbers)
        method, path, body, version = good_request(
            route, **things(ctxt, make_server, hosts, asked, number))
        if asked.query:
            path += f'?{asked.query}'
        if body and (asked.body or 'flavor' in body):
            [(name, inner)] = body.items()
            unique = {'name': f'new{number}'} if name == 'flavor' else {}
            body = {name: {**inner, **asked.body, **unique}}
        return api(method, path, body, user=user, version=version,
                   **extra_headers(route)).status_int
    return ask


def things(ctxt, make_server, hosts, asked, number):
    """What the parameters of the path name; what can be deleted is made for this one request."""
    path, name = asked.route.path, f'new{number}'
    found = {'key': 'key', 'aggregate_id': 1, 'hypervisor_id': hosts[0].uuid, 'pattern': 'host',
             'image_id': IMAGE_ID, 'alias': 'servers', 'keypair_name': 'k'}
    if '{flavor_id}' in path:
        objects.Flavor(ctxt, flavorid=name, name=f'flavor-{name}', memory_mb=128, vcpus=1,
                       root_gb=1, extra_specs={'key': 'value'}).create()
        found['flavor_id'] = name
    if '{service_id}' in path:
        spare = make_host(ctxt, name, hypervisor_hostname=name).host
        found['service_id'] = objects.Service.get_by_host_and_binary(
            ctxt, spare, 'nova-compute').uuid
    if '{server_id}' in path:
        found |= of_a_server(ctxt, make_server, asked, f'req-{number}')
    return found


def of_a_server(ctxt, make_server, asked, request_id):
    by_administrator = asked.what == "an administrator's lock"
    server = make_server(
        metadata={'key': 'value'}, vm_state=STATES.get(asked.route.action, 'active'),
        task_state='migrating' if '{migration_id}' in asked.route.path else None,
        locked=by_administrator, locked_by='admin' if by_administrator else None)
    objects.InstanceAction.action_start(ctxt, server.uuid, 'create', request_id)
    if '{migration_id}' not in asked.route.path:
        return {'server_id': server.uuid, 'request_id': request_id}
    migration = make_migration(ctxt, server, source_compute='host1', project_id='demo')
    for event in ('queue', 'prepare', 'run'):
        migration.advance(event)
    return {'server_id': server.uuid, 'migration_id': migration.id}


def test_table_has_every_route_once():
    labels = [label(asked) for asked in ASKED]
    assert len(labels) == len(set(labels))
    assert list(rows()) == labels


@pytest.mark.parametrize('persona', PERSONAS)
def test_answer_when_a_persona_asks_then_is_that_of_the_table(answer, persona):
    column, table = list(PERSONAS).index(persona), rows()
    wrong = {}
    for asked in ASKED:
        code, expected = answer(asked, PERSONAS[persona]), table[label(asked)][column]
        if code != expected:
            wrong[label(asked)] = f'{code}, not {expected}'
    assert wrong == {}
