# SPDX-License-Identifier: Apache-2.0
"""What the scheduler does when asked."""
from nova_lite import rpc
from nova_lite.context import RequestContext
from nova_lite.objects import RequestSpec, Selection


class SchedulerAPI(rpc.Interface):
    topic = 'scheduler'

    @rpc.call()
    def select_destinations(self, ctxt: RequestContext, spec: RequestSpec) -> Selection:
        """Pick a host for a RequestSpec and claim its resources there; returns a Selection.
        NoValidHost tells which filter refused how many hosts."""
