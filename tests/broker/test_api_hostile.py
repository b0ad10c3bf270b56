# SPDX-License-Identifier: Apache-2.0
"""tests/unit/api/test_hostile.py on real servers, and a server that goes away."""
from urllib.parse import quote

import jsonschema

from nova_lite.api import openapi
from nova_lite.db import instances, session
from tests.fixtures.db_servers import _served, database  # noqa: F401
from tests.unit.api.conftest import (  # noqa: F401
    _home,
    api,
    basic,
    ctxt,
    flavor,
    hosts,
    images,
    make_server,
    options,
    rules,
    server,
    wire,
)
from tests.unit.api.test_hostile import *  # noqa: F401,F403


def test_pattern_that_takes_a_server_without_end_is_ended_and_others_are_not(
        api, make_server, monkeypatch):        # noqa: F811
    """MariaDB goes back and tries again, PostgreSQL does not; with neither it lasts."""
    monkeypatch.setattr(instances, 'PATTERN_SECONDS', 0.1)
    for _ in range(8):
        make_server(display_name='a' * 28 + '!')
    backtracks = session.get_engine().dialect.name in ('mysql', 'mariadb')
    answer = api.get(f'/v2.1/servers?name={quote("^(a+)+$")}')
    if backtracks:
        assert answer.status_int == 400
        assert 'max_statement_time' in answer.json['badRequest']['message']
    else:
        assert (answer.status_int, answer.json['servers']) == (200, [])
    assert len(api.get(f'/v2.1/servers?name={quote("^a+!$")}').json['servers']) == 8


def test_database_that_is_away_is_503_and_then_back(request, api, server):   # noqa: F811
    """The last test of the module, as it ends all connections."""
    kind = session.get_engine().dialect.name
    running = request.getfixturevalue('_mariadb' if kind in ('mysql', 'mariadb')
                                      else '_postgresql')
    running.stop()
    try:
        answer = api.get(f'/v2.1/servers/{server.uuid}')
        assert answer.status_int == 503
        jsonschema.validate(answer.json, openapi.error_schema(503))
        assert api.get('/v2.1/servers').status_int == 503
    finally:
        running.start()
    assert api.get(f'/v2.1/servers/{server.uuid}').status_int == 200
