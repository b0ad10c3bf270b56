# SPDX-License-Identifier: Apache-2.0
"""What the scheduler does when asked."""
from typing import Any

from nova_lite import rpc


class SchedulerAPI(rpc.Interface):
    topic = 'scheduler'

    @rpc.call()
    def select_destinations(self, ctxt: Any, spec: Any) -> Any:
        """Pick a host for a RequestSpec and claim its resources there; returns a Selection.
        NoValidHost tells which filter refused how many hosts."""
