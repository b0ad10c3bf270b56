# SPDX-License-Identifier: Apache-2.0
"""The API's description of itself against what it serves."""
import json

import jsonschema
import pytest

from nova_lite.api import microversion, openapi, routes
from nova_lite.migration import prechecks

MINORS = range(microversion.MIN_MINOR, microversion.MAX_MINOR + 1)


def operations(document):
    """(path, method) of everything described but the version documents."""
    return {(path, method) for path, item in document['paths'].items() for method in item
            if path not in openapi.VERSION_DOCUMENTS and path != openapi.PATH}


def schemas(value):
    """Every JSON schema in a document."""
    if isinstance(value, dict):
        if 'schema' in value:
            yield value['schema']
        for item in value.values():
            yield from schemas(item)
    elif isinstance(value, list):
        for item in value:
            yield from schemas(item)


def of_route(document, route):
    return document['paths'][route.root + route.path][route.method.lower()]


@pytest.mark.parametrize('minor', MINORS)
def test_document_has_what_is_served_and_nothing_else(minor):
    document = openapi.document(minor, 'http_basic')
    served = [route for route in routes.ROUTES if route.serves(minor)]
    assert operations(document) == {(route.root + route.path, route.method.lower())
                                    for route in served}
    for route in served:
        described = of_route(document, route)
        rules = described['x-policy']
        assert route.rule == (rules[route.action] if route.action and isinstance(rules, dict)
                              else rules)
        assert str(route.status) in described['responses']
        assert ('requestBody' in described) == (route.body is not None)
        if route.action:
            schema = described['requestBody']['content']['application/json']['schema']
            bodies = schema.get('oneOf', [schema])
            assert [body for body in bodies if route.action in body['properties']] != []


@pytest.mark.parametrize('minor', [1, 30, 80])
def test_document_has_schemas_that_anybody_can_read(minor):
    document = openapi.document(minor, 'keystone')
    found = list(schemas(document))
    assert len(found) > 100
    for schema in found:
        jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(document)
    assert r'\\A' not in text and r'\\Z' not in text


@pytest.mark.parametrize('minor', [1, 80])
def test_document_describes_each_refusal_in_novas_form(minor):
    document = openapi.document(minor, 'http_basic')
    for path, method in operations(document):
        described = document['paths'][path][method]
        refusals = {code for code in described['responses'] if code >= '4'}
        assert {'400', '401', '403', '404', '405', '406'} <= refusals
        for code in refusals:
            name = described['responses'][code]['$ref'].rpartition('/')[2]
            [content] = document['components']['responses'][name]['content'].values()
            assert content['schema'] == openapi.error_schema(int(code))


def test_document_has_unique_names_of_operations():
    for minor in MINORS:
        names = [item['operationId'] for path in openapi.document(minor, 'noauth2')[
            'paths'].values() for item in path.values()]
        assert len(names) == len(set(names))


@pytest.mark.parametrize('user', ['admin', 'nobody', None])
def test_anybody_may_read_it(api, user):
    response = api.get('/openapi.json', user=user, version=None)
    assert response.status_int == 200
    assert response.content_type == 'application/json'
    assert response.json['openapi'] == '3.1.0'
    assert response.json['security'] == [{'http_basic': []}]


@pytest.mark.parametrize('query, header, version', [
    ('', None, '2.80'), ('?microversion=2.30', None, '2.30'), ('?microversion=2.1', '2.80', '2.1'),
    ('?microversion=latest', None, '2.80'), ('', '2.53', '2.53'), ('', 'latest', '2.80')])
def test_document_is_that_of_the_version_asked_for(api, query, header, version):
    assert api.get('/openapi.json' + query, version=header).json['info']['version'] == version


@pytest.mark.parametrize('query, code', [('?microversion=2.81', 406), ('?microversion=3.1', 406),
                                         ('?microversion=new', 400), ('?microversion=%ff', 400),
                                         ('?microversion=', 400)])
def test_document_of_a_version_that_is_none_is_refused(api, query, code):
    response = api.get('/openapi.json' + query)
    assert response.status_int == code
    jsonschema.validate(response.json, openapi.error_schema(code))


def test_document_can_only_be_read(api):
    assert api.post('/openapi.json', {}).status_int == 405


def test_document_names_every_check_before_a_live_migration():
    """A row of the table of checks is all that it takes."""
    servers = openapi.document(microversion.MAX_MINOR, 'http_basic')['paths']
    told = [operation['x-prechecks'] for path in servers.values() for operation in path.values()
            if 'x-prechecks' in operation]
    assert told and all([check['name'] for check in each]
                        == [row.name for row in prechecks.PRECHECKS] for each in told)
