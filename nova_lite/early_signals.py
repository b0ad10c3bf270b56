# SPDX-License-Identifier: Apache-2.0
"""Signals that come while a process is still being loaded: a SIGHUP is kept, and does not end it;
a SIGINT ends it at once, and not as an exception in the middle of some import."""
import signal

came: list[int] = []


def hold() -> None:
    """From now until service.run() takes over."""
    signal.signal(signal.SIGHUP, lambda received, _frame: came.append(received))
    signal.signal(signal.SIGINT, signal.SIG_DFL)


hold()
