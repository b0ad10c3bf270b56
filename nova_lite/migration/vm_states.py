# SPDX-License-Identifier: Apache-2.0
"""What a server is, apart from what is being done to it. The words are Nova's."""
from typing import Any

from oslo_utils import timeutils

from nova_lite.migration import power_state

ACTIVE = 'active'
BUILDING = 'building'
PAUSED = 'paused'
STOPPED = 'stopped'
SUSPENDED = 'suspended'
ERROR = 'error'
DELETED = 'deleted'


def after_move(power: int | None) -> dict[str, Any]:
    """Columns of a server whose migration is over, by its guest's power_state: it may have shut
    itself down, or been paused or let go on by others."""
    found: dict[int | None, str] = {
        power_state.SHUTDOWN: STOPPED, power_state.PAUSED: PAUSED, power_state.RUNNING: ACTIVE}
    return {'power_state': power, **({'vm_state': found[power]} if power in found else {})}


def after_deletion() -> dict[str, Any]:
    """Columns of a server whose guest is gone."""
    return {'vm_state': DELETED, 'power_state': power_state.NOSTATE,
            'terminated_at': timeutils.utcnow(with_timezone=True)}
