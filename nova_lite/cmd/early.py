# SPDX-License-Identifier: Apache-2.0
"""A SIGHUP that comes while a process is still being loaded: it is kept, and does not end it."""
import signal

came: list[int] = []


def hold() -> None:
    """From now until service.run() takes over."""
    signal.signal(signal.SIGHUP, lambda received, _frame: came.append(received))


hold()
