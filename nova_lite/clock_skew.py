# SPDX-License-Identifier: Apache-2.0
"""By how much this host's clock differs from the database's, measured with each heartbeat.

Nothing is decided by it: liveness and leases go by the database's clock. But logs of two hosts are
read side by side, and TLS certificates have dates, so an operator is told.
"""
from oslo_log import log as logging

LOG = logging.getLogger(__name__)

LIMIT = 2.0     # s that are worth a word


class ClockSkew:
    """``seconds``: as measured last, positive where this host is ahead; None at first."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._said = False

    def measure(self, sent: float, database: float, received: float) -> None:
        """From the moments, as seconds since the epoch, when the heartbeat was sent, when the
        database had it, and when its answer came: its way there is taken for half of both."""
        way = received - sent
        if not 0 <= way <= LIMIT:
            return      # it could be anywhere between, or the clock was set meanwhile
        self.seconds = (sent + received) / 2 - database
        off = abs(self.seconds) - way / 2 > LIMIT
        if off and not self._said:
            LOG.warning("This host's clock is %.1f s %s the database's: is its time service "
                        'running?', abs(self.seconds),
                        'ahead of' if self.seconds > 0 else 'behind')
        elif self._said and not off:
            LOG.info("This host's clock agrees with the database's again")
        self._said = off
