# SPDX-License-Identifier: Apache-2.0
"""Who may see the service processes and take hosts out of use."""
from nova_lite.policies import base

ROOT = 'os_compute_api:os-services:'
LIST = ROOT + 'list'
UPDATE = ROOT + 'update'
DELETE = ROOT + 'delete'

RULES = [
    base.rule(LIST, base.ADMIN, 'List the services.', 'GET /os-services'),
    base.rule(UPDATE, base.ADMIN, 'Enable, disable or force down a service.',
              'PUT /os-services/enable', 'PUT /os-services/disable',
              'PUT /os-services/disable-log-reason', 'PUT /os-services/force-down',
              'PUT /os-services/{service_id}'),
    base.rule(DELETE, base.ADMIN, 'Forget a service.', 'DELETE /os-services/{service_id}'),
]
