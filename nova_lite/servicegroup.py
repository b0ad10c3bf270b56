# SPDX-License-Identifier: Apache-2.0
"""Is that service alive? Decided from its last heartbeat in the database."""
import datetime
from typing import Any

from oslo_utils import timeutils

from nova_lite.conf import CONF
from nova_lite.conf import service as service_conf


def cutoff() -> datetime.datetime:
    """A service that was last seen before this moment (aware UTC) is down."""
    return (timeutils.utcnow(with_timezone=True)
            - datetime.timedelta(seconds=service_conf.down_time(CONF)))


def service_is_up(service: Any) -> bool:
    """Whether ``service`` (objects.Service) was heard of lately and is not forced down."""
    seen = service.last_seen_up or service.created_at
    return not service.forced_down and seen is not None and seen >= cutoff()
