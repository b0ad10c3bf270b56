# SPDX-License-Identifier: Apache-2.0
"""Requests that are made up from the API's own description, good ones and broken ones, by
thousands: none is answered with a failure, each refusal has Nova's form, each answer is one that
the description has, and nobody logs an error that was not foreseen.

The paths name what exists in part, so that requests get past "not found". The requests are the
same in every run.
"""
import collections
import logging

import hypothesis
import jsonschema
import pytest
import schemathesis
from hypothesis import strategies
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from nova_lite import exception, objects
from nova_lite.api import openapi, wsgi_app
from nova_lite.conf import CONF
from tests.fixtures.services import DISK_IMAGE

VERSIONS = ('2.1', '2.24', '2.30', '2.53', '2.66', '2.80')
AT_LEAST = 5000      # requests of all versions together
EXAMPLES = 9         # of each operation at each version, and as many broken ones
OF_ACTIONS = 40      # which are many operations in one
CHECKS = [checks.status_code_conformance, checks.content_type_conformance,
          checks.response_schema_conformance]
TOKEN = {'X-Auth-Token': 'admin:operators'}
# what all the other requests need
SPARED = {('delete', '/v2.1/os-services/{service_id}'), ('put', '/v2.1/os-services/{service_id}'),
          ('delete', '/v2.1/servers/{server_id}'), ('delete', '/v2.1/flavors/{flavor_id}')}
# what a service may log as an error though it is none of its own: a server without a host
FORESEEN = (exception.NoValidHost,)


class Log(logging.Handler):
    """Errors and stack traces that were not foreseen."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.wrong = []

    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FORESEEN):
            return
        if error is not None or record.levelno >= logging.ERROR:
            self.wrong.append(f'{record.name}: {record.getMessage()} {error!r}')


@pytest.fixture
def log():
    handler = Log()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def existing(cloud):
    """By the names of path parameters: what there is."""
    servers = [cloud.boot('src', metadata={'key': 'value'}), cloud.boot('dst', disk=True)]
    moved = servers[0]
    assert moved.live_migrate('third').status == 202
    moved.wait_status()
    service = objects.Service.get_by_host_and_binary(cloud.ctxt, 'src', 'nova-compute')
    node = objects.ComputeNode.get_by_host(cloud.ctxt, 'src')
    return {'server_id': [server.uuid for server in servers],
            'migration_id': [str(moved.migration.id)],
            'request_id': [moved.stories()['live-migration']['request_id']],
            'service_id': [service.uuid, str(service.id)],
            'hypervisor_id': [node.uuid, str(node.id)], 'pattern': ['s', 'dst', '%'],
            'flavor_id': ['42'], 'image_id': [DISK_IMAGE], 'key': ['key'],
            'alias': ['servers']}


class Fuzz:
    """Sends what it is given, and keeps what is wrong by operation."""

    def __init__(self, version, existing):
        self.version, self.existing = version, existing
        self.wrong, self.codes = {}, collections.Counter()

    def send(self, case, pick):
        """``pick`` below the number of what exists puts that into the path."""
        operation = case.operation
        for name in case.path_parameters or ():
            known = self.existing.get(name, ())
            if pick < len(known) and (operation.method, operation.path) not in SPARED:
                case.path_parameters[name] = known[pick]
        response = case.call(headers={**TOKEN, **(case.headers or {})})
        self.codes[response.status_code] += 1
        try:
            self.check(case, response)
        except (Exception, FailureGroup) as error:
            self.wrong.setdefault(
                operation.label, f'{case.as_curl_command()}\n{response.status_code} '
                                 f'{response.content[:300]}\n{error}')

    def check(self, case, response):
        if response.status_code >= 400:
            assert response.status_code < 500
            jsonschema.validate(response.json(), openapi.error_schema(response.status_code))
        # with a broken version header the answer is that of another version
        if response.headers['x-openstack-nova-api-version'] == [self.version]:
            case.validate_response(response, checks=CHECKS)


def walk(fuzz, operation, mode):
    examples = OF_ACTIONS if operation.path.endswith('/action') else EXAMPLES

    @hypothesis.settings(max_examples=examples, derandomize=True, database=None, deadline=None,
                         phases=[hypothesis.Phase.generate],
                         suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(operation.as_strategy(mode), strategies.integers(0, 2))
    def run(case, pick):
        fuzz.send(case, pick)
    try:
        run()
    except hypothesis.errors.Unsatisfiable:
        pass        # there is nothing that could be broken in this operation


@pytest.mark.timeout(600)
@pytest.mark.parametrize('version', VERSIONS)
def test_requests_when_made_up_by_thousands_then_none_fails(existing, cloud, log, version):
    schema = schemathesis.openapi.from_wsgi(
        f'{openapi.PATH}?microversion={version}', wsgi_app.build(CONF))
    fuzz = Fuzz(version, existing)
    for result in schema.get_all_operations():
        for mode in schemathesis.GenerationMode:
            walk(fuzz, result.ok(), mode)
    print(version, sum(fuzz.codes.values()), dict(sorted(fuzz.codes.items())))
    assert not fuzz.wrong, '\n\n'.join(fuzz.wrong.values())
    assert log.wrong == []
    assert fuzz.codes.total() >= AT_LEAST / len(VERSIONS)
