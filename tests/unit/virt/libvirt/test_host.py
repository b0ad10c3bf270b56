# SPDX-License-Identifier: Apache-2.0
"""The connection: kept, opened again, and missed with a clear word."""
import threading
import types

import pytest

from nova_lite import exception
from nova_lite.virt.libvirt import abi, events, host


class BindingError(Exception):
    """What libvirt-python raises."""

    def __init__(self, message, code=0):
        super().__init__(message)
        self.message, self.code = message, code

    def get_error_message(self):
        return self.message

    def get_error_code(self):
        return self.code


class Daemon:
    """libvirtd, as far as connecting goes."""

    def __init__(self):
        self.running, self.opened = True, 0

    def open(self, *_host):
        if not self.running:
            raise BindingError('Failed to connect socket: Connection refused', 38)
        self.opened += 1
        connection = types.SimpleNamespace(number=self.opened, alive=True)
        connection.isAlive = lambda: connection.alive and self.running
        connection.close = lambda: setattr(connection, 'alive', False)
        return connection


@pytest.fixture
def daemon(monkeypatch, options):
    daemon = Daemon()
    options.set(host='here')
    monkeypatch.setattr(host, 'libvirtError', BindingError)
    monkeypatch.setattr(host, 'libvirt', types.SimpleNamespace())
    monkeypatch.setattr(host.Host, 'open', daemon.open)
    monkeypatch.setattr(host, '_start_event_loop', lambda: None)
    monkeypatch.setattr(host.Host, '_register', lambda self, connection: None)
    return daemon


@pytest.fixture
def connected(daemon):
    courier = events.Courier()
    courier.start()
    yield host.Host(courier)
    courier.stop()


def number(connection):
    return connection.number


def test_connection_when_used_again_then_is_the_same(connected, daemon):
    assert [connected.call(number) for _ in range(3)] == [1, 1, 1]


def test_connection_when_libvirt_was_restarted_then_is_opened_anew(connected, daemon):
    connected.connect()
    connected._connection.alive = False
    assert connected.call(number) == 2


def test_call_when_libvirt_is_away_then_says_so_until_it_is_back(connected, daemon):
    connected.connect()
    daemon.running = False
    for _ in range(2):
        with pytest.raises(exception.HypervisorUnavailable, match='host here.*refused'):
            connected.call(number)
    daemon.running = True
    assert connected.call(number) == 2


def test_call_when_libvirt_ends_in_the_middle_then_is_not_made_again(connected, daemon):
    calls = []

    def start(connection):
        calls.append(connection.number)
        daemon.running = False
        raise BindingError('End of file while reading data', 38)

    with pytest.raises(exception.HypervisorUnavailable, match='End of file'):
        connected.call(start)
    assert calls == [1]


def test_call_when_libvirt_refuses_then_error_carries_its_code(connected, daemon):
    def refuse(connection):
        raise BindingError('no domain', abi.Error.NO_DOMAIN)

    with pytest.raises(host.LibvirtError, match='no domain') as caught:
        connected.call(refuse)
    assert caught.value.code == abi.Error.NO_DOMAIN
    assert connected.call(number) == 1


def test_call_when_host_is_closed_then_refused(connected, daemon):
    connected.connect()
    connected.close()
    with pytest.raises(exception.HypervisorUnavailable, match='stopping'):
        connected.call(number)


def test_call_when_opening_hangs_then_is_given_up(connected, daemon, monkeypatch):
    held = threading.Event()
    monkeypatch.setattr(host, 'OPEN_TIMEOUT', 0.05)
    monkeypatch.setattr(host.Host, 'open', lambda self: held.wait(20))
    try:
        with pytest.raises(exception.HypervisorUnavailable, match='no answer'):
            connected.call(number)
    finally:
        held.set()


def test_bindings_when_missing_then_error_names_the_remedy(connected, monkeypatch):
    monkeypatch.setattr(host, 'libvirt', None)
    with pytest.raises(exception.HypervisorUnavailable, match='install libvirt-python'):
        connected.connect()
