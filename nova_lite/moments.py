# SPDX-License-Identifier: Apache-2.0
"""Moments at which a test may hold a process: a fail point, and nothing to an operator.

A migration must survive the death of anything at any moment, so a test has to bring a process to a
moment and keep it there while it does harm. Without NOVA_LITE_MOMENTS in the environment
:func:`reach` does nothing. With it, it names a directory of orders. The order ``NAME.SUBJECT`` (or
``NAME``, for whoever comes first) is renamed to ``….met`` by the one who reaches that
moment, and he waits there until ``….go`` appears, LIMIT seconds at most. An order that holds the
word ``raise`` stays as it is, and everybody who reaches its moment fails there.
"""
import os
import time

DIRECTORY = os.environ.get('NOVA_LITE_MOMENTS')
RAISE = 'raise'
LIMIT = 120.0
POLL = 0.05


class FailPoint(Exception):
    """An ordered failure, of a class that nobody expects."""


def reach(name: str, subject: str | None = None) -> None:
    """The caller is at the moment ``name`` in the migration of the server ``subject`` or, where
    it is about no one server yet, on the host ``subject``."""
    if DIRECTORY is None:
        return
    for order in filter(None, (subject and f'{name}.{subject}', name)):
        path = os.path.join(DIRECTORY, order)
        if _raises(path):
            raise FailPoint(order)
        try:
            os.rename(path, f'{path}.met')      # of several only one meets it
        except FileNotFoundError:
            continue
        _wait(f'{path}.go')
        return


def _raises(path: str) -> bool:
    try:
        with open(path, encoding='ascii') as stream:
            return stream.read().strip() == RAISE
    except FileNotFoundError:
        return False


def _wait(go: str) -> None:
    end = time.monotonic() + LIMIT
    while not os.path.exists(go) and time.monotonic() < end:
        time.sleep(POLL)
