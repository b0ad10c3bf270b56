# SPDX-License-Identifier: Apache-2.0
"""The revisions on real servers: the tables of the models, types and all."""
from tests.fixtures.db_servers import _served, database     # noqa: F401
from tests.unit.db.test_schema import (                     # noqa: F401
    test_sync_when_run_then_the_tables_are_those_of_the_models)
