# SPDX-License-Identifier: Apache-2.0
import types

import pytest

from nova_lite.migration import order_rules
from tests.chaos import cells, orders
from tests.chaos.cells import Moment
from tests.chaos.servers import Servers


def test_moments_when_listed_then_every_order_that_a_host_or_conductor_carries_out_has_two():
    assert set(orders.ORDERS) == set(order_rules.TASKS)
    for task, order in orders.ORDERS.items():
        assert len(order.moments) >= 2
        assert {name for name, of in orders.MOMENTS.items() if of == task} == {
            f'order-{task}-{when}' for when in order.moments}
    assert {moment.task for moment in cells.MOMENTS.values()} == {'', *orders.ORDERS}


def test_orders_when_listed_then_lead_where_the_rules_lead():
    for task, outcome in order_rules.OUTCOMES.items():
        assert orders.ORDERS[task].after == outcome
    assert {task for task in orders.ORDERS if orders.is_build(task)} == {'scheduling', 'spawning'}
    assert not orders.is_build('')


@pytest.mark.parametrize('code, wanted', [
    (202, 'stopped'),
    (0, 'stopped'),     # nobody answered, and it is in the database
    (503, 'active'),    # refused, so it must not happen
])
def test_wanted_when_an_order_was_answered_then_a_refused_one_is_not_to_be_carried_out(
        code, wanted):
    moment = Moment('m', cells.ORDERED, task='powering-off')
    servers = Servers(types.SimpleNamespace(orders=None),
                      {moment: 'u', Moment('n', cells.PLAIN): 'v'})
    servers.answers['u'] = code
    assert servers.wanted() == {'u': (wanted,)}
