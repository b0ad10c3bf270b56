# SPDX-License-Identifier: Apache-2.0
"""tests/unit/db/test_races.py on real servers."""
from tests.fixtures.db_servers import _served, ctxt, database  # noqa: F401
from tests.unit.db.test_races import *  # noqa: F401,F403
