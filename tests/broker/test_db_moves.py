# SPDX-License-Identifier: Apache-2.0
"""tests/unit/db/test_moves.py on real servers: all edges, as each has its own statements."""
from tests.fixtures.db_servers import _served, ctxt, database  # noqa: F401
from tests.unit.db.test_moves import (  # noqa: F401
    pytestmark,
    test_advance_when_the_edge_is_listed_then_all_of_it_happens,
)
