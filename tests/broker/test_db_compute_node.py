# SPDX-License-Identifier: Apache-2.0
"""tests/unit/objects/test_compute_node.py on real servers."""
from tests.fixtures.db_servers import _served, ctxt, database, way  # noqa: F401
from tests.unit.objects.test_compute_node import *  # noqa: F401,F403
