# SPDX-License-Identifier: Apache-2.0
import datetime

import jsonschema
import pytest
from webob.multidict import MultiDict

from nova_lite import exception
from nova_lite.api import paging, routes
from nova_lite.api.schemas import parameter_types as types
from nova_lite.api.validation import Body, Param, Query
from tests.fixtures.conf import options  # noqa: F401

NUMBER = {'type': 'integer'}


@pytest.mark.parametrize('route', [route for route in routes.ROUTES if route.body or route.query],
                         ids=lambda route: f'{route.method} {route.path} {route.action or ""}')
def test_schemas_of_a_route_are_schemas(route):
    schemas = [schema for _, schema in route.body.versions] if route.body else []
    schemas += [param.schema for param in route.query.params.values()] if route.query else []
    for schema in schemas:
        jsonschema.Draft202012Validator.check_schema(schema)
    for schema in [schema for _, schema in route.body.versions] if route.body else []:
        assert schema['additionalProperties'] is False, 'an unknown field would be ignored'


def test_body_is_checked_by_the_schema_of_its_version():
    body = Body((1, types.wrapped('a', NUMBER)), (10, types.wrapped('b', NUMBER)))
    body.check(9, {'a': 1})
    body.check(10, {'b': 1})
    for minor, value in ((9, {'b': 1}), (10, {'a': 1}), (80, {'b': 'x'})):
        with pytest.raises(exception.ValidationError):
            body.check(minor, value)


def test_message_says_where_it_is_wrong_and_is_short():
    body = Body((1, types.wrapped('a', types.obj({'b': {'type': 'array', 'items': NUMBER}}))))
    with pytest.raises(exception.ValidationError) as caught:
        body.check(1, {'a': {'b': [1, 'x' * 9000]}})
    message = caught.value.format_message()
    assert message.startswith('Invalid input for a/b/1:')
    assert len(message) <= 500


QUERY = Query(Param('one', types.COUNT), Param('some', types.TEXT, many=True),
              Param('late', types.TEXT, 20), strict_since=30)


@pytest.mark.parametrize('minor, given, found', [
    (1, [('one', '1')], {'one': '1'}), (1, [('some', 'a'), ('some', 'b')], {'some': ['a', 'b']}),
    (1, [('unknown', 'x'), ('late', 'y')], {}), (20, [('late', 'y')], {'late': 'y'}), (1, [], {})])
def test_query_parse(minor, given, found):
    assert QUERY.parse(minor, MultiDict(given)) == found


@pytest.mark.parametrize('minor, given', [
    (1, [('one', 'x')]), (1, [('one', '1'), ('one', '2')]), (30, [('unknown', 'x')]),
    (1, [('some', 'a'), ('some', 'x' * 256)])])
def test_query_parse_refuses(minor, given):
    with pytest.raises(exception.ValidationError):
        QUERY.parse(minor, MultiDict(given))


@pytest.mark.parametrize('schema, good, bad', [
    (types.NAME, ['a', 'a b', 'ä', '名'], ['', ' a', 'a ', 'a\tb', '\u200b', 'x' * 256, 1, None]),
    (types.FQDN, ['a', 'host-1.example.org', '10.0.0.1'], ['', 'a b', 'a/b', 'a\n', 'ä', None]),
    (types.UUID, ['c4a0a3a0-0000-4000-8000-000000000000'], ['x', '', 1]),
    (types.TIME, ['2020-01-02T03:04:05Z', '2020-01-02', '2020-01-02T03:04:05+01:00'],
     ['yesterday', '', '2020-13-01']),
    (types.COUNT, ['0', '7', '999999999'], ['', '-1', 'x', '1\n', '١', '1' * 10]),
    (types.integer(), [0, 5, '0', '5', 2 ** 31 - 1], [-1, True, 1.5, '', '-1', 2 ** 31, 'x']),
    (types.integer(1), [1, '1', '01'], [0, '0', '00', '1' * 10, None])],
    ids=lambda value: str(value)[:30])
def test_parameter_types(schema, good, bad):
    body = Body((1, schema))
    for value in good:
        body.check(1, value)
    for value in bad:
        with pytest.raises(exception.ValidationError):
            body.check(1, value)


# -- paging -----------------------------------------------------------------------------------
@pytest.mark.parametrize('given, found', [({}, 5), ({'limit': '3'}, 3), ({'limit': '9'}, 5),
                                          ({'limit': '0'}, 0)])
def test_limit_is_at_most_that_of_the_options(options, given, found):       # noqa: F811
    options.set('api', max_limit=5)
    assert paging.limit(given) == found


@pytest.mark.parametrize('text, found', [
    ('1', 1), ('0', 0), ('2147483647', 2147483647), ('2147483648', None), ('x', None), ('', None),
    ('-1', None), ('1.0', None), ('٣', None), ('9' * 100, None)])
def test_number(text, found):
    assert paging.number(text) == found


def test_times_are_aware_and_written_as_nova_writes_them():
    moment = paging.moment({'t': '2020-01-02T03:04:05'}, 't')
    assert moment == datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert paging.with_seconds(moment) == '2020-01-02T03:04:05Z'
    assert paging.with_microseconds(moment) == '2020-01-02T03:04:05.000000'
    assert paging.with_seconds(None) is None
