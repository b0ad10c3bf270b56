# SPDX-License-Identifier: Apache-2.0
"""Every answer of every route against its description, at each microversion at which a shape of
live migration changes: nothing missing, nothing more."""
import json

import jsonschema
import pytest

from nova_lite import objects
from nova_lite.api import openapi, routes, routing
from nova_lite.api.schemas import shapes
from nova_lite.api.validation import FORMATS
from tests.fixtures.db import make_migration
from tests.unit.api.conftest import IMAGE_ID
from tests.unit.api.requests import good_request
from tests.unit.api.test_routes import ids

MINORS = (1, 23, 25, 30, 34, 53, 59, 65, 68, 73, 80)
# what there is none of
NEVER_GOOD = {'aggregates.show', 'keypairs.show'}
# objects whose keys are the user's or the hypervisor's own
OPEN = ('metadata', 'meta', 'extra_specs', 'addresses', 'cpu_info', 'hosts')


def check(schema, body):
    jsonschema.Draft202012Validator(schema, format_checker=FORMATS).validate(body)


@pytest.fixture
def params(ctxt, server, hosts, flavor, make_server):
    """What the paths name at a minor version, with something to tell in each."""
    broken = make_server(vm_state='error', power_state=4)
    objects.InstanceFault(ctxt, instance_uuid=broken.uuid, code=500, message='m',
                          details='d', host='host1').create()
    action = objects.InstanceAction.action_start(ctxt, server.uuid, 'live-migration', 'req-1')
    for result in ('Success', 'Error'):
        objects.InstanceActionEvent.event_start(ctxt, server.uuid, result, 'host1')
        objects.InstanceActionEvent.event_finish(ctxt, server.uuid, result, 'host1',
                                                 result=result, details='d', traceback='t')
    migration = make_migration(ctxt, server, source_compute='host1', project_id='demo')
    migration.advance('queue')
    service = objects.Service.get_by_host_and_binary(ctxt, 'host1', 'nova-compute')

    def at(minor):
        by_uuid = minor >= 53
        return {'migration_id': migration.id, 'request_id': action.request_id,
                'service_id': service.uuid if by_uuid else service.id,
                'hypervisor_id': hosts[0].uuid if by_uuid else hosts[0].id, 'pattern': 'host',
                'flavor_id': flavor.flavorid, 'aggregate_id': 1, 'image_id': IMAGE_ID,
                'alias': 'servers', 'keypair_name': 'k'}
    return at


def changes(route):
    return route.method != 'GET'


def kinds(minor):
    return [route for route in routes.ROUTES if route.serves(minor)
            # not for Nova's clients, whose answers these are
            and not route.own
            # it would take the other rows' host away
            and route.handler.__name__ != 'delete']


def name(route):
    return f'{route.handler.__module__.rpartition(".")[2]}.{route.handler.__name__}'


@pytest.mark.parametrize('minor', MINORS)
def test_every_good_answer_has_exactly_the_described_fields(api, wire, params, make_server,
                                                            server, minor):
    wire.answer = 'what a compute says when it is asked'
    answered = set()
    for user in ('admin', 'reader'):
        for route in kinds(minor):
            # a key of the metadata, or of the flavor's extra specs
            key = 'key' if route.path.startswith('/servers') else 'hw:cpu_policy'
            own = (make_server(metadata={'key': 'value'})
                   if changes(route) or 'metadata' in route.path else server)
            request = good_request(route, minor, **{**params(minor), 'server_id': own.uuid,
                                                    'key': key})
            response = api(*request[:3], user=user, version=request[3])
            if response.status_int == route.status:
                answered.add(name(route))
                body = json.loads(response.body) if response.body else None
                assert (body is None) == (route.answer is None), ids(route)
                if body is not None:
                    check(shapes.at(route.answer, minor), body)
            else:
                assert response.status_int in (400, 403, 404, 409, 501), ids(route)
                check(openapi.error_schema(response.status_int), response.json)
    assert {name(route) for route in kinds(minor)} - answered <= NEVER_GOOD | {
        'server_migrations.force_complete', 'server_actions.start', 'server_actions.unpause',
        'server_actions.resume'}


@pytest.mark.parametrize('minor', MINORS)
def test_every_list_told_something(api, params, server, minor):
    """A list that is empty would agree with any description."""
    for path, key in (('/servers', 'servers'), ('/servers/detail', 'servers'),
                      ('/os-migrations', 'migrations'), ('/os-services', 'services'),
                      ('/os-hypervisors/detail', 'hypervisors'), ('/flavors/detail', 'flavors'),
                      (f'/servers/{server.uuid}/os-instance-actions', 'instanceActions'),
                      (f'/servers/{server.uuid}/migrations', 'migrations')):
        params(minor)
        if minor >= 23 or not path.endswith('/migrations'):
            assert api.get(f'/v2.1{path}', version=f'2.{minor}').json[key], path


@pytest.mark.parametrize('query', ['?limit=1', '?limit=1&with_servers=true'])
def test_page_of_a_list_has_the_described_link(api, params, make_server, query):
    for minor in (59, 80):
        for route in kinds(minor):
            if route.query is None or route.root != routing.COMPUTE:
                continue
            if 'with_servers' in query and 'hypervisors' not in route.path:
                continue
            if 'limit' not in route.query.params or '{hypervisor_id}' in route.path:
                continue
            path = route.path.format(server_id=make_server().uuid)
            response = api.get(f'/v2.1{path}{query}', version=f'2.{minor}')
            assert response.status_int in (200, 400)
            if response.status_int == 200:
                check(shapes.at(route.answer, minor), response.json)


@pytest.mark.parametrize('minor', MINORS)
def test_every_refusal_has_novas_form_and_is_described(api, params, server, minor):
    document = openapi.document(minor, 'http_basic')
    for route in kinds(minor):
        good = {**params(minor), 'server_id': server.uuid, 'key': 'key'}
        wrong = {key: 'c4a0a3a0-0000-4000-8000-000000000000' for key in good}
        described = document['paths'][route.root + route.path][route.method.lower()]
        method, path, body, version = good_request(route, minor, **good)
        for answer in (api(method, path, body, version=version, user=None),
                       api(method, path, body, version=version, user='nobody'),
                       api(method, path, {'wrong': True}, version=version),
                       api(method, path, b'{', version=version),
                       api(method, path + '?limit=x&limit=y', body, version=version),
                       api(*good_request(route, minor, **wrong)[:3], version=version),
                       api('PATCH', path, body, version=version),
                       api(method, path, body, version='2.81')):
            if answer.status_int >= 400:
                check(openapi.error_schema(answer.status_int), answer.json)
                assert str(answer.status_int) in described['responses'], ids(route)
            assert answer.status_int < 500 or answer.status_int == 501


def test_every_description_allows_nothing_else():
    """No object is left open, but those whose keys nobody knows before."""
    def walk(schema, path):
        if not isinstance(schema, dict):
            return
        if schema.get('type') == 'object' or 'properties' in schema:
            closed = schema.get('additionalProperties') is False
            if not closed and path[-1] not in OPEN:
                yield '/'.join(path)
        for key, inner in schema.get('properties', {}).items():
            yield from walk(inner, [*path, key])
        for inner in schema.get('anyOf', ()):
            yield from walk(inner, path)
        yield from walk(schema.get('items'), path)
        more = schema.get('additionalProperties')
        if isinstance(more, dict) and more.get('properties'):
            yield from walk(more, [*path, '*'])

    loose = set()
    for minor in MINORS:
        for route in kinds(minor):
            if route.answer is not None and name(route) not in NEVER_GOOD:
                loose |= set(walk(shapes.at(route.answer, minor), [name(route)]))
    # the properties of an image stand beside its fields; a spec is named by the path
    assert loose <= {'images.index/images', 'images.show', 'flavors.extra_specs_show'}


@pytest.mark.parametrize('path, answer', openapi.VERSION_DOCUMENTS.items())
def test_version_document_is_as_described(api, path, answer):
    check(shapes.at(answer, 1), api.get(path, user=None).json)
