# SPDX-License-Identifier: Apache-2.0
"""Time as guests have it: that of a simulated hypervisor runs faster or slower than the real one.

What an operator sets or reads in seconds of a copy (limits, steps, ages) is counted by it. How
long this process waits between two looks is real time.
"""
import time

SHORTEST = 0.02     # real s between two looks, however fast the guests' time runs


class Clock:
    """``scale``: real seconds for each of a guest's."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def now(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic() / self.scale

    def passed(self, real_seconds: float) -> float:
        """What ``real_seconds`` are to a guest."""
        return real_seconds / self.scale

    def wait_for(self, seconds: float) -> float:
        """Real seconds to wait for so many of a guest's."""
        return max(seconds * self.scale, min(seconds, SHORTEST))
