# SPDX-License-Identifier: Apache-2.0
"""Where a guest is: what each host says of it, in words that an operator reads too.

A host that does not answer proves nothing, and a guest that is paused is as much a copy as one
that runs. What may be done on such words is decided in ownership.py.
"""
from nova_lite.migration import power_state
from nova_lite.migration.observations import GuestInfo

RUNNING = 'running'
PAUSED = 'paused'
LEAVING = 'leaving'                 # a copy to another host is under way
LEFT_BEHIND = 'left behind'         # stopped by a migration whose other side may run
INCOMING = 'incoming'               # the unfinished half of a copy to here
OFF = 'off'
MIGRATED = 'off (migrated)'         # off since it went to another host, says the hypervisor
ABSENT = 'absent'
NO_ANSWER = 'no answer'

WORDS = (RUNNING, PAUSED, LEAVING, LEFT_BEHIND, INCOMING, OFF, MIGRATED, ABSENT, NO_ANSWER)
WHOLE = (RUNNING, PAUSED)
MAY_RUN = (RUNNING, PAUSED, LEAVING, LEFT_BEHIND, INCOMING)
# what a host says where the guest may have gone anywhere
GONE = (MIGRATED, LEFT_BEHIND, ABSENT)

ON = (power_state.RUNNING, power_state.PAUSED, power_state.SUSPENDED)


def word_for(info: GuestInfo | None) -> str:
    """What a hypervisor's word on a guest, None when it knows none, means here."""
    if info is None:
        return ABSENT
    if info.state not in ON:
        return MIGRATED if info.migrated else OFF
    if info.incoming:
        return INCOMING
    if info.leaving:
        return LEAVING if info.departing else LEFT_BEHIND
    return RUNNING if info.state == power_state.RUNNING else PAUSED
