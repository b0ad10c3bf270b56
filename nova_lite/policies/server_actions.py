# SPDX-License-Identifier: Apache-2.0
"""Who may pause, suspend, lock and reset servers."""
from nova_lite.policies import base

PAUSE = 'os_compute_api:os-pause-server:pause'
UNPAUSE = 'os_compute_api:os-pause-server:unpause'
SUSPEND = 'os_compute_api:os-suspend-server:suspend'
RESUME = 'os_compute_api:os-suspend-server:resume'
LOCK = 'os_compute_api:os-lock-server:lock'
UNLOCK = 'os_compute_api:os-lock-server:unlock'
UNLOCK_OVERRIDE = 'os_compute_api:os-lock-server:unlock:unlock_override'
RESET_STATE = 'os_compute_api:os-admin-actions:reset_state'

ACTION = 'POST /servers/{server_id}/action '
MEMBER = base.PROJECT_MEMBER_OR_ADMIN

RULES = [
    base.rule(PAUSE, MEMBER, 'Pause a server.', ACTION + '(pause)'),
    base.rule(UNPAUSE, MEMBER, 'Let a paused server go on.', ACTION + '(unpause)'),
    base.rule(SUSPEND, MEMBER, 'Suspend a server.', ACTION + '(suspend)'),
    base.rule(RESUME, MEMBER, 'Resume a suspended server.', ACTION + '(resume)'),
    base.rule(LOCK, MEMBER, 'Lock a server against changes.', ACTION + '(lock)'),
    base.rule(UNLOCK, MEMBER, 'Unlock a server that the own project locked.',
              ACTION + '(unlock)'),
    base.rule(UNLOCK_OVERRIDE, base.ADMIN, 'Unlock a server that an administrator locked.',
              ACTION + '(unlock)'),
    base.rule(RESET_STATE, base.ADMIN, 'Set the state of a server by hand.',
              ACTION + '(os-resetState)'),
]
