# SPDX-License-Identifier: Apache-2.0
"""Who may read what was done to a server, step by step, and why it failed."""
from nova_lite.policies import base

ROOT = 'os_compute_api:os-instance-actions:'
LIST = ROOT + 'list'
SHOW = ROOT + 'show'
EVENTS = ROOT + 'events'
EVENTS_DETAILS = ROOT + 'events:details'

ALL = 'GET /servers/{server_id}/os-instance-actions'
ONE = ALL + '/{request_id}'

RULES = [
    base.rule(LIST, base.PROJECT_READER_OR_ADMIN, 'List the actions on a server.', ALL),
    base.rule(SHOW, base.PROJECT_READER_OR_ADMIN, 'Show an action with its events.', ONE),
    base.rule(EVENTS, base.ADMIN, 'See host and stack trace of the events.', ONE),
    base.rule(EVENTS_DETAILS, base.ADMIN, 'See the reason of a failed event.', ONE),
]
