# SPDX-License-Identifier: Apache-2.0
"""What a server is, apart from what is being done to it. The words are Nova's."""
from typing import Any

from nova_lite.compute import power_state

ACTIVE = 'active'
BUILDING = 'building'
PAUSED = 'paused'
STOPPED = 'stopped'
SUSPENDED = 'suspended'
ERROR = 'error'
DELETED = 'deleted'


def after_move(power: int) -> dict[str, Any]:
    """Columns of a server whose migration is over, by its guest's power_state: one that has shut
    itself down is stopped."""
    stopped = {'vm_state': STOPPED} if power == power_state.SHUTDOWN else {}
    return {'power_state': power, **stopped}
