# SPDX-License-Identifier: Apache-2.0
"""The API's socket: bound on the machine's loopback before the API exists."""
import socket

from nova_lite.lab import services


def test_listen_when_the_port_of_before_is_free_takes_it_again():
    with services.listen(0) as first:
        port = first.getsockname()[1]
    with services.listen(port) as again:
        assert again.getsockname() == ('127.0.0.1', port)


def test_listen_when_every_wanted_port_is_taken_takes_another():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        with services.listen(taken.getsockname()[1]) as one, services.listen(0) as other:
            ports = {each.getsockname()[1] for each in (taken, one, other)}
    assert len(ports) == 3


def test_environment_when_the_code_is_a_checkout_finds_it_from_anywhere(monkeypatch):
    monkeypatch.setenv('PYTHONPATH', '/somewhere')
    paths = services.environment_of_package()['PYTHONPATH'].split(':')
    assert paths[-1] == '/somewhere'
    assert len(paths) == 2
