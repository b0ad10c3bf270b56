# SPDX-License-Identifier: Apache-2.0
"""Who may watch, hasten and end the live migration of a server."""
from nova_lite.policies import base

ROOT = 'os_compute_api:servers:migrations:'
INDEX = ROOT + 'index'
INDEX_HOST = ROOT + 'index:host'
SHOW = ROOT + 'show'
FORCE_COMPLETE = ROOT + 'force_complete'
DELETE = ROOT + 'delete'
UPDATE = ROOT + 'update'

ALL = '/servers/{server_id}/migrations'
ONE = ALL + '/{migration_id}'
MANAGER = base.PROJECT_MANAGER_OR_ADMIN

RULES = [
    base.rule(INDEX, MANAGER, 'List the live migrations of a server that are in progress, '
              'without the names of hosts.', f'GET {ALL}'),
    base.rule(INDEX_HOST, base.ADMIN, 'List them with the names of hosts.', f'GET {ALL}'),
    base.rule(SHOW, base.ADMIN, 'Show one of them, once or as it goes on.', f'GET {ONE}',
              f'GET {ONE}/events'),
    base.rule(FORCE_COMPLETE, MANAGER, 'Make one of them complete.',
              f'POST {ONE}/action (force_complete)'),
    base.rule(DELETE, MANAGER, 'End one of them.', f'DELETE {ONE}'),
    base.rule(UPDATE, MANAGER, 'Change the bandwidth and the goals of one of them.',
              f'PATCH {ONE}'),
]
