# SPDX-License-Identifier: Apache-2.0
"""A compute driver in a process of its own, on a host of the lab, and the way to call it.

A driver opens its host's libvirt and files by the names that they have on that host, so it has to
be there. Each call is a connection to its socket; progress that the driver tells on the way is
handed to the caller's function, and what that raises is raised in the driver.

    python -m tests.lab.driver_process CONFIGURATION SOCKET     (ends when its stdin is closed)
"""
import multiprocessing.connection
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nova_lite.lab.host import Host
from nova_lite.lab.services import environment_of_package

READY = 'ready'
START = 60      # s
PROGRESS, RESULT, ERROR = 'progress', 'result', 'error'


class DriverProcess:
    """``call`` from any thread; ``close`` ends it."""

    def __init__(self, host: Host, configuration: Path, socket: Path, log: Path) -> None:
        self._socket = str(socket)
        command = [*host.cmd_prefix, sys.executable, '-m', 'tests.lab.driver_process',
                   str(configuration), self._socket]
        with log.open('ab') as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                env=environment_of_package() | {'NOVA_LITE_CONCURRENCY': 'threading'})
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            said = self._process.stdout.readline() if selector.select(START) else ''
        if said.strip() != READY:
            self.close()
            raise AssertionError(f'the driver of {host.name} did not start: see {log}')

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        self._process.stdout.close()

    def call(self, method: str, arguments: tuple) -> Any:
        receivers = [each for each in arguments if callable(each)]
        plain = [None if callable(each) else each for each in arguments]
        with multiprocessing.connection.Client(self._socket, 'AF_UNIX') as connection:
            connection.send((method, plain, [callable(each) for each in arguments]))
            while True:
                kind, content = connection.recv()
                if kind == PROGRESS:
                    connection.send(_error_of(receivers[0], content))
                elif kind == ERROR:
                    raise content
                else:
                    return content


class RemoteDriver:
    """Has the methods of a ComputeDriver, which are called over there."""

    def __init__(self, process: DriverProcess) -> None:
        self._process = process

    def __getattr__(self, method: str) -> Callable:
        return lambda *arguments: self._process.call(method, arguments)


def _error_of(receiver: Callable, progress: Any) -> str:
    try:
        receiver(progress)
    except Exception as error:
        return repr(error)
    return ''


# -- over there -----------------------------------------------------------------------------------
def main() -> None:
    from nova_lite.cmd import common
    from nova_lite.conf import CONF
    from nova_lite.virt.libvirt import driver

    configuration, socket = sys.argv[1:]
    common.prepare('driver', ['--config-file', configuration])
    served = driver.make_driver()
    served.init_host(CONF.host)
    listener = multiprocessing.connection.Listener(socket, 'AF_UNIX')
    threading.Thread(target=_accept, args=(listener, served), daemon=True).start()
    print(READY, flush=True)
    sys.stdin.read()
    served.cleanup_host()
    os.unlink(socket)
    os._exit(0)     # a call that goes on, such as a copy, is not waited for


def _accept(listener: multiprocessing.connection.Listener, served: Any) -> None:
    while True:
        threading.Thread(target=_serve, args=(listener.accept(), served), daemon=True).start()


def _serve(connection: Any, served: Any) -> None:
    def tell(progress: Any) -> None:
        connection.send((PROGRESS, progress))
        if error := connection.recv():
            raise RuntimeError(error)

    method, plain, is_receiver = connection.recv()
    arguments = [tell if call else each for each, call in zip(plain, is_receiver, strict=False)]
    try:
        answer = RESULT, getattr(served, method)(*arguments)
    except Exception as error:
        answer = ERROR, error
    connection.send(answer)
    connection.close()


if __name__ == '__main__':
    main()
