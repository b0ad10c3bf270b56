# SPDX-License-Identifier: Apache-2.0
"""Who may list, make, change and delete servers, and see which host they are on."""
from nova_lite.policies import base

ROOT = 'os_compute_api:servers:'
INDEX = ROOT + 'index'
DETAIL = ROOT + 'detail'
INDEX_ALL_PROJECTS = ROOT + 'index:get_all_tenants'
DETAIL_ALL_PROJECTS = ROOT + 'detail:get_all_tenants'
ALL_FILTERS = ROOT + 'allow_all_filters'
SHOW = ROOT + 'show'
HOST_STATUS = ROOT + 'show:host_status'
HOST_STATUS_UNKNOWN = ROOT + 'show:host_status:unknown-only'
CREATE = ROOT + 'create'
FORCED_HOST = ROOT + 'create:forced_host'
REQUESTED_DESTINATION = 'compute:servers:create:requested_destination'
UPDATE = ROOT + 'update'
DELETE = ROOT + 'delete'
START = ROOT + 'start'
STOP = ROOT + 'stop'
REBOOT = ROOT + 'reboot'
EXTENDED = 'os_compute_api:os-extended-server-attributes'

LISTS = ('GET /servers', 'GET /servers/detail')
VIEWS = ('GET /servers/{server_id}', 'GET /servers/detail', 'PUT /servers/{server_id}')
MEMBER = base.PROJECT_MEMBER_OR_ADMIN
READER = base.PROJECT_READER_OR_ADMIN

RULES = [
    base.rule(INDEX, READER, 'List the servers of the own project.', LISTS[0]),
    base.rule(DETAIL, READER, 'List them with details.', LISTS[1]),
    base.rule(INDEX_ALL_PROJECTS, base.ADMIN, 'List the servers of all projects.', LISTS[0]),
    base.rule(DETAIL_ALL_PROJECTS, base.ADMIN, 'List them with details.', LISTS[1]),
    base.rule(ALL_FILTERS, base.ADMIN, 'Use every filter of the list; without this right only '
              'the ones that tell nothing of other projects and hosts.', *LISTS),
    base.rule(SHOW, READER, 'Show a server.', VIEWS[0]),
    base.rule(HOST_STATUS, base.ADMIN, 'See how the host of a server is.', *VIEWS),
    base.rule(HOST_STATUS_UNKNOWN, base.ADMIN,
              'See how the host of a server is only when that is not known.', *VIEWS),
    base.rule(EXTENDED, base.ADMIN, 'See host, hypervisor name and the like of a server.', *VIEWS),
    base.rule(CREATE, MEMBER, 'Create a server.', 'POST /servers'),
    base.rule(FORCED_HOST, base.ADMIN, 'Create a server on a host of choice, past the '
              'scheduler (availability_zone "zone:host:node").', 'POST /servers'),
    base.rule(REQUESTED_DESTINATION, base.ADMIN, 'Create a server on a host of choice that the '
              'scheduler agrees with (host, hypervisor_hostname).', 'POST /servers'),
    base.rule(UPDATE, MEMBER, 'Change the name or description of a server.',
              'PUT /servers/{server_id}'),
    base.rule(DELETE, MEMBER, 'Delete a server.', 'DELETE /servers/{server_id}'),
    base.rule(START, MEMBER, 'Start a server.', 'POST /servers/{server_id}/action (os-start)'),
    base.rule(STOP, MEMBER, 'Stop a server.', 'POST /servers/{server_id}/action (os-stop)'),
    base.rule(REBOOT, MEMBER, 'Reboot a server.', 'POST /servers/{server_id}/action (reboot)'),
]
