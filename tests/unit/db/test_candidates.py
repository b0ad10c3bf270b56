# SPDX-License-Identifier: Apache-2.0
"""Candidates come by index: the scheduler does not read the world for one guest."""
import pytest
import sqlalchemy as sa

from nova_lite import objects
from nova_lite.db import session
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('database')


@pytest.fixture
def explained(database):
    """Plans of all SELECTs of compute_nodes, as SQLite tells them."""
    found = []

    def explain(link, _cursor, statement, parameters, _context, _many):
        if statement.startswith('SELECT') and 'FROM compute_nodes' in statement:
            plan = link.exec_driver_sql(f'EXPLAIN QUERY PLAN {statement}', parameters)
            found.extend(row[3] for row in plan)

    engine = session.get_engine()
    sa.event.listen(engine, 'before_cursor_execute', explain)
    yield found
    sa.event.remove(engine, 'before_cursor_execute', explain)


def test_candidates_when_asked_then_read_in_order_of_an_index(ctxt, explained):
    for number in range(30):
        db.make_host(ctxt, f'h{number}')
    explained.clear()
    assert len(objects.ComputeNodeList.get_candidates(ctxt, 256, 1, 1, limit=5)) == 5
    assert any('compute_nodes_deleted_free_ram_mb_idx' in step for step in explained), explained
    assert not any('TEMP B-TREE' in step for step in explained), explained
    assert not any(step.startswith('SCAN') for step in explained), explained
