# SPDX-License-Identifier: Apache-2.0
"""Who counts as one client, and whose connection makes place for a new one."""
import socket

import pytest

from nova_lite.api import connections
from tests.fixtures.conf import options  # noqa: F401


@pytest.mark.parametrize('address, client', [
    ('192.0.2.7', '192.0.2.7'), ('::ffff:192.0.2.7', '192.0.2.7'), ('::1', '::/64'),
    ('2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'), ('fe80::1%eth0', 'fe80::/64')])
def test_client_of_when_an_address_is_one_of_many_of_a_network_then_the_network(address, client):
    assert connections.client_of(address) == client


@pytest.fixture
def connect():
    made = []

    def one(client):
        mine, theirs = socket.socketpair()
        made.extend((mine, theirs))
        connection = connections.Connection(mine, client)
        connection.ended = lambda: theirs.recv(1, socket.MSG_DONTWAIT) == b''
        return connection

    yield one
    for sock in made:
        sock.close()


def ended(connection):
    try:
        return connection.ended()
    except BlockingIOError:
        return False


def test_admit_when_a_client_has_all_of_its_places_then_its_idlest_goes(
        connect, options):      # noqa: F811
    options.set('api', max_connections_per_client=3)
    places = connections.Connections()
    other, answered, old, young = (connect(client) for client in 'baaa')
    for connection in (other, answered, old, young):
        assert places.admit(connection)
    with places.at_work(answered):
        pass
    answered.waiting_since = 0.0
    assert places.admit(connect('a'))
    assert [ended(each) for each in (other, answered, old, young)] == [False, False, True, False]


def test_admit_when_all_places_are_taken_then_anybodys_idlest_goes(
        connect, options):      # noqa: F811
    options.set('api', max_connections=2)
    places = connections.Connections()
    first, second, third = (connect(client) for client in 'abc')
    assert all(places.admit(connection) for connection in (first, second, third))
    assert ended(first) and not ended(second)
    with places.at_work(second), places.at_work(third):
        assert not places.admit(connect('d'))
    assert not ended(second)


def test_close_all_when_one_is_at_work_then_it_is_waited_for(connect):
    places = connections.Connections()
    idle, busy = connect('a'), connect('a')
    assert places.admit(idle) and places.admit(busy)
    with places.at_work(busy):
        assert places.close_all(0) == 2
        assert ended(idle) and not ended(busy)
        places.leave(idle)
        assert places.close_all(0) == 1
    places.leave(busy)
    assert places.close_all(0) == 0
