# SPDX-License-Identifier: Apache-2.0
"""Who may read and change the metadata of servers."""
from nova_lite.policies import base

ROOT = 'os_compute_api:server-metadata:'
INDEX = ROOT + 'index'
SHOW = ROOT + 'show'
CREATE = ROOT + 'create'
UPDATE = ROOT + 'update'
UPDATE_ALL = ROOT + 'update_all'
DELETE = ROOT + 'delete'

ALL = '/servers/{server_id}/metadata'
ONE = ALL + '/{key}'
MEMBER = base.PROJECT_MEMBER_OR_ADMIN
READER = base.PROJECT_READER_OR_ADMIN

RULES = [
    base.rule(INDEX, READER, 'List the metadata of a server.', f'GET {ALL}'),
    base.rule(SHOW, READER, 'Show one item of it.', f'GET {ONE}'),
    base.rule(CREATE, MEMBER, 'Add or change items.', f'POST {ALL}'),
    base.rule(UPDATE, MEMBER, 'Add or change one item.', f'PUT {ONE}'),
    base.rule(UPDATE_ALL, MEMBER, 'Replace all items.', f'PUT {ALL}'),
    base.rule(DELETE, MEMBER, 'Delete one item.', f'DELETE {ONE}'),
]
