# SPDX-License-Identifier: Apache-2.0
"""Where a guest is: what each host says of it, in words that an operator reads too.

All that is asked of a hypervisor about a guest is answered in these words; the tables of
recovery.py and order_rules.py put several of them together. A host that does not answer proves
nothing, and a guest that is paused is as much a copy as one that runs. What may be done on such
words is decided in ownership.py.
"""
from nova_lite.migration import power_state
from nova_lite.migration.observations import GuestInfo

RUNNING = 'running'
PAUSED = 'paused'
SUSPENDED = 'suspended'             # by itself: it stands, and has its memory
LEAVING = 'leaving'                 # a copy to another host is under way
LEFT_BEHIND = 'left behind'         # stopped by a migration whose other side may run
INCOMING = 'incoming'               # the unfinished half of a copy to here
OFF = 'off'
SAVED = 'off (saved)'               # its memory is on disk
MIGRATED = 'off (migrated)'         # off since it went to another host, says the hypervisor
ABSENT = 'absent'
NO_ANSWER = 'no answer'

WORDS = (RUNNING, PAUSED, SUSPENDED, LEAVING, LEFT_BEHIND, INCOMING, OFF, SAVED, MIGRATED, ABSENT,
         NO_ANSWER)
WHOLE = (RUNNING, PAUSED, SUSPENDED)
HALF = (LEAVING, LEFT_BEHIND, INCOMING)     # another host has a part in it
MAY_RUN = (*WHOLE, *HALF)
# what was switched off here
ENDED = (OFF, SAVED)
# what a host says where the guest may have gone anywhere
GONE = (MIGRATED, LEFT_BEHIND, ABSENT)

ON = {power_state.RUNNING: RUNNING, power_state.PAUSED: PAUSED, power_state.SUSPENDED: SUSPENDED}


def word_for(info: GuestInfo | None) -> str:
    """What a hypervisor's word on a guest, None when it knows none, means here."""
    if info is None:
        return ABSENT
    if info.state not in ON:
        return MIGRATED if info.migrated else SAVED if info.saved else OFF
    if info.incoming:
        return INCOMING
    if info.leaving:
        return LEAVING if info.departing else LEFT_BEHIND
    return ON[info.state]
