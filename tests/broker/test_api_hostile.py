# SPDX-License-Identifier: Apache-2.0
"""tests/unit/api/test_hostile.py on real servers, and a server that goes away."""
import jsonschema

from nova_lite.api import openapi
from tests.fixtures.db_servers import _served, database        # noqa: F401
from tests.unit.api.conftest import (                          # noqa: F401
    _home, api, basic, ctxt, flavor, hosts, images, make_server, options, rules, server, wire)
from tests.unit.api.test_hostile import *                      # noqa: F401,F403


def test_database_that_is_away_is_503_and_then_back(request, api, server):   # noqa: F811
    """The last test of the module, as it ends all connections."""
    from nova_lite.db import session
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
