# SPDX-License-Identifier: Apache-2.0
"""What brings servers to where they are held does alike, with simulated hosts and with real ones.

A server is held at a fail point by a file, see nova_lite/moments.py.
"""
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Held:
    """``directory``: that of the files by which servers are held."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def clear(self) -> None:
        """Nobody is held any more, nor will be: the next group begins."""
        for order in self._directory.iterdir():
            order.unlink()

    def order(self, name: str, subject: str = '') -> Path:
        """The file that has ``subject``, or whoever comes first, held there."""
        return self._directory / (f'{name}.{subject}' if subject else name)

    @staticmethod
    def met(order: Path) -> Path:
        """What the file becomes when somebody has come there."""
        return order.with_name(f'{order.name}.met')

    def release(self) -> None:
        """Let go who is held, and hold nobody who comes later."""
        for order in self._directory.iterdir():
            if order.suffix == '.met':
                order.with_name(order.name.removesuffix('.met') + '.go').touch()
            elif order.suffix != '.go':
                order.unlink(missing_ok=True)


def in_thread(work: Callable, *args: Any) -> None:
    """Ask for something whose answer comes when the server is let go, or never."""
    threading.Thread(target=work, args=args, daemon=True).start()
